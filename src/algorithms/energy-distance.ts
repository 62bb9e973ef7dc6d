/**
 * @file Whether two sets of points come from one distribution.
 * Symbols: N, M points; D dimensions.
 */
import type { Random } from "../base/index.ts";

/**
 * Energy distance: twice the mean distance between the sets, less the mean distances within them. It is 0 in the limit
 * exactly if the distributions are equal. a: (N, size)   b: (M, size)
 * Source: Székely and Rizzo 2013, doi:10.1016/j.jspi.2013.03.018, eq. 5.
 */
export function energyDistance(a: Float32Array, b: Float32Array, size: number): number {
  return 2 * meanDistance(a, b, size) - meanDistance(a, a, size) - meanDistance(b, b, size);
}

function meanDistance(a: Float32Array, b: Float32Array, size: number): number {
  const [n, m] = [a.length / size, b.length / size];
  let total = 0;
  for (let i = 0; i < n; i++) {
    const end = a === b ? i : m; // within a set each pair counts twice, and no point is far from itself
    for (let j = 0; j < end; j++) total += distance(a, i, b, j, size);
  }
  return ((a === b ? 2 : 1) * total) / (n * m);
}

/** Between point i of a and point j of b. */
function distance(a: Float32Array, i: number, b: Float32Array, j: number, size: number): number {
  let square = 0;
  for (let d = 0; d < size; d++) square += (a[i * size + d] - b[j * size + d]) ** 2;
  return Math.sqrt(square);
}

/** A sample held against the true distribution. */
export interface TwoSampleTest {
  /** Energy distance of the sample from a fresh true sample of the same size. */
  readonly distance: number;
  /** Distance that 95 % of true samples stay below. */
  readonly limit: number;
}

/**
 * Tests `sample`, (N, size), against the distribution that `draw` gives N fresh points of. The limit is the 95 % quantile
 * of the distances between pairs of true samples.   pairs: how many
 */
export function twoSampleTest(
  sample: Float32Array,
  size: number,
  draw: (count: number, random: Random) => Float32Array,
  random: Random,
  pairs = 100,
): TwoSampleTest {
  const fresh = () => draw(sample.length / size, random);
  const distance = energyDistance(sample, fresh(), size);
  const usual = Array.from({ length: pairs }, () => energyDistance(fresh(), fresh(), size));
  return { distance, limit: usual.sort((a, b) => a - b)[Math.ceil(0.95 * pairs) - 1] };
}
