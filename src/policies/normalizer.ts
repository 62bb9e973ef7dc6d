/**
 * @file Scale on which networks see numbers: the range of each dimension in the data becomes [-1, 1].
 * Symbols: N rows of data, D dimensions: of a vector its numbers, of a point cloud or a picture its last axis.
 */
import { z } from "zod";
import { type Part, placesOf, type Space, UserError } from "../base/index.ts";
import { add, constant, mul, sub, type Value } from "../tensor/index.ts";

/** Smallest and largest number of each dimension, (D,) each: plain JSON, saved beside the weights. */
export const Normalizer = z.strictObject({
  low: z.array(z.number()).min(1).readonly().describe("smallest number of each dimension"),
  high: z.array(z.number()).min(1).readonly().describe("largest number of each dimension"),
});
export type Normalizer = Readonly<z.infer<typeof Normalizer>>;

/** A dimension whose range is smaller carries no information: it becomes 0, whatever it holds. */
const smallestRange = 1e-4;

/**
 * The ranges of `rows`, (N, size). Throws UserError if there are none, or one is not finite.
 * Source: the limits normalizer of Diffusion Policy and DP3 (3D-Diffusion-Policy, 47385d9), range below 1e-4 constant.
 */
export function fitNormalizer(rows: Float32Array, size: number): Normalizer {
  if (rows.length === 0 || rows.length % size !== 0)
    throw new UserError(`A normalizer needs rows of ${size} numbers, got ${rows.length} numbers.`);
  const low = new Array<number>(size).fill(Number.POSITIVE_INFINITY);
  const high = new Array<number>(size).fill(Number.NEGATIVE_INFINITY);
  for (const [i, number] of rows.entries()) {
    const dimension = i % size;
    if (!Number.isFinite(number))
      throw new UserError(
        `A normalizer needs finite numbers; row ${Math.floor(i / size)} holds ${number} in dimension ${dimension}.`,
      );
    low[dimension] = Math.min(low[dimension], number);
    high[dimension] = Math.max(high[dimension], number);
  }
  return { low, high };
}

/**
 * The normalizer of each part, given the smallest and largest number of every place of a row, (O,) each.
 * Of points and pictures the last axis counts, whichever point or pixel: a cloud keeps its form along each axis. Bytes have
 * the range of bytes, whatever the data shows.
 */
export function normalizersOf(space: Space, { low, high }: Normalizer): Readonly<Record<string, Normalizer>> {
  return Object.fromEntries(
    Object.entries(placesOf(space)).map(([name, [begin, end]]) => {
      const { shape, dtype }: Part = space[name];
      const size = shape.at(-1) ?? 1;
      if (dtype === "uint8")
        return [name, { low: new Array<number>(size).fill(0), high: new Array<number>(size).fill(255) }];
      const own = (numbers: readonly number[], choose: (a: number, b: number) => number) =>
        Array.from({ length: size }, (_, dimension) => {
          let chosen = numbers[begin + dimension];
          for (let at = begin + dimension; at < end; at += size) chosen = choose(chosen, numbers[at]);
          return chosen;
        });
      return [name, { low: own(low, Math.min), high: own(high, Math.max) }];
    }),
  );
}

/** Dimensions of which a normalizer hides something. They count from 0. */
export interface NormalizerReport {
  /** Dimensions that the planner sees as 0. */
  readonly constant: readonly number[];
  /** Dimensions with numbers outside the range, and their share of the rows: beyond ±1, where no clipped prediction reaches. */
  readonly clipped: readonly { readonly dimension: number; readonly share: number }[];
}

export function reportOn(normalizer: Normalizer, rows: Float32Array): NormalizerReport {
  const { low, high } = normalizer;
  const size = low.length;
  const outside = new Array<number>(size).fill(0);
  for (const [i, number] of rows.entries())
    if (number < low[i % size] || number > high[i % size]) outside[i % size] += size / rows.length;
  const dimensions = [...low.keys()];
  return {
    constant: dimensions.filter((dimension) => isConstant(normalizer, dimension)),
    clipped: dimensions
      .filter((dimension) => outside[dimension] > 0)
      .map((dimension) => ({ dimension, share: outside[dimension] })),
  };
}

/** The numbers on the planner's scale.   x: (..., D)   returns: (..., D); outside the range, beyond [-1, 1] */
export function normalize(normalizer: Normalizer, x: Value): Value {
  const { center, radius } = scaleOf(normalizer);
  return mul(sub(x, constant(center)), constant(radius.map((each) => (each === 0 ? 0 : 1 / each))));
}

/** The inverse; constant dimensions become their constant.   y: (..., D)   returns: (..., D) */
export function unnormalize(normalizer: Normalizer, y: Value): Value {
  const { center, radius } = scaleOf(normalizer);
  return add(mul(y, constant(radius)), constant(center));
}

function scaleOf(normalizer: Normalizer): { center: number[]; radius: number[] } {
  const { low, high } = normalizer;
  return {
    center: low.map((bottom, dimension) => (bottom + high[dimension]) / 2),
    radius: low.map((bottom, dimension) =>
      isConstant(normalizer, dimension) ? 0 : (high[dimension] - bottom) / 2,
    ),
  };
}

const isConstant = ({ low, high }: Normalizer, dimension: number): boolean =>
  high[dimension] - low[dimension] < smallestRange;
