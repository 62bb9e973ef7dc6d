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
  /** Those that have presents. */
  #episodes: number[] = [];
  /** Presents of each and all before it. */
  #ends: number[] = [];
  /** As `#ends`, each present counted by its weight. Empty where all weigh the same. */
  #masses: number[] = [];

  constructor(store: EpisodeStore, options: PresentOptions) {
    this.#store = store;
    this.#options = options;
    this.update();
  }

  /** Episodes that have presents. */
  get episodes(): readonly number[] {
    return this.#episodes;
  }

  get count(): number {
    this.update();
    return this.#ends.at(-1) ?? 0;
  }

  /** Takes in new episodes. A filter chooses anew among all. */
  update(): void {
    const { episodes } = this.#store;
    if (episodes === this.#seen) return;
    const { part, where, weight } = this.#options;
    const all = !where && !weight;
    if (!all) this.#forget();
    const fresh: number[] = [];
    for (let i = this.#seen; i < episodes; i++) {
      if (part !== undefined && isHeldOut(this.#store.numberOf(i)) !== (part === "held-out")) continue;
      if (all) this.#take(i);
      else fresh.push(i);
    }
    this.#seen = episodes;
    if (all) return;
    const summaries = summariesOf(this.#store, fresh);
    for (const summary of where ? where(summaries) : summaries) this.#take(summary.index, weight?.(summary));
  }

  /** Draws `episode` and `step`. Throws UserError if there is none. */
  draw(random: Random): void {
    const { length } = this.#ends;
    const count = length > 0 ? this.#ends[length - 1] : 0;
    if (count === 0) throw this.none();
    if (this.#masses.length === 0) {
      const present = random.integer(count);
      const at = firstAbove(this.#ends, present);
      this.episode = this.#episodes[at];
      this.step = present - (at > 0 ? this.#ends[at - 1] : 0);
    } else {
      const at = firstAbove(this.#masses, random.uniform() * this.#masses[length - 1]);
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

  #forget(): void {
    this.#seen = 0;
    this.#longest = 0;
    this.#episodes = [];
    this.#ends = [];
    this.#masses = [];
  }

  #take(episode: number, weight?: number): void {
    if (weight !== undefined && !(weight >= 0 && weight < Number.POSITIVE_INFINITY))
      throw new UserError(`A weight is a finite number from 0, got ${weight} for episode ${episode}.`);
    if (weight === 0) return;
    const steps = this.#store.stepsOf(episode);
    const count = steps - this.#options.reach;
    this.#longest = Math.max(this.#longest, steps);
    if (count <= 0) return;
    this.#episodes.push(episode);
    this.#ends.push((this.#ends.at(-1) ?? 0) + count);
    if (weight !== undefined) this.#masses.push((this.#masses.at(-1) ?? 0) + weight * count);
  }
}

/** The first index whose entry is above `value`. ascending: numbers that do not fall, the last above `value` */
function firstAbove(ascending: readonly number[], value: number): number {
  let [low, high] = [0, ascending.length - 1];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle] > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
