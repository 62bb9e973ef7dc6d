import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  emptyScale,
  generalizedAdvantages,
  grown,
  scaled,
  standardized,
  standardizedByTime,
} from "./advantage.ts";

const number = fc.double({ min: -80, max: 80, noNaN: true });
const list = fc.array(number, { minLength: 1, maxLength: 30 });
const meanOf = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0) / numbers.length;
const deviationOf = (numbers: readonly number[]) =>
  Math.sqrt(meanOf(numbers.map((each) => (each - meanOf(numbers)) ** 2)));

describe("the running scale", () => {
  test("has the moments of all that it has met, however they came", () =>
    fc.assert(
      fc.property(fc.array(list, { minLength: 1, maxLength: 6 }), (batches) => {
        const all = batches.flat();
        const { count, mean, squares } = batches.reduce(grown, emptyScale);
        expect(count).toBe(all.length);
        expect(mean).toBeCloseTo(meanOf(all), 9);
        expect(Math.sqrt(squares / count)).toBeCloseTo(deviationOf(all), 7);
      }),
    ));

  test("is the same after a batch of nothing", () => {
    const scale = grown(emptyScale, [1, 4]);
    expect(grown(scale, [])).toEqual(scale);
    expect(grown(emptyScale, [])).toEqual(emptyScale);
  });

  test("makes rewards comparable: less its mean, over its deviation", () => {
    const scale = grown(emptyScale, [2, 4, 6, 8]); // mean 5, deviation sqrt(5)
    const [low, high] = scaled([5, 5 + Math.sqrt(5)], scale);
    expect(low).toBeCloseTo(0, 6);
    expect(high).toBeCloseTo(1, 6);
  });
});

describe("standardised over the batch", () => {
  test("advantages have mean 0 and deviation 1", () =>
    fc.assert(
      fc.property(list, (rewards) => {
        const found = [...standardized(rewards)];
        expect(meanOf(found)).toBeCloseTo(0, 4);
        if (deviationOf(rewards) > 1e-3) expect(deviationOf(found)).toBeCloseTo(1, 4);
      }),
    ));

  test("equal rewards are worth nothing", () =>
    expect([...standardized([0.1, 0.1, 0.1])].every((each) => Math.abs(each) < 1e-6)).toBe(true));
});

describe("standardised by time", () => {
  const chunks = fc.array(fc.record({ reward: number, index: fc.nat(4) }), { minLength: 1, maxLength: 40 });

  test("the chunks of each index sum to zero, and all have deviation 1", () =>
    fc.assert(
      fc.property(chunks, (given) => {
        const found = [...standardizedByTime(given)];
        for (let index = 0; index < 5; index++) {
          const own = found.filter((_, i) => given[i].index === index);
          if (own.length > 0) expect(meanOf(own)).toBeCloseTo(0, 4);
        }
        const rest = given.map(
          ({ reward, index }) =>
            reward - meanOf(given.filter((each) => each.index === index).map((each) => each.reward)),
        );
        if (deviationOf(rest) > 1e-3) expect(deviationOf(found)).toBeCloseTo(1, 4);
      }),
    ));

  test("what a chunk earns for being late is no advantage", () => {
    const early = [0, 1, 2].map((reward) => ({ reward, index: 0 }));
    const late = early.map(({ reward }) => ({ reward: reward + 50, index: 1 }));
    const found = [...standardizedByTime([...early, ...late])];
    expect(found.slice(0, 3)).toEqual(found.slice(3));
  });
});

describe("generalised advantages", () => {
  const episode = fc.integer({ min: 1, max: 12 }).chain((chunks) =>
    fc.record({
      rewards: fc.array(number, { minLength: chunks, maxLength: chunks }),
      values: fc.array(number, { minLength: chunks + 1, maxLength: chunks + 1 }),
      discount: fc.double({ min: 0, max: 1, noNaN: true }),
      decay: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  );

  test("are the direct sum of later temporal differences", () =>
    fc.assert(
      fc.property(episode, ({ rewards, values, discount, decay }) => {
        const { advantages, returns } = generalizedAdvantages(rewards, values, discount, decay);
        const differences = rewards.map((reward, i) => reward + discount * values[i + 1] - values[i]);
        for (let i = 0; i < rewards.length; i++) {
          const later = differences.slice(i);
          const sum = later.reduce((total, each, n) => total + (discount * decay) ** n * each, 0);
          expect(Math.abs(advantages[i] - sum)).toBeLessThan(1e-3);
          expect(Math.abs(returns[i] - sum - values[i])).toBeLessThan(2e-3);
        }
      }),
    ));

  test("with decay 1 the returns are the discounted rewards and the last value", () => {
    const { returns } = generalizedAdvantages([1, 2, 3], [9, -4, 7, 10], 0.5, 1);
    expect([...returns]).toEqual([1 + 1 + 0.75 + 1.25, 2 + 1.5 + 2.5, 3 + 5]);
  });

  test("with decay 0 only the next value counts", () => {
    const { returns } = generalizedAdvantages([1, 2], [9, 4, 8], 0.5, 0);
    expect([...returns]).toEqual([3, 6]);
  });
});
