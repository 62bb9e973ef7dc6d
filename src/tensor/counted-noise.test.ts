import { expect, test } from "vitest";
import { fillNormalDraws, threefry } from "./counted-noise.ts";

// kat_vectors of Random123 1.14, "threefry2x32 20": counter, key, words
test.each([
  [
    [0, 0],
    [0, 0],
    [0x6b200159, 0x99ba4efe],
  ],
  [
    [0xffffffff, 0xffffffff],
    [0xffffffff, 0xffffffff],
    [0x1cb996fc, 0xbb002be7],
  ],
  [
    [0x243f6a88, 0x85a308d3],
    [0x13198a2e, 0x03707344],
    [0xc4923a9c, 0x483df7a0],
  ],
] as const)("known answer of %j", (counter, key, words) => expect(threefry(key, counter)).toEqual(words));

test("draws are standard normal, and of each row, seed and stream others", () => {
  const draws = fillNormalDraws(new Float64Array(20_001), 1, 2, 3);
  const moment = (power: number) => draws.reduce((sum, draw) => sum + draw ** power, 0) / draws.length;
  expect(moment(1)).toBeCloseTo(0, 1);
  expect(moment(2)).toBeCloseTo(1, 1);
  expect(Math.abs(moment(4) - 3)).toBeLessThan(0.2);
  const firsts = [
    [1, 2, 3],
    [2, 2, 3],
    [1, 3, 3],
    [1, 2, 4],
  ].map(([seed, row, stream]) => fillNormalDraws(new Float64Array(1), seed, row, stream)[0]);
  expect(new Set(firsts).size).toBe(4);
});
