/**
 * @file Batches of what an algorithm learns from: columns of episodes, at steps relative to a present that is drawn at
 * random. What is not asked for is not read: a sampler of observations and actions cannot lead to rewards or tasks.
 * Symbols: B batch, p present, T steps of an episode, O observation size, A action size, S steps asked for of a column.
 *
 *     spec { observation: [-1, 0], action: [-1, 0, 1, 2] }, padAfter 1, an episode of T = 5:
 *     p = 0             observations 0 0            actions 0 0 1 2
 *     p = 3, the last   observations 2 3            actions 2 3 4 4
 */
import { type Random, requireRoom, type Spaces, sizeOfSpace } from "../../base/index.ts";
import {
  arrayTypes,
  type Batch,
  type BatchColumns,
  type BatchSpec,
  checkSpec,
  namesOf,
  rowsOf,
  storedColumns,
} from "./batch.ts";
import { type ByTask, byTaskOf } from "./by-task.ts";
import type { EpisodeFilter, EpisodeSummary } from "./episode-filters.ts";
import type { EpisodeStore, Range } from "./episode-store.ts";
import { type EpisodePart, type PresentOptions, Presents } from "./presents.ts";
import { fillerOf, type Sizes } from "./sampler-columns.ts";

/** Draws batches; of one that is told tasks, also task by task. Holds no state but what it is drawn from. */
export type Sampler<S extends BatchSpec> = AnySampler<S> &
  (S extends { readonly task: readonly number[] } ? { readonly byTask: ByTask<S> } : unknown);

interface AnySampler<S extends BatchSpec> {
  readonly spec: S;
  readonly spaces: Spaces;
  /** Names of tasks by the numbers of the column `task`; empty unless the spec asks for it. */
  readonly tasks: readonly string[];
  /** Of all observations, (O,) each, whichever part of them is drawn from. */
  readonly observationRange: Range;
  /** Of all actions, (A,) each. */
  readonly actionRange: Range;
  /** Number of different presents. */
  readonly count: number;
  /** Arrays for a batch of `size` rows, to be filled again and again. */
  emptyBatch(size: number): Batch<S>;
  /** Fills every row, each present as likely as any other, or as the weights say. Throws UserError if there is none. */
  sample(random: Random, batch: Batch<S>): void | Promise<void>;
}

export interface SamplerOptions {
  /** By default all episodes. */
  readonly part?: EpisodePart;
  /**
   * Actions that may be asked for beyond an episode's end, where the last one stands in. The present runs over all steps
   * but those from which the last action would lie further beyond: 0 to T - 1 - max(0, last step of `action` - padAfter).
   * By default 0.
   */
  readonly padAfter?: number;
  /** Chooses among the part's episodes. Labels are read if it asks for them. By default all. */
  readonly where?: EpisodeFilter;
  /** Weight of each present of an episode, relative to those of others: at least 0. By default 1 for all. */
  readonly weight?: (episode: EpisodeSummary) => number;
  /** Discount of later rewards in the column `returnToGo`, per step, 0 to 1. By default 1. */
  readonly discount?: number;
  /** Columns on disk that take less memory than this are read at once, others when they are drawn: by default 268 MB. */
  readonly memoryBytes?: number;
}

/** Columns that take less are read at once, bytes. */
export const smallBytes = 2 ** 28;

/**
 * A sampler of a store's episodes; of a data set, to be used before it is disposed. The same numbers from memory as from
 * disk. A list's episodes may grow in number while it is sampled.
 * Throws UserError for a spec that makes no sense, or if no step of a data set can be the present.
 */
export function samplerOf<S extends BatchSpec>(
  store: EpisodeStore,
  spec: S,
  { memoryBytes = smallBytes, discount = 1, ...options }: SamplerOptions = {},
): Sampler<S> {
  const chosen = presentOptions(spec, options);
  const presents = new Presents(store, chosen);
  if (!store.grows && presents.count === 0) throw presents.none();
  const readers = store.readers(storedColumns(spec), presents.episodes, memoryBytes);
  const sizes: Sizes = {
    observation: sizeOfSpace(store.spaces.observation),
    action: sizeOfSpace(store.spaces.action),
  };
  const columns = namesOf(spec).map((name) => {
    const steps = spec[name] ?? [];
    return {
      name,
      width: steps.length * (sizes[name as "action"] ?? 1),
      fill: fillerOf(name, steps, store, readers, sizes, discount),
    };
  });
  const arraysOf = (batch: Batch<S>) => columns.map(({ name }) => (batch as BatchColumns)[name]);
  const draw = (from: Presents, random: Random, batch: Batch<S>) => {
    const arrays = arraysOf(batch);
    const rows = rowsOf(columns, arrays);
    for (let row = 0; row < rows; row++) {
      from.draw(random);
      for (let i = 0; i < columns.length; i++) columns[i].fill(from.episode, from.step, arrays[i], row);
    }
  };
  const fill = (batch: Batch<S>, row: number, episode: number, step: number) => {
    const arrays = arraysOf(batch);
    for (let i = 0; i < columns.length; i++) columns[i].fill(episode, step, arrays[i], row);
  };
  return Object.freeze({
    spec,
    spaces: store.spaces,
    get tasks() {
      return spec.task ? store.tasks : [];
    },
    get observationRange() {
      return store.range("observation");
    },
    get actionRange() {
      return store.range("action");
    },
    get count() {
      return presents.count;
    },
    emptyBatch(size: number) {
      for (const { name, width } of columns) requireRoom(`A batch's ${name}`, 4 * size * width);
      const arrays = columns.map(({ name, width }) => [name, new arrayTypes[name](size * width)]);
      return Object.fromEntries(arrays) as Batch<S>;
    },
    sample(random: Random, batch: Batch<S>) {
      presents.update();
      draw(presents, random, batch);
    },
    ...(spec.task && { byTask: byTaskOf(store, chosen, { sample: draw, fill }) }),
  }) as AnySampler<S> as Sampler<S>;
}

/** True if a sampler of these has something to draw. Throws UserError for a spec that makes no sense. */
export const hasPresents = (store: EpisodeStore, spec: BatchSpec, options: SamplerOptions): boolean =>
  new Presents(store, presentOptions(spec, options)).count > 0;

/** Throws UserError for a spec that makes no sense. */
function presentOptions(
  spec: BatchSpec,
  { part, padAfter = 0, where, weight }: SamplerOptions,
): PresentOptions {
  checkSpec(spec, padAfter);
  const reach = Math.max(0, (spec.action?.at(-1) ?? 0) - padAfter);
  return { reach, part, where, weight };
}
