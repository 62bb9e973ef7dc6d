import { expect, test } from "vitest";
import { fromHalf, toHalf } from "./half.ts";
import { Random } from "./random.ts";

const all = Uint16Array.from({ length: 2 ** 16 }, (_, bits) => bits);
/** Finite halves of positive sign, ascending, and the number that stands in for infinity when it is rounded to. */
const ascending = Float64Array.from([...fromHalf(all.subarray(0, 0x7c00)), 65536]);

// numpy 2.4: np.float32([...]).astype(np.float16).view(np.uint16)
test.each([
  [0, 0x0000],
  [-0, 0x8000],
  [1, 0x3c00],
  [-2, 0xc000],
  [0.1, 0x2e66],
  [65504, 0x7bff],
  [65519.996, 0x7bff],
  [65520, 0x7c00],
  [-1e9, 0xfc00],
  [6.097555e-5, 0x03ff],
  [6.1035156e-5, 0x0400],
  [5.9604645e-8, 0x0001],
  [2.9802322e-8, 0x0000],
  [2.9802326e-8, 0x0001],
  [Number.POSITIVE_INFINITY, 0x7c00],
  [Number.NEGATIVE_INFINITY, 0xfc00],
])("%f is stored as numpy stores it", (value, bits) => expect(toHalf(Float32Array.of(value))[0]).toBe(bits));

test("every half comes back as it was", () => {
  const numbers = all.filter((bits) => (bits & 0x7c00) !== 0x7c00 || (bits & 1023) === 0);
  expect(toHalf(fromHalf(numbers))).toEqual(numbers);
  expect(fromHalf(Uint16Array.of(0x7c01, 0xffff))).toEqual(Float32Array.of(Number.NaN, Number.NaN));
  expect(toHalf(Float32Array.of(Number.NaN))).toEqual(Uint16Array.of(0x7e00));
});

test("the nearest half is taken, of two as near the even one", () => {
  const random = new Random(1);
  const middles = Float32Array.from({ length: 0x7c00 }, (_, i) => (ascending[i] + ascending[i + 1]) / 2);
  expect(toHalf(middles)).toEqual(Uint16Array.from(middles, (_, i) => i + (i & 1)));
  for (let trial = 0; trial < 200; trial++) {
    const i = random.integer(0x7c00);
    const [low, high] = [ascending[i], ascending[i + 1]];
    const value = Math.fround(low + random.uniform() * (high - low));
    const [found] = toHalf(Float32Array.of(value));
    if (value - low !== high - value) expect(found).toBe(value - low < high - value ? i : i + 1);
  }
});
