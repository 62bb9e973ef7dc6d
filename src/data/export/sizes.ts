/** @file What every format asks of a stream of episodes: that they have one size. */
import { UserError } from "../../base/index.ts";
import type { Episode } from "../episode.ts";

export type Episodes = AsyncIterable<Episode> | Iterable<Episode>;

export interface Sizes {
  readonly observationSize: number;
  readonly actionSize: number;
}

/** Those of an episode. */
export const sizesOf = ({ finalObservation, actions, rewards }: Episode): Sizes => ({
  observationSize: finalObservation.length,
  actionSize: actions.length / rewards.length,
});

/** Throws UserError if `episode` is not of these sizes. index: which one, counted from 0 */
export function expectSizes(episode: Episode, sizes: Sizes, index: number): void {
  const { observationSize, actionSize } = sizesOf(episode);
  if (observationSize === sizes.observationSize && actionSize === sizes.actionSize) return;
  throw new UserError(
    `A set's episodes have one size: expected observations of ${sizes.observationSize} and actions of ` +
      `${sizes.actionSize} numbers, got ${observationSize} and ${actionSize} in episode ${index} (${episode.task}).`,
  );
}
