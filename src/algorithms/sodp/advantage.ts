/** @file Advantages of action chunks, from the rewards that they earned. */
import { z } from "zod";
import { deviationOf, type Moments, momentsOf } from "../../base/index.ts";
import type { Chunk } from "./chunks.ts";

/** Moments of rewards, over all that were met so far, as a state keeps them. */
export const RunningScale = z.strictObject({ count: z.int(), mean: z.number(), squares: z.number() });
export type RunningScale = Moments;

export const emptyScale: RunningScale = { count: 0, mean: 0, squares: 0 };

/** The scale with more rewards in it. Source: Chan, Golub and LeVeque 1979, parallel variance. */
export function grown(scale: RunningScale, rewards: readonly number[]): RunningScale {
  if (rewards.length === 0) return scale;
  const batch = momentsOf(rewards);
  const count = scale.count + batch.count;
  const apart = batch.mean - scale.mean;
  return {
    count,
    mean: scale.mean + (apart * batch.count) / count,
    squares: scale.squares + batch.squares + (apart ** 2 * scale.count * batch.count) / count,
  };
}

/** Rewards less the scale's mean, over its standard deviation. */
export function scaled(rewards: readonly number[], scale: RunningScale): Float32Array {
  const deviation = deviationOf(scale) + 1e-8;
  return Float32Array.from(rewards, (reward) => (reward - scale.mean) / deviation);
}

/** Rewards less their mean, over their standard deviation. Source: DDPO (ddpo-pytorch, 1958463). */
export function standardized(rewards: readonly number[]): Float32Array {
  return scaled(rewards, momentsOf(rewards));
}

/**
 * Rewards less the mean of the chunks with the same index, over the standard deviation of what is left: whoever is
 * further in an episode earns more whatever it does, and that is no advantage.
 */
export function standardizedByTime(chunks: readonly Chunk[]): Float32Array {
  const totals: { sum: number; count: number }[] = [];
  for (const { index, reward } of chunks) {
    totals[index] ??= { sum: 0, count: 0 };
    totals[index].sum += reward;
    totals[index].count += 1;
  }
  const rest = chunks.map(({ reward, index }) => reward - totals[index].sum / totals[index].count);
  return scaled(rest, { ...momentsOf(rest), mean: 0 });
}

/**
 * Generalised advantage estimation over the chunks of one episode, and the returns a critic learns.
 * values: the critic's, of the state before each chunk and after the last, (chunks + 1,); 0 after an end that is none
 * discount: per chunk   decay: lambda, in [0, 1]
 * Source: Schulman et al. 2016, arXiv:1506.02438, eq. 16; over chunks as in DPPO.
 */
export function generalizedAdvantages(
  rewards: ArrayLike<number>,
  values: ArrayLike<number>,
  discount: number,
  decay: number,
): { readonly advantages: Float32Array; readonly returns: Float32Array } {
  const advantages = new Float32Array(rewards.length);
  let next = 0;
  for (let i = rewards.length - 1; i >= 0; i--) {
    next = rewards[i] + discount * values[i + 1] - values[i] + discount * decay * next;
    advantages[i] = next;
  }
  return { advantages, returns: advantages.map((advantage, i) => advantage + values[i]) };
}
