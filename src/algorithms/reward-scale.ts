/**
 * @file Scale of rewards where one network values several tasks: what a task pays for a step, from its least to its most,
 * becomes 1. So no task's errors outweigh the others', and an advantage means the same in each.
 * Symbols: N tasks.
 * Source: Kostrikov et al. 2021, arXiv:2110.06169, code (09d7002): rewards by the range of the episodes' returns, times the
 * steps of an episode. Differs: the range of single rewards, of each task.
 */
import type { Random } from "../base/index.ts";
import type { Sampler } from "../data/index.ts";

/** Columns that the scale is found from. */
export const rewardColumns = { reward: [0], task: [0] };

/** Rows looked at, for each task. */
const rowsPerTask = 1024;

/** Factor of each task's rewards, in the order of the sampler's tasks: 1 where all rewards are equal. (N,) */
export async function rewardScales(
  sampler: Sampler<typeof rewardColumns>,
  random: Random,
): Promise<Float32Array> {
  const { tasks } = sampler;
  const batch = sampler.emptyBatch(rowsPerTask * tasks.length);
  await sampler.sample(random, batch);
  const low = new Float32Array(tasks.length).fill(Number.POSITIVE_INFINITY);
  const high = new Float32Array(tasks.length).fill(Number.NEGATIVE_INFINITY);
  for (const [row, task] of batch.task.entries()) {
    low[task] = Math.min(low[task], batch.reward[row]);
    high[task] = Math.max(high[task], batch.reward[row]);
  }
  return high.map((most, task) => (most > low[task] ? 1 / (most - low[task]) : 1));
}
