/** @file A sampler's episodes task by task, for who learns one task at a time or shows a network examples of it. */
import { type Random, UserError } from "../../base/index.ts";
import type { Batch, BatchSpec } from "./batch.ts";
import { type EpisodeSummary, ofTasks, summariesOf } from "./episode-filters.ts";
import type { EpisodeStore } from "./episode-store.ts";
import { type PresentOptions, Presents } from "./presents.ts";

/** Tasks are numbers of the column `task`. */
export interface ByTask<S extends BatchSpec> {
  /** Episodes of the task that are drawn from, in order of collection. */
  episodes(task: number): readonly EpisodeSummary[];
  /** As the sampler's `sample`, of one task. Throws UserError if it has no present. */
  sample(random: Random, batch: Batch<S>, task: number): void | Promise<void>;
  /** Fills row `row` as if step `step` of the episode were the present. */
  fill(batch: Batch<S>, row: number, episode: EpisodeSummary, step: number): void;
}

/** What a sampler does with a batch, whichever presents it has. */
export interface Filling<S extends BatchSpec> {
  sample(presents: Presents, random: Random, batch: Batch<S>): void;
  fill(batch: Batch<S>, row: number, episode: number, step: number): void;
}

export function byTaskOf<S extends BatchSpec>(
  store: EpisodeStore,
  options: PresentOptions,
  filling: Filling<S>,
): ByTask<S> {
  const known = new Map<number, Presents>();
  const presentsOf = (task: number): Presents => {
    const found = known.get(task);
    if (found !== undefined) return found;
    const name = store.tasks[task];
    if (name === undefined) throw new UserError(`There is no task ${task}; there are ${store.tasks.length}.`);
    const { where } = options;
    const own = ofTasks([name]);
    const presents = new Presents(store, {
      ...options,
      where: (episodes) => own(where === undefined ? episodes : where(episodes)),
    });
    known.set(task, presents);
    return presents;
  };
  return {
    episodes(task) {
      const presents = presentsOf(task);
      presents.update();
      return summariesOf(store, presents.episodes);
    },
    sample(random, batch, task) {
      const presents = presentsOf(task);
      presents.update();
      filling.sample(presents, random, batch);
    },
    fill: (batch, row, { index }, step) => filling.fill(batch, row, index, step),
  };
}
