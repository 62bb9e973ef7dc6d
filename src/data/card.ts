/**
 * @file Cards: the content of a data set, task by task, in numbers for people. Plain data: drawn and printed elsewhere.
 * Symbols: O numbers of an observation, A of an action.
 */
import { mean, sizeOfSpace, UserError } from "../base/index.ts";
import type { Dataset } from "./dataset.ts";
import { type Episode, faultOf, partPlaces, type Range } from "./episodes/index.ts";

export interface TaskCard {
  readonly task: string;
  readonly episodes: number;
  readonly steps: number;
  /** Episodes that any step solved. */
  readonly successes: number;
  readonly meanReturn: number;
  /** True if any reward differs from 0: a data set without rewards has zeros for them. */
  readonly rewarded: boolean;
  /** The task's episodes in order of collection, cut into up to four equal parts. */
  readonly quarters: readonly CollectedPart[];
  /** As `quarters`, where episodes are many in up to twenty parts of at least eight. */
  readonly overTime: readonly CollectedPart[];
  /** Histogram of each dimension over equal parts of [-1, 1]; numbers beyond count in the outermost. (A, 20) */
  readonly actions: readonly (readonly number[])[];
  readonly hand: HandCoverage;
  /** Dimensions that hardly move in this task, from 0. */
  readonly constant: { readonly observations: readonly number[]; readonly actions: readonly number[] };
}

/** Episodes of one task that were collected one after the other. */
export interface CollectedPart {
  readonly episodes: number;
  readonly successes: number;
  readonly meanReturn: number;
  /** Of its episodes' returns, the smallest and the largest. */
  readonly lowReturn: number;
  readonly highReturn: number;
}

/**
 * Places of the hand: the first three numbers of the part "state" of observations, as in Meta-World; none where their names
 * say otherwise. The range of all tasks' places is cut into 24 parts per axis.
 */
export interface HandCoverage {
  /** Smallest and largest place of this task, metres, (3,) each; shorter where that part is, empty where there is none. */
  readonly low: readonly number[];
  readonly high: readonly number[];
  /** As `low` and `high`, of all tasks: what the cells divide. */
  readonly all: { readonly low: readonly number[]; readonly high: readonly number[] };
  /** Share of all cells in which the hand was at some step. */
  readonly share: number;
  /** Steps by cell seen from above, (24 along x, 24 along y). */
  readonly fromAbove: readonly (readonly number[])[];
  /** Steps by cell seen from the front, (24 along x, 24 along z). */
  readonly fromFront: readonly (readonly number[])[];
}

const bins = 20;
const cells = 24;
/** A smaller range carries no information: as small as the planner's normalizer takes for constant. */
const smallestRange = 1e-4;

/** Labels that no card has, so that zeros may stand in for them: a sentence each. */
export function absentLabels(cards: readonly TaskCard[]): string[] {
  return [
    ...(cards.some(({ rewarded }) => rewarded)
      ? []
      : ["No reward differs from 0: nothing was earned, or the data does not say."]),
    ...(cards.some(({ successes }) => successes > 0)
      ? []
      : ["No step is marked as solved: none was, or the data does not say."]),
  ];
}

export interface CardOptions {
  /** Told of the episodes that are read, and of all. */
  readonly onProgress?: (episodes: number, all: number) => void;
  /** Told, in one sentence, of an episode that is left out because a number of it is not finite. */
  readonly onRefused?: (reason: string) => void;
}

/**
 * A card for each task, in order of first collection. Reads every usable episode once. Throws UserError if all are
 * refused.
 */
export function taskCards(
  dataset: Dataset,
  { onProgress = () => {}, onRefused = () => {} }: CardOptions = {},
): TaskCard[] {
  const range = dataset.range("observation");
  const place = partPlaces(dataset.spaces.observation).find(
    ({ name, part }) => name === "state" && (part.names?.[0] ?? "hand").startsWith("hand"),
  );
  const hand = { begin: place?.offset ?? 0, end: (place?.offset ?? 0) + Math.min(3, place?.size ?? 0) };
  const actionSize = sizeOfSpace(dataset.spaces.action);
  const tallies = new Map<string, Tally>();
  for (let i = 0; i < dataset.episodes; i++) {
    const episode = dataset.episode(i);
    const fault = faultOf(episode, dataset.spaces, dataset.about(i).number);
    if (fault === undefined) {
      const tally = tallies.get(episode.task) ?? new Tally(episode.task, actionSize, range, hand);
      tallies.set(episode.task, tally);
      tally.add(episode);
    } else onRefused(fault);
    onProgress(i + 1, dataset.episodes);
  }
  if (tallies.size === 0)
    throw new UserError(`${dataset.folder}: every episode holds numbers that are not finite.`);
  return [...tallies.values()].map((tally) => tally.card());
}

/** Numbers of an observation that are the hand's place. */
interface HandPlace {
  readonly begin: number;
  readonly end: number;
}

/** Counts over the episodes of a task so far. */
class Tally {
  readonly #task: string;
  readonly #range: Range;
  readonly #hand: HandPlace;
  readonly #returns: number[] = [];
  readonly #solved: boolean[] = [];
  #steps = 0;
  #rewarded = false;
  readonly #observed: Extent;
  readonly #acted: Extent;
  readonly #actions: Uint32Array[];
  readonly #visits = new Uint32Array(cells ** 3);

  /** range: of observations over all tasks, (O,) */
  constructor(task: string, actionSize: number, range: Range, hand: HandPlace) {
    this.#task = task;
    this.#range = range;
    this.#hand = hand;
    this.#observed = new Extent(range.low.length);
    this.#acted = new Extent(actionSize);
    this.#actions = Array.from({ length: actionSize }, () => new Uint32Array(bins));
  }

  add({ observations, actions, rewards, successes }: Episode): void {
    const actionSize = this.#actions.length;
    this.#returns.push(rewards.reduce((sum, reward) => sum + reward, 0));
    this.#rewarded ||= rewards.some((reward) => reward !== 0);
    this.#solved.push(successes.includes(1));
    this.#steps += rewards.length;
    this.#observed.add(observations);
    this.#acted.add(actions);
    for (let i = 0; i < actions.length; i++)
      this.#actions[i % actionSize][part((actions[i] + 1) / 2, bins)]++;
    const size = this.#range.low.length;
    for (let at = 0; at < observations.length; at += size) this.#visits[this.#cell(observations, at)]++;
  }

  card(): TaskCard {
    const episodes = this.#returns.length;
    const { successes, meanReturn } = this.#part(0, episodes);
    const ofHand = (row: Iterable<number>) => [...row].slice(this.#hand.begin, this.#hand.end);
    const seen = (side: (x: number, y: number, z: number) => number) => {
      const counts = Array.from({ length: cells }, () => new Array<number>(cells).fill(0));
      for (const [cell, visits] of this.#visits.entries()) {
        const [x, y, z] = [Math.floor(cell / cells ** 2), Math.floor(cell / cells) % cells, cell % cells];
        counts[x][side(x, y, z)] += visits;
      }
      return counts;
    };
    return {
      task: this.#task,
      episodes,
      steps: this.#steps,
      successes,
      meanReturn,
      rewarded: this.#rewarded,
      quarters: this.#parts(4),
      overTime: this.#parts(Math.min(Math.max(4, Math.floor(episodes / 8)), 20)),
      actions: this.#actions.map((counts) => [...counts]),
      hand: {
        low: ofHand(this.#observed.low),
        high: ofHand(this.#observed.high),
        all: { low: ofHand(this.#range.low), high: ofHand(this.#range.high) },
        share: this.#visits.filter((visits) => visits > 0).length / this.#visits.length,
        fromAbove: seen((_x, y) => y),
        fromFront: seen((_x, _y, z) => z),
      },
      constant: { observations: this.#observed.constant(), actions: this.#acted.constant() },
    };
  }

  /** The episodes in up to `most` parts that differ by at most one episode. */
  #parts(most: number): CollectedPart[] {
    const episodes = this.#returns.length;
    const count = Math.min(most, episodes);
    const edges = Array.from({ length: count + 1 }, (_, i) => Math.round((i * episodes) / count));
    return edges.slice(1).map((end, i) => this.#part(edges[i], end));
  }

  #part(first: number, end: number): CollectedPart {
    const returns = this.#returns.slice(first, end);
    return {
      episodes: returns.length,
      successes: this.#solved.slice(first, end).filter(Boolean).length,
      meanReturn: mean(returns),
      lowReturn: returns.reduce((low, x) => Math.min(low, x)),
      highReturn: returns.reduce((high, x) => Math.max(high, x)),
    };
  }

  /** The cell of the place at `at`: x before y before z. Missing dimensions count as 0. */
  #cell(observations: Float32Array, at: number): number {
    const { begin, end } = this.#hand;
    let cell = 0;
    for (let axis = begin; axis < begin + 3; axis++) {
      const [low, high] = axis < end ? [this.#range.low[axis], this.#range.high[axis]] : [0, 0];
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

/** Index of the one of `count` equal parts of [0, 1] that a share lies in; outside, the nearest. */
function part(share: number, count: number): number {
  return Math.min(Math.max(Math.floor(share * count), 0), count - 1);
}
