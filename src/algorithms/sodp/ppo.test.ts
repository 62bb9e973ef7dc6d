import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random } from "../../base/index.ts";
import { constant, evaluate, grad } from "../../tensor/index.ts";
import { clipRanges, denoisingDiscounts, ppoLoss, ratioStatistics } from "./ppo.ts";

interface Row {
  readonly logProb: number;
  readonly oldLogProb: number;
  readonly advantage: number;
  readonly clipRange: number;
}

const numbersOf = (value: Parameters<typeof evaluate>[0][number]) => [
  ...evaluate([value], new Map())[0].data,
];

/** The loss and its gradient in the log-probabilities, by the project's own differentiation. */
function found(rows: readonly Row[]) {
  const column = (name: keyof Row) =>
    constant(
      rows.map((row) => row[name]),
      [rows.length],
    );
  const logProb = column("logProb");
  const others = {
    oldLogProb: column("oldLogProb"),
    advantage: column("advantage"),
    clipRange: column("clipRange"),
  };
  const loss = ppoLoss({ logProb, ...others });
  return { loss: numbersOf(loss)[0], gradient: numbersOf(grad(loss, [logProb])[0]) };
}

/** The loss as Eq. 19 has it, the negative of a mean of minima. */
function written(rows: readonly Row[]): number {
  const objective = rows.map(({ logProb, oldLogProb, advantage, clipRange }) => {
    const ratio = Math.exp(logProb - oldLogProb);
    const near = Math.max(1 - clipRange, Math.min(ratio, 1 + clipRange));
    return Math.min(advantage * ratio, advantage * near);
  });
  return -objective.reduce((a, b) => a + b, 0) / rows.length;
}

const number = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const row = fc.record({
  logProb: number(-3, 3),
  oldLogProb: number(-3, 3),
  advantage: number(-5, 5),
  clipRange: number(0.001, 0.5),
});

describe("the loss", () => {
  test("is the paper's Eq. 12, the negative of Eq. 19", () =>
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 6 }), (rows) => {
        expect(found(rows).loss).toBeCloseTo(written(rows), 9);
      }),
    ));

  test("has REINFORCE's gradient where the planner is the one that acted: -A / M", () =>
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 6 }), (rows) => {
        const { gradient } = found(rows.map((each) => ({ ...each, oldLogProb: each.logProb })));
        for (const [i, { advantage }] of rows.entries())
          expect(gradient[i]).toBeCloseTo(-advantage / rows.length, 12);
      }),
    ));

  /** Gradient of one step whose ratio is `ratio`, with a clip range of 0.2. */
  const gradientAt = (ratio: number, advantage: number) =>
    found([{ logProb: Math.log(ratio), oldLogProb: 0, advantage, clipRange: 0.2 }]).gradient[0];

  test.each([
    ["a good step already likelier than its range earns nothing more", 1.3, 2, 0],
    ["... and as much as before when it is not", 1.1, 2, -2.2],
    ["... and is made likelier again when it has become unlikely", 0.5, 2, -1],
    ["a bad step already less likely than its range costs nothing more", 0.7, -2, 0],
    ["... and as much as before when it is not", 0.9, -2, 1.8],
    ["... and is made less likely when it has become likely", 1.5, -2, 3],
    ["a step that is worth nothing asks for nothing", 1.7, 0, 0],
  ])("%s", (_, ratio, advantage, gradient) => expect(gradientAt(ratio, advantage)).toBeCloseTo(gradient, 12));

  test("stays finite however far a planner has run", () => {
    for (const logProb of [-1e4, 1e4])
      for (const advantage of [-1, 1]) {
        const { loss, gradient } = found([{ logProb, oldLogProb: 0, advantage, clipRange: 0.1 }]);
        expect([Number.isFinite(loss), Number.isFinite(gradient[0])]).toEqual([true, true]);
      }
  });
});

describe("clip ranges", () => {
  test("grow exponentially from the noisiest step to the last, by DPPO's formula", () => {
    const ranges = clipRanges(10, 0.001, 0.01);
    for (let i = 0; i < 10; i++) {
      // Source of the formula: facts of diffusion_ppo.py (irom-lab/dppo): c0 + (c1 - c0) (e^{3t} - 1) / (e^3 - 1)
      const t = i / 9;
      const expected = 0.001 + (0.009 * (Math.exp(3 * t) - 1)) / (Math.exp(3) - 1);
      expect(ranges[i]).toBeCloseTo(expected, 8);
    }
    expect([ranges[0], ranges[9]]).toEqual([Math.fround(0.001), Math.fround(0.01)]);
  });
  test("of one step are the last's", () => expect([...clipRanges(1, 0.1, 0.25)]).toEqual([0.25]));
});

test("the last denoising step has the whole advantage, each before it a discounted one", () =>
  expect([...denoisingDiscounts(3, 0.5)]).toEqual([0.25, 0.5, 1]));

describe("ratio statistics", () => {
  test("of an unchanged planner are exactly those of ratio 1", () => {
    const same = new Random(0).fillNormal(new Float32Array(50));
    expect(ratioStatistics(same, same.slice(), new Float32Array(50))).toEqual({
      mean: 1,
      max: 1,
      clipFraction: 0,
      approximateKl: 0,
    });
  });

  test("count what left its own range", () => {
    const logProb = Float32Array.from([1.3, 0.7, 1.1, 0.9], Math.log);
    const { clipFraction, max, mean } = ratioStatistics(
      logProb,
      new Float32Array(4),
      Float32Array.of(0.2, 0.4, 0.05, 0.2),
    );
    expect(clipFraction).toBe(0.5); // 1.3 beyond 0.2 and 1.1 beyond 0.05
    expect(max).toBeCloseTo(1.3, 6);
    expect(mean).toBeCloseTo(1, 6);
  });

  test("estimate the divergence of two Gaussians, (mu - mu')^2 / 2 sigma^2", () => {
    const [sigma, shift, count] = [0.4, 0.1, 40_000];
    const draws = new Random(3).fillNormal(new Float64Array(count));
    const density = (x: number, center: number) => -0.5 * ((x - center) / sigma) ** 2;
    const logProb = Float32Array.from(draws, (draw) => density(sigma * draw, shift));
    const oldLogProb = Float32Array.from(draws, (draw) => density(sigma * draw, 0));
    const { approximateKl, mean } = ratioStatistics(logProb, oldLogProb, new Float32Array(count));
    expect(approximateKl / (shift ** 2 / (2 * sigma ** 2))).toBeCloseTo(1, 1);
    expect(mean).toBeCloseTo(1, 2);
  });
});
