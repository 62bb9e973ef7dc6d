/** @file Drawing a present: an episode and a step of it. Symbols: T steps of an episode. */
import { type Random, UserError } from "../../base/index.ts";
import { type EpisodeFilter, type EpisodeSummary, summariesOf } from "./episode-filters.ts";
import { type EpisodeStore, isHeldOut } from "./episode-store.ts";

/** "held-out": one of twenty episodes, chosen by their numbers. "train": the others. */
export type EpisodePart = "train" | "held-out";

/** Steps that can be the present, and how likely they are. */
export interface PresentOptions {
  /** Last steps of an episode that cannot be the present. */
  readonly reach: number;
  readonly part: EpisodePart | undefined;
  readonly where: EpisodeFilter | undefined;
  readonly weight: ((episode: EpisodeSummary) => number) | undefined;
}

/** All presents of a store's episodes, in order. Episodes that a list was given since are taken in by `update`. */
export class Presents {
  /** The episode and step drawn last. */
  episode = 0;
  step = 0;
  readonly #store: EpisodeStore;
  readonly #options: PresentOptions;
  /** Episodes of the store that were looked at. */
  #seen = 0;
  /** Steps of the longest of them that has any weight. */
  #longest = 0;
  /** Number of those that have presents; entries of the arrays below beyond it mean nothing. */
  #length = 0;
  #episodes = new Uint32Array();
  /** Presents of each and all before it. */
  #ends = new Float64Array();
  /** As `#ends`, each present counted by its weight. Empty where all weigh the same. */
  #masses = new Float64Array();

  constructor(store: EpisodeStore, options: PresentOptions) {
    this.#store = store;
    this.#options = options;
    this.update();
  }

  /** Episodes that have presents. */
  get episodes(): Uint32Array {
    return this.#episodes.subarray(0, this.#length);
  }

  get count(): number {
    this.update();
    return lastOf(this.#ends, this.#length);
  }

  /** Takes in new episodes. A filter chooses anew among all. */
  update(): void {
    const { episodes } = this.#store;
    if (episodes === this.#seen) return;
    const { part, where, weight } = this.#options;
    const isOfPart = (i: number) =>
      part === undefined || isHeldOut(this.#store.numberOf(i)) === (part === "held-out");
    if (!where && !weight) {
      for (; this.#seen < episodes; this.#seen++) if (isOfPart(this.#seen)) this.#take(this.#seen);
      return;
    }
    this.#length = 0;
    this.#longest = 0;
    this.#seen = episodes;
    const summaries = summariesOf(this.#store, Uint32Array.from(Array(episodes).keys()).filter(isOfPart));
    for (const summary of where ? where(summaries) : summaries) this.#take(summary.index, weight?.(summary));
  }

  /** Draws `episode` and `step`. Throws UserError if there is none. */
  draw(random: Random): void {
    const length = this.#length;
    if (length === 0) throw this.none();
    if (!this.#options.weight) {
      const present = random.integer(this.#ends[length - 1]);
      const at = firstAbove(this.#ends, length, present);
      this.episode = this.#episodes[at];
      this.step = present - (at > 0 ? this.#ends[at - 1] : 0);
    } else {
      const at = firstAbove(this.#masses, length, random.uniform() * this.#masses[length - 1]);
      this.episode = this.#episodes[at];
      this.step = random.integer(this.#ends[at] - (at > 0 ? this.#ends[at - 1] : 0));
    }
  }

  /** Error of a selection from which nothing can be drawn. */
  none(): UserError {
    return new UserError(
      this.#longest === 0
        ? "There is no episode to draw from."
        : `No step can be the present: ${this.#options.reach} more must follow it, and the longest episode has ` +
            `${this.#longest}.`,
    );
  }

  #take(episode: number, weight?: number): void {
    if (weight !== undefined && !(weight >= 0 && weight < Number.POSITIVE_INFINITY))
      throw new UserError(`A weight is a finite number from 0, got ${weight} for episode ${episode}.`);
    if (weight === 0) return;
    const steps = this.#store.stepsOf(episode);
    const count = steps - this.#options.reach;
    this.#longest = Math.max(this.#longest, steps);
    if (count <= 0) return;
    const at = this.#length;
    if (at === this.#episodes.length) this.#grow();
    this.#episodes[at] = episode;
    this.#ends[at] = lastOf(this.#ends, at) + count;
    if (weight !== undefined) this.#masses[at] = lastOf(this.#masses, at) + weight * count;
    this.#length += 1;
  }

  /** Room for twice as many: lists of numbers would take three times the memory. */
  #grow(): void {
    const room = Math.max(1024, 2 * this.#episodes.length);
    this.#episodes = copiedInto(new Uint32Array(room), this.#episodes);
    this.#ends = copiedInto(new Float64Array(room), this.#ends);
    if (this.#options.weight) this.#masses = copiedInto(new Float64Array(room), this.#masses);
  }
}

function copiedInto<T extends Uint32Array | Float64Array>(room: T, numbers: T): T {
  room.set(numbers);
  return room;
}

/** The last of the first `length` entries; 0 if there is none. */
const lastOf = (numbers: Float64Array, length: number): number => (length > 0 ? numbers[length - 1] : 0);

/** The first index whose entry is above `value`. ascending: its `length` entries do not fall, the last is above `value` */
function firstAbove(ascending: Float64Array, length: number, value: number): number {
  let [low, high] = [0, length - 1];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle] > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
