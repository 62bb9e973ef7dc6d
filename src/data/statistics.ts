/** @file Count, range, mean and deviation of each dimension of a column, in parts that can be put together. */

/**
 * Of N rows of D numbers; all but the count (D,). The deviation is the population's. LeRobot's names, in meta/stats.json.
 * A part of several axes counts by channel: each point of a cloud, each pixel of a picture is a row.
 */
export interface Statistics {
  readonly count: number;
  readonly min: readonly number[];
  readonly max: readonly number[];
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** rows: (N, size), N at least 1 */
export function statisticsOf(rows: Float32Array | Float64Array | Uint8Array, size: number): Statistics {
  const count = rows.length / size;
  const min = new Float64Array(size).fill(Number.POSITIVE_INFINITY);
  const max = new Float64Array(size).fill(Number.NEGATIVE_INFINITY);
  const sum = new Float64Array(size);
  for (let at = 0; at < rows.length; )
    for (let dimension = 0; dimension < size; dimension++, at++) {
      const number = rows[at];
      if (number < min[dimension]) min[dimension] = number;
      if (number > max[dimension]) max[dimension] = number;
      sum[dimension] += number;
    }
  const mean = sum.map((total) => total / count);
  const squares = new Float64Array(size); // of differences to the mean: no digits are lost far from 0
  for (let at = 0; at < rows.length; )
    for (let dimension = 0; dimension < size; dimension++, at++)
      squares[dimension] += (rows[at] - mean[dimension]) ** 2;
  const std = squares.map((total) => Math.sqrt(total / count));
  return { count, min: [...min], max: [...max], mean: [...mean], std: [...std] };
}

/** The statistics of all rows of several parts, at least one. Source: Chan, Golub and LeVeque 1983. */
export function joinStatistics(parts: readonly Statistics[]): Statistics {
  return parts.reduce((a, b) => {
    const count = a.count + b.count;
    const share = b.count / count;
    const mean = a.mean.map((x, i) => x + share * (b.mean[i] - x));
    const variance = a.std.map(
      (x, i) =>
        (1 - share) * x ** 2 + share * b.std[i] ** 2 + share * (1 - share) * (b.mean[i] - a.mean[i]) ** 2,
    );
    return {
      count,
      min: a.min.map((x, i) => Math.min(x, b.min[i])),
      max: a.max.map((x, i) => Math.max(x, b.max[i])),
      mean,
      std: variance.map(Math.sqrt),
    };
  });
}
