/**
 * @file Seeds of evaluation and of training. Environments take whole numbers below 2^32: the lower half is for evaluations, the
 * upper half for everything that is learned from or chosen by, so that no planner is evaluated on an episode that it has seen.
 */
import { type Random, requireRoom, UserError } from "../base/index.ts";

const half = 2 ** 31;
/** Memory of an episode's result, at least. */
export const bytesOfEpisode = 200;

/** Seed of a training episode, in [2^31, 2^32). */
export function trainingSeed(random: Random): number {
  return half + random.integer(half);
}

/** Seeds of an evaluation's episodes: `first` and those after it. Throws UserError where training's seeds begin. */
export function evaluationSeeds(first: number, episodes: number): readonly number[] {
  requireRoom(`Seeds of ${episodes} episodes`, bytesOfEpisode * episodes);
  if (Number.isInteger(first) && first >= 0 && first + episodes <= half)
    return Array.from({ length: episodes }, (_, i) => first + i);
  throw new UserError(
    `Evaluation takes seeds from 0 to ${half - 1}, training those above; got ${episodes} from ${first} on.`,
  );
}
