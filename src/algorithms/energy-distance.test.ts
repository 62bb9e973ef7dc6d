import { expect, test } from "vitest";
import { Random } from "../base/index.ts";
import { energyDistance, twoSampleTest } from "./energy-distance.ts";

const gaussian =
  (center: number) =>
  (count: number, random: Random): Float32Array =>
    random.fillNormal(new Float32Array(2 * count)).map((x) => x + center);

test("two points at distance 5 from two others", () => {
  const a = Float32Array.of(0, 0, 0, 0);
  const b = Float32Array.of(3, 4, 3, 4);
  expect(energyDistance(a, b, 2)).toBe(10);
  expect(energyDistance(a, a, 2)).toBe(0);
});

test("of normal distributions, by the closed form", () => {
  // In one dimension E|X - Y| = 2 / sqrt(pi) for standard normals, and E|X - Y - 10| is 10 to many digits.
  const random = new Random(1);
  const draw = (center: number) => random.fillNormal(new Float32Array(2000)).map((x) => x + center);
  expect(energyDistance(draw(0), draw(10), 1)).toBeCloseTo(20 - 4 / Math.sqrt(Math.PI), 0);
});

test("true samples stay within the limit about 95 times in 100, shifted ones do not", () => {
  const random = new Random(2);
  const tests = (center: number) =>
    Array.from({ length: 60 }, () =>
      twoSampleTest(gaussian(center)(100, random), 2, gaussian(0), random, 60),
    ).filter(({ distance, limit }) => distance <= limit).length;
  expect(tests(0)).toBeGreaterThan(50);
  expect(tests(1)).toBe(0);
});
