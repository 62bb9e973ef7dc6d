/** @file Do the streams behave like chance? Seeds are fixed, so each verdict is; wrong code is rejected (last tests). */

import { describe, expect, test } from "vitest";
import { Random } from "./random.ts";

const N = 1_000_000;
const normals = new Random(1).fillNormal(new Float64Array(N));
const uniforms = new Random(2).fillUniform(new Float64Array(N));

/** P(normal <= x). Source: Marsaglia 2004, doi:10.18637/jss.v011.i04. */
function normalCdf(x: number): number {
  let sum = x;
  let term = x;
  for (let n = 3; sum + term !== sum; n += 2) {
    term *= (x * x) / n;
    sum += term;
  }
  return 0.5 + sum * Math.exp(-0.5 * x * x - 0.9189385332046727);
}

/** Kolmogorov-Smirnov distance times sqrt(n): above 1.95 once in 1000 times if `values` follow `cdf`. */
function kolmogorov(values: Float64Array, cdf: (x: number) => number): number {
  const sorted = values.slice().sort();
  const n = sorted.length;
  const gaps = sorted.map((x, i) => Math.max((i + 1) / n - cdf(x), cdf(x) - i / n));
  return Math.sqrt(n) * gaps.reduce((a, b) => Math.max(a, b));
}

/** Standard deviations by which chi-square lies above its mean, made normal after Wilson and Hilferty. */
function chiSquare(counts: ArrayLike<number>, expected: (cell: number) => number): number {
  const cells = Array.from(counts);
  const sum = cells.reduce((total, count, i) => total + (count - expected(i)) ** 2 / expected(i), 0);
  const spread = 2 / (9 * (cells.length - 1));
  return (Math.cbrt(sum / (cells.length - 1)) - (1 - spread)) / Math.sqrt(spread);
}

function histogram(cells: number, n: number, cell: (i: number) => number): Float64Array {
  const counts = new Float64Array(cells);
  for (let i = 0; i < n; i++) counts[cell(i)]++;
  return counts;
}

function moment(values: Float64Array, power: number): number {
  return values.reduce((sum, x) => sum + x ** power, 0) / values.length;
}

function correlation(a: Float64Array, b: Float64Array): number {
  return (12 * a.reduce((sum, x, i) => sum + (x - 0.5) * (b[i] - 0.5), 0)) / a.length;
}

describe("normals", () => {
  // Standard errors of the first moments of a standard normal: sqrt of (1, 2, 15, 96) / n.
  test.each([
    [1, 0, 1],
    [2, 1, 2],
    [3, 0, 15],
    [4, 3, 96],
  ])("moment %i is %i", (power, mean, variance) =>
    expect(Math.abs(moment(normals, power) - mean)).toBeLessThan(3 * Math.sqrt(variance / N)),
  );

  test("follow the normal law", () =>
    expect(kolmogorov(normals.slice(0, 200_000), normalCdf)).toBeLessThan(1.95));

  test("fill every bin of width 0.05 as the normal law does", () => {
    const probability = (bin: number) => normalCdf(bin * 0.05 - 4.95) - normalCdf(bin * 0.05 - 5);
    const bin = (x: number) => Math.floor((x + 5) / 0.05);
    const inside = normals.filter((x) => Math.abs(x) < 3.5);
    const counts = histogram(200, inside.length, (i) => bin(inside[i])).slice(30, 170);
    expect(chiSquare(counts, (i) => N * probability(i + 30))).toBeLessThan(3);
  });

  // 4 lies in the tail beyond the ziggurat's lowest layer, which starts at 3.654.
  const extremes = new Random(3).fillNormal(new Float64Array(4 * N)).filter((x) => Math.abs(x) > 2);
  test.each([2, 3, 3.654, 4, 4.5])("reach beyond +-%f as often as they should", (edge) => {
    const expected = 4 * N * (1 - normalCdf(edge));
    for (const sign of [-1, 1]) {
      const count = extremes.filter((x) => sign * x > edge).length;
      expect(Math.abs(count - expected)).toBeLessThan(3.3 * Math.sqrt(expected));
    }
  });

  test("in single precision have the same moments", () => {
    const values = Float64Array.from(new Random(4).fillNormal(new Float32Array(N)));
    expect(Math.abs(moment(values, 1))).toBeLessThan(3 / Math.sqrt(N));
    expect(Math.abs(moment(values, 2) - 1)).toBeLessThan(3 * Math.sqrt(2 / N));
  });
});

describe("uniforms", () => {
  test("follow the uniform law", () =>
    expect(kolmogorov(uniforms.slice(0, 200_000), (x) => x)).toBeLessThan(1.95));

  test("fill a grid of neighbouring pairs evenly", () => {
    const cell = (i: number) => 64 * Math.floor(uniforms[2 * i] * 64) + Math.floor(uniforms[2 * i + 1] * 64);
    expect(chiSquare(histogram(4096, N / 2, cell), () => N / 2 / 4096)).toBeLessThan(3);
  });

  test("set each of their 53 bits half of the time", () => {
    const some = uniforms.subarray(0, 100_000);
    for (let bit = 1; bit <= 53; bit++) {
      const set = some.filter((x) => Math.floor(x * 2 ** bit) % 2 === 1).length;
      expect(Math.abs(set - some.length / 2), `bit ${bit}`).toBeLessThan(3.5 * Math.sqrt(some.length / 4));
    }
  });
});

describe("integers", () => {
  // From 3 * 2^30 values, taking words modulo n would double the first quarter's share.
  test.each([2, 6, 1000, 3 * 2 ** 30])("below %i are equally likely", (n) => {
    const random = new Random(n);
    const cells = Math.min(n, 1000);
    const counts = histogram(cells, N, () => Math.floor((random.integer(n) / n) * cells));
    expect(Math.abs(chiSquare(counts, () => N / cells))).toBeLessThan(3);
  });

  test("all 24 orders of four are equally likely", () => {
    const random = new Random(5);
    const code = () => random.permutation(4).reduce((sum, digit) => 4 * sum + digit, 0);
    const counts = histogram(256, 120_000, code).filter((count) => count > 0);
    expect(counts.length).toBe(24);
    expect(chiSquare(counts, () => 5000)).toBeLessThan(3);
  });
});

describe("split streams are independent", () => {
  const parent = new Random(6);
  const stream = (random: Random) => random.fillUniform(new Float64Array(200_000));
  const pairs: [string, Random, Random][] = [
    ["parent and child", new Random(6), parent.split("a")],
    ["siblings", parent.split("0"), parent.split("1")],
    ["child and grandchild", parent.split("a"), parent.split("a").split("a")],
    ["cousins", parent.split("a").split("x"), parent.split("b").split("x")],
    ["neighbouring seeds", new Random(7), new Random(8)],
  ];
  test.each(pairs)("%s", (_, one, other) => {
    const [a, b] = [stream(one), stream(other)];
    expect(Math.abs(correlation(a, b))).toBeLessThan(3.3 / Math.sqrt(a.length));
    const cell = (i: number) => 16 * Math.floor(a[i] * 16) + Math.floor(b[i] * 16);
    expect(chiSquare(histogram(256, a.length, cell), () => a.length / 256)).toBeLessThan(3);
  });

  test("the first draws of 100 000 numbered children are themselves uniform", () => {
    const firsts = Float64Array.from({ length: 100_000 }, (_, i) => parent.split(`${i}`).uniform());
    expect(kolmogorov(firsts, (x) => x)).toBeLessThan(1.95);
    expect(Math.abs(correlation(firsts.subarray(1), firsts))).toBeLessThan(3.3 / Math.sqrt(firsts.length));
  });
});

describe("the tests themselves reject", () => {
  test("normals three per cent too wide", () =>
    expect(
      kolmogorov(
        normals.slice(0, 200_000).map((x) => 1.03 * x),
        normalCdf,
      ),
    ).toBeGreaterThan(1.95));

  test("a die with one face in fifty misread", () => {
    const random = new Random(9);
    const face = () => (random.integer(50) === 0 ? 0 : random.integer(6));
    expect(chiSquare(histogram(6, N, face), () => N / 6)).toBeGreaterThan(3);
  });

  test("streams that share one draw in thirty", () => {
    const [a, b] = [new Random(10), new Random(11)].map((random) =>
      random.fillUniform(new Float64Array(200_000)),
    );
    const leaky = b.map((x, i) => (i % 30 === 0 ? a[i] : x));
    expect(correlation(a, leaky)).toBeGreaterThan(3.3 / Math.sqrt(a.length));
  });
});
