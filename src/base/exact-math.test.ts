import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { exp, log } from "./exact-math.ts";

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);
const exponents = upTo(20_000).map((i) => -700 + 0.07 * i);
const arguments_ = upTo(20_000).map((i) => (i * i) / 1e7);

/** Largest distance, relative to the value. Engines' own functions are within 1 unit in the last place (1.1e-16). */
function worst(ours: (x: number) => number, theirs: (x: number) => number, xs: readonly number[]): number {
  return Math.max(...xs.map((x) => Math.abs(ours(x) - theirs(x)) / Math.max(Math.abs(theirs(x)), 1e-300)));
}

test("exp agrees with Math.exp", () => expect(worst(exp, Math.exp, exponents)).toBeLessThan(4e-16));

test("log agrees with Math.log", () => {
  expect(worst(log, Math.log, arguments_)).toBeLessThan(4e-16);
  expect(worst(log, Math.log, [2 ** -1022, 2 ** -53, 1 - 2 ** -53, 1 + 2 ** -52, 1e300])).toBeLessThan(4e-16);
});

test("exact points are exact", () => {
  expect([exp(0), log(1)]).toEqual([1, 0]);
});

test("bits never change", () => {
  const values = Float64Array.from([...exponents.map(exp), ...arguments_.map(log)]);
  expect(createHash("sha256").update(values).digest("hex")).toEqual(
    "f5b1bf484e431e5a8c8a76bf5537e67dfcea5905cbea43dfc599845c00cadbd9",
  );
});
