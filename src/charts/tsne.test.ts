import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Random } from "../base/index.ts";
import { neighborhood, tsne } from "./tsne.ts";

interface Recorded {
  readonly points: readonly (readonly number[])[];
  readonly perplexity: number;
  /** p_j|i of the first points. */
  readonly conditional: readonly (readonly number[])[];
  /** Of five embeddings by scikit-learn. */
  readonly divergences: readonly number[];
  readonly trustworthiness: readonly number[];
}

/** By test/oracles/tsne.py. */
const recorded: Readonly<Record<string, Recorded>> = JSON.parse(
  readFileSync(new URL("fixtures/tsne.json", import.meta.url), "utf8"),
);

describe.each(Object.entries(recorded))("%s", (_, set) => {
  const { points, perplexity } = set;
  const { positions, divergence } = tsne(points, new Random(0), { perplexity });

  test("has scikit-learn's similarities", () => {
    set.conditional.forEach((row, i) => {
      const ours = new Float64Array(points.length);
      neighborhood(distances(points, i), i, perplexity, ours);
      ours.forEach((p, j) => {
        expect(p).toBeCloseTo(row[j], 5); // scikit-learn's are float32
      });
    });
  });

  test("loses no more than scikit-learn's worst of five", () =>
    expect(divergence).toBeLessThan(Math.max(...set.divergences) * 1.02));

  test("keeps neighbours as scikit-learn does", () => {
    const ours = trustworthiness(points, pairsOf(positions), 10);
    expect(ours).toBeGreaterThan(Math.min(...set.trustworthiness) - 0.005);
  });

  test("is the same for the same stream", () =>
    expect(tsne(points, new Random(0), { perplexity }).positions).toEqual(positions));
});

test("clusters stay apart: of all 10 nearest neighbours on the plane, none is of another cluster", () => {
  const { points, perplexity } = recorded.clusters;
  const places = pairsOf(tsne(points, new Random(3), { perplexity }).positions);
  const clusterOf = (i: number) => Math.floor(i / 30);
  const strangers = places.flatMap((_, i) =>
    nearest(places, i)
      .slice(0, 10)
      .filter((j) => clusterOf(j) !== clusterOf(i)),
  );
  expect(strangers).toEqual([]);
});

test.each([2, 5, 30, 90])("neighbourhoods have the perplexity %f exactly", (perplexity) => {
  const { points } = recorded.spiral;
  for (const i of [0, 57, 119]) {
    const p = new Float64Array(points.length);
    neighborhood(distances(points, i), i, perplexity, p);
    const entropy = p.reduce((sum, x) => (x > 0 ? sum - x * Math.log2(x) : sum), 0);
    expect(2 ** entropy).toBeCloseTo(perplexity, 7);
    expect(p[i]).toBe(0);
    expect(p.reduce((sum, x) => sum + x)).toBeCloseTo(1, 12);
  }
});

test("distances far beyond any usual unit are no trouble", () => {
  const points = recorded.clusters.points.map((point) => point.map((x) => 1e9 * x));
  const { divergence } = tsne(points, new Random(0), { perplexity: 15 });
  expect(divergence).toBeCloseTo(Math.min(...recorded.clusters.divergences), 1);
});

test("equal points come out as finite places", () => {
  const { positions } = tsne(new Array(12).fill([1, 2, 3]), new Random(0), { perplexity: 5, steps: 300 });
  expect(positions.every(Number.isFinite)).toBe(true);
});

test("a perplexity that so few points cannot have is refused", () =>
  expect(() => tsne([[0], [1], [2]], new Random(0))).toThrow(
    "t-SNE of 3 points needs a perplexity from 1 to 2, got 30.",
  ));

function distances(points: readonly (readonly number[])[], from: number): Float64Array {
  return Float64Array.from(points, (point) =>
    point.reduce((sum, x, d) => sum + (x - points[from][d]) ** 2, 0),
  );
}

function pairsOf(positions: Float64Array): number[][] {
  return Array.from({ length: positions.length / 2 }, (_, i) => [positions[2 * i], positions[2 * i + 1]]);
}

/** The others, nearest first. */
function nearest(points: readonly (readonly number[])[], from: number): number[] {
  const far = distances(points, from);
  return [...far.keys()].filter((i) => i !== from).sort((a, b) => far[a] - far[b]);
}

/**
 * 1 if the k nearest on the plane are among the k nearest of the points everywhere; less, the further away strangers come
 * from. Source: Venna and Kaski 2001.
 */
function trustworthiness(points: Recorded["points"], places: readonly number[][], k: number): number {
  const n = points.length;
  const sum = places.reduce((total, _, i) => {
    const order = nearest(points, i);
    const ranks = nearest(places, i)
      .slice(0, k)
      .map((j) => order.indexOf(j) + 1);
    return total + ranks.reduce((penalty, rank) => penalty + Math.max(0, rank - k), 0);
  }, 0);
  return 1 - (2 / (n * k * (2 * n - 3 * k - 1))) * sum;
}
