/**
 * @file What a data set holds, told in numbers for people to judge it by. Plain data: drawn and printed elsewhere.
 * Symbols: O observation size, A action size.
 */
import type { Dataset } from "./dataset.ts";
import type { Episode } from "./episode.ts";

export interface TaskCard {
  readonly task: string;
  readonly episodes: number;
  readonly steps: number;
  /** Episodes that any step solved. */
  readonly successes: number;
  readonly meanReturn: number;
  /** The task's episodes in order of collection, cut into up to four parts. */
  readonly quarters: readonly {
    readonly episodes: number;
    readonly successes: number;
    readonly meanReturn: number;
  }[];
  /** How often each dimension's numbers fell into equal parts of [-1, 1]; beyond it, into the outermost. (A, 20) */
  readonly actions: readonly (readonly number[])[];
  readonly hand: HandCoverage;
  /** Dimensions that hardly move in this task, from 0. */
  readonly constant: { readonly observations: readonly number[]; readonly actions: readonly number[] };
}

/**
 * Where the hand was: the first three numbers of an observation, as in Meta-World. The range of all tasks' places is cut
 * into 24 parts per axis.
 */
export interface HandCoverage {
  /** Metres, (3,) each. */
  readonly low: readonly number[];
  readonly high: readonly number[];
  /** Share of all cells in which the hand was at some step. */
  readonly share: number;
  /** Steps by cell seen from above, (24 along x, 24 along y). */
  readonly fromAbove: readonly (readonly number[])[];
}

const bins = 20;
const cells = 24;
/** A smaller range carries no information: as small as the planner's normaliser takes for constant. */
const smallestRange = 1e-4;

/**
 * A card for each task, in order of first collection. Reads every usable episode once.
 * onProgress: told of the episodes that are read, and of all
 */
export function taskCards(
  dataset: Dataset,
  onProgress: (episodes: number, all: number) => void = () => {},
): TaskCard[] {
  const { min, max } = dataset.statistics("observation.state");
  const tallies = new Map<string, Tally>();
  for (let i = 0; i < dataset.episodes; i++) {
    const episode = dataset.episode(i);
    const tally = tallies.get(episode.task) ?? new Tally(episode.task, dataset.actionSize, min, max);
    tallies.set(episode.task, tally);
    tally.add(episode);
    onProgress(i + 1, dataset.episodes);
  }
  return [...tallies.values()].map((tally) => tally.card());
}

/** What of a task has been counted so far. */
class Tally {
  readonly #task: string;
  readonly #min: readonly number[];
  readonly #max: readonly number[];
  readonly #returns: number[] = [];
  readonly #solved: boolean[] = [];
  #steps = 0;
  readonly #observed: Extent;
  readonly #acted: Extent;
  readonly #actions: Uint32Array[];
  readonly #visits = new Uint32Array(cells ** 3);

  /** min, max: ranges of observations over all tasks, (O,) */
  constructor(task: string, actionSize: number, min: readonly number[], max: readonly number[]) {
    this.#task = task;
    this.#min = min;
    this.#max = max;
    this.#observed = new Extent(min.length);
    this.#acted = new Extent(actionSize);
    this.#actions = Array.from({ length: actionSize }, () => new Uint32Array(bins));
  }

  add({ observations, actions, rewards, successes }: Episode): void {
    const actionSize = this.#actions.length;
    this.#returns.push(rewards.reduce((sum, reward) => sum + reward, 0));
    this.#solved.push(successes.includes(1));
    this.#steps += rewards.length;
    this.#observed.add(observations);
    this.#acted.add(actions);
    for (let i = 0; i < actions.length; i++)
      this.#actions[i % actionSize][part((actions[i] + 1) / 2, bins)]++;
    const size = this.#min.length;
    for (let at = 0; at < observations.length; at += size) this.#visits[this.#cell(observations, at)]++;
  }

  card(): TaskCard {
    const episodes = this.#returns.length;
    const parts = Math.min(4, episodes);
    const edges = Array.from({ length: parts + 1 }, (_, i) => Math.round((i * episodes) / parts));
    const over = (first: number, end: number) => ({
      episodes: end - first,
      successes: this.#solved.slice(first, end).filter(Boolean).length,
      meanReturn: mean(this.#returns.slice(first, end)),
    });
    const place = (ends: Float32Array) => [...ends.subarray(0, 3)];
    return {
      task: this.#task,
      steps: this.#steps,
      ...over(0, episodes),
      quarters: edges.slice(1).map((end, i) => over(edges[i], end)),
      actions: this.#actions.map((counts) => [...counts]),
      hand: {
        low: place(this.#observed.low),
        high: place(this.#observed.high),
        share: this.#visits.filter((visits) => visits > 0).length / this.#visits.length,
        fromAbove: Array.from({ length: cells }, (_, x) =>
          Array.from({ length: cells }, (_, y) => {
            const first = (x * cells + y) * cells;
            return this.#visits.subarray(first, first + cells).reduce((sum, visits) => sum + visits, 0);
          }),
        ),
      },
      constant: { observations: this.#observed.constant(), actions: this.#acted.constant() },
    };
  }

  /** The cell of the place at `at`: x before y before z. Missing dimensions count as 0. */
  #cell(observations: Float32Array, at: number): number {
    let cell = 0;
    for (let axis = 0; axis < 3; axis++) {
      const [low, high] = [this.#min[axis], this.#max[axis]];
      cell = cell * cells + (high > low ? part((observations[at + axis] - low) / (high - low), cells) : 0);
    }
    return cell;
  }
}

/** Smallest and largest number of each dimension. */
class Extent {
  readonly low: Float32Array;
  readonly high: Float32Array;

  constructor(size: number) {
    this.low = new Float32Array(size).fill(Number.POSITIVE_INFINITY);
    this.high = new Float32Array(size).fill(Number.NEGATIVE_INFINITY);
  }

  /** rows: (N, size) */
  add(rows: Float32Array): void {
    const { low, high } = this;
    for (let at = 0; at < rows.length; )
      for (let dimension = 0; dimension < low.length; dimension++, at++) {
        if (rows[at] < low[dimension]) low[dimension] = rows[at];
        if (rows[at] > high[dimension]) high[dimension] = rows[at];
      }
  }

  constant(): number[] {
    return [...this.low.keys()].filter((i) => this.high[i] - this.low[i] < smallestRange);
  }
}

/** Which of `count` equal parts of [0, 1] a share lies in; outside, the nearest. */
function part(share: number, count: number): number {
  return Math.min(Math.max(Math.floor(share * count), 0), count - 1);
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
}
