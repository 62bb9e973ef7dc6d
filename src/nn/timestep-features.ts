/** @file Features of the diffusion timestep, which tell a denoiser how much noise it is given. */
import { constant, gather, reshape, type Value } from "../tensor/index.ts";

/**
 * Sinusoidal features of the timesteps 0 ... count - 1, one row each: [cos(k f), sin(k f)] with frequencies f from 1 down
 * to 1/10000.   returns: (count, size); size is even.
 * Source: CleanDiffuser, PositionalEmbedding (05f17fc): base 10000, cosines first.
 */
export function timestepFeatures(count: number, size: number): Value {
  const half = size / 2;
  const table = new Float32Array(count * size);
  for (let k = 0; k < count; k++)
    for (let i = 0; i < half; i++) {
      const angle = k * 10_000 ** (-i / half);
      table[k * size + i] = Math.cos(angle);
      table[k * size + half + i] = Math.sin(angle);
    }
  return constant(table, [count, size]);
}

/**
 * The same with sines first, and frequencies down to exactly 1/10000: [sin(k f), cos(k f)].   returns: (count, size); size is even.
 * Source: SinusoidalPosEmb of Diffuser, as in Diffusion-QL helpers.py (d871f5c) and MTDiff helpers.py (1bed9ca).
 */
export function sinusoidFeatures(count: number, size: number): Value {
  const half = size / 2;
  const table = new Float32Array(count * size);
  for (let k = 0; k < count; k++)
    for (let i = 0; i < half; i++) {
      const angle = k * 10_000 ** (-i / (half - 1));
      table[k * size + i] = Math.sin(angle);
      table[k * size + half + i] = Math.cos(angle);
    }
  return constant(table, [count, size]);
}

/**
 * f of the table's rows k. The same whether rows are chosen before f or after. One timestep for all (k a scalar, as in a
 * sampler): f of every row, of which one is taken, so that a sampling loop finds f computed. A timestep for each sample
 * (k: (B,), as in training): rows first.   table: (n, ...)   returns: (1 or B, ...)
 */
export function atTimestep(k: Value, table: Value, f: (rows: Value) => Value): Value {
  return k.shape.length === 0 ? rowOf(f(table), k) : f(gather(table, k));
}

/** Row k of a table as a batch of one.   table: (n, ...)   k: ()   returns: (1, ...) */
function rowOf(table: Value, k: Value): Value {
  const row = gather(table, k);
  return reshape(row, [1, ...row.shape]);
}
