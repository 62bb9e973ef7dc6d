import { describe, expect, test } from "vitest";
import { constant, evaluate, type Value } from "../tensor/index.ts";
import { fitNormalizer, normalize, reportOn, unnormalize } from "./normalizer.ts";

const numbersOf = (value: Value) => [...evaluate([value], new Map())[0].data].map((number) => number + 0); // -0 is 0
/** Three dimensions: one from -1 to 3, one that never moves, one that moves by less than 1e-4. */
const rows = Float32Array.of(-1, 5, 2, 3, 5, 2.00005, 0, 5, 2);
const normalizer = fitNormalizer(rows, 3);

test("each dimension's range becomes [-1, 1], and what never moves 0", () =>
  expect(numbersOf(normalize(normalizer, constant([...rows], [3, 3])))).toEqual([
    -1, 0, 0, 1, 0, 0, -0.5, 0, 0,
  ]));

test("and back, in any shape", () => {
  const x = constant([-1, 5, 2, 3, 5, 2, 0.5, 5, 2, 2, 5, 2], [2, 2, 3]);
  const back = numbersOf(unnormalize(normalizer, normalize(normalizer, x)));
  for (const [i, number] of numbersOf(x).entries()) expect(Math.abs(back[i] - number)).toBeLessThan(1e-4);
});

test("numbers outside the range go beyond [-1, 1]", () =>
  expect(numbersOf(normalize(normalizer, constant([5, 0, 0], [3])))).toEqual([2, 0, 0]));

test("a normalizer survives JSON", () => expect(JSON.parse(JSON.stringify(normalizer))).toEqual(normalizer));

test("a report names dimensions that are constant, and those that leave the range", () => {
  expect(reportOn(normalizer, rows)).toEqual({ constant: [1, 2], clipped: [] });
  expect(reportOn(normalizer, Float32Array.of(0, 5, 2, 4, 5, 2, 0, 5, 1, -2, 5, 2))).toEqual({
    constant: [1, 2],
    clipped: [
      { dimension: 0, share: 0.5 },
      { dimension: 2, share: 0.25 },
    ],
  });
});

describe("says in one sentence", () => {
  test("that rows do not come out even", () =>
    expect(() => fitNormalizer(new Float32Array(7), 3)).toThrow(
      "A normalizer needs rows of 3 numbers, got 7 numbers.",
    ));
  test("that there is no data", () =>
    expect(() => fitNormalizer(new Float32Array(0), 3)).toThrow("got 0 numbers"));
  test("where a number is not finite", () =>
    expect(() => fitNormalizer(Float32Array.of(1, 2, 3, 4, 5, Number.NaN), 3)).toThrow(
      "A normalizer needs finite numbers; row 1 holds NaN in dimension 2.",
    ));
});
