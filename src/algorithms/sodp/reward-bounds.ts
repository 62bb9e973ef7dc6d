/** @file Rewards met so far in a fine-tuning, by which what stopping forfeits is counted on and values are bounded. */
import { z } from "zod";

/** Least and largest reward of one step that were met so far; the least is at most 0, the largest at least. */
export const RewardBounds = z.strictObject({ low: z.number(), high: z.number() });
export type RewardBounds = Readonly<z.infer<typeof RewardBounds>>;

export const noRewards: RewardBounds = { low: 0, high: 0 };

/** The bounds with more episodes in them. An episode that broke the simulation may have paid anything, and is left out. */
export function widened(
  { low, high }: RewardBounds,
  episodes: readonly { readonly rewards: Float32Array; readonly fault?: string }[],
): RewardBounds {
  for (const { rewards, fault } of episodes) {
    if (fault !== undefined) continue;
    for (const reward of rewards) [low, high] = [Math.min(low, reward), Math.max(high, reward)];
  }
  return { low, high };
}
