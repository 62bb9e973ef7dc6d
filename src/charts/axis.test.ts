import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { asRanges, percentLabel, roundRange, tickLabel, ticks } from "./axis.ts";

/** [low, high, count], at most a thousand times as far from 0 as it is wide. */
const ranges = fc
  .tuple(
    fc.double({ min: -1000, max: 1000, noNaN: true }),
    fc.double({ min: 1e-6, max: 1e9, noNaN: true }),
    fc.integer({ min: 2, max: 10 }),
  )
  .map(([low, span, count]) => [low * span, (low + 1) * span, count] as const);

test("ticks are round, inside the range, and about as many as asked for", () =>
  fc.assert(
    fc.property(ranges, ([low, high, count]) => {
      const places = ticks(low, high, count);
      const slack = 1e-6 * (high - low);
      expect(places.every((place) => place >= low - slack && place <= high + slack)).toBe(true);
      expect(places.length).toBeGreaterThanOrEqual(Math.floor(count / 2));
      expect(places.length).toBeLessThanOrEqual(2 * count + 1);
    }),
  ));

test.each([
  [0, 100_000, 5, [0, 20_000, 40_000, 60_000, 80_000, 100_000]],
  [0, 1, 4, [0, 0.2, 0.4, 0.6, 0.8, 1]],
  [0, 1, 2, [0, 0.5, 1]],
  [-0.3, 0.1, 4, [-0.3, -0.2, -0.1, 0, 0.1]],
])("from %f to %f, about %i", (low, high, count, expected) => {
  expect(ticks(low, high, count)).toEqual(expected);
});

describe("labels", () => {
  test.each([
    [0, "0"],
    [0.25, "0.25"],
    [-0.1, "−0.1"],
    [8000, "8000"],
    [20_000, "20k"],
    [-150_000, "−150k"],
    [1_500_000, "1.5M"],
    [0.0001, "1e−4"],
    [2e12, "2e12"],
  ])("%f is written %s", (value, label) => expect(tickLabel(value)).toBe(label));

  test("shares are percent", () =>
    expect([0, 0.884, 1].map(percentLabel)).toEqual(["0\u00a0%", "88\u00a0%", "100\u00a0%"]));
});

test("a range without width gets some", () => {
  expect(roundRange(0, 0, 4)).toEqual([-0.5, 0.5]);
  expect(roundRange(8, 8, 4)).toEqual([4, 12]);
  expect(roundRange(0.12, 0.93, 4)).toEqual([0, 1]);
});

test("runs of whole numbers are written short", () =>
  expect(asRanges([3, 11, 12, 13, 20, 21])).toBe("3, 11-13, 20-21"));
