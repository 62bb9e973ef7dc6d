/**
 * @file Contract of what can be sampled: episodes by number, whose stored columns are read by steps.
 * Symbols: T steps of an episode, O observation size, A action size.
 */
import type { Spaces } from "../../base/index.ts";

/** Columns as episodes keep them. The final observation, which follows the last action, is a row of its own. */
export type StoredColumn = "observation" | "finalObservation" | "action" | "reward" | "success";

/**
 * Copies `count` rows of an episode's column, from step `from` on, into `out` from number `at` on. Rows are (O,), (A,) or
 * one number; steps lie in 0 to T - 1 (the final observation: 0).
 */
export type ReadSteps = (episode: number, from: number, count: number, out: Float32Array, at: number) => void;

/** Readers of the columns that were asked for. */
export type Readers = { readonly [C in StoredColumn]?: ReadSteps };

/** Smallest and largest number of each dimension. */
export interface Range {
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** Episodes in memory (`EpisodeList`) or on disk (`Dataset`), numbered from 0. */
export interface EpisodeStore {
  readonly spaces: Spaces;
  /** Names of tasks, each once, in one of its spellings. A label. */
  readonly tasks: readonly string[];
  /** Number of episodes. */
  readonly episodes: number;
  /** True: there may be more later. */
  readonly grows: boolean;
  /** Steps of an episode, T. */
  stepsOf(episode: number): number;
  /** Number under which an episode was collected: decides whether it is held out. */
  numberOf(episode: number): number;
  /** Index of an episode's task in `tasks`. A label. */
  taskOf(episode: number): number;
  /** True: nothing follows an episode's last step. False: out of time, or cut short. A label. */
  isTerminated(episode: number): boolean;
  /** Range of all observations or actions, of the whole store. */
  range(column: "observation" | "action"): Range;
  /**
   * Readers of some columns, and of nothing else.
   * episodes: those that will be read   memoryBytes: columns on disk that take less are read at once
   */
  readers(columns: readonly StoredColumn[], episodes: Uint32Array, memoryBytes: number): Readers;
}

/** One episode number of twenty, without a pattern. Source: the finalizer of MurmurHash3 (Appleby 2011). */
export function isHeldOut(number: number): boolean {
  let hash = number + 1;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % 20 === 0;
}
