/** @file What every writer takes: a stream of episodes of one size. */
import { vectorSpace } from "../../base/index.ts";
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

export const spacesOf = ({ observationSize, actionSize }: Sizes) => ({
  observation: vectorSpace("state", observationSize),
  action: vectorSpace("action", actionSize),
});
