/** @file Episodes in memory, in order of collection, to be sampled while they grow in number. */
import { type Spaces, sizeOfSpace, UserError } from "../../base/index.ts";
import { canonicalTask } from "../../envs/index.ts";
import type { Episode } from "./episode.ts";
import type { EpisodeStore, Range, Readers, ReadSteps, StoredColumn } from "./episode-store.ts";
import { rangeOf } from "./parts.ts";

/** Nothing is ever dropped: an episode of 500 steps of Meta-World takes 90 kB. */
export class EpisodeList implements EpisodeStore {
  readonly grows = true;
  readonly spaces: Spaces;
  /** In order of collection. */
  readonly items: readonly Episode[];
  readonly #items: Episode[] = [];
  /** Index of each episode's task. */
  readonly #taskIndices: number[] = [];
  readonly #tasks: string[];
  readonly #known: readonly string[] | undefined;
  /** Numbers of an observation, O, and of an action, A. */
  readonly #sizes: readonly [O: number, A: number];
  #steps = 0;

  /** tasks: the only ones, where their order matters to somebody. By default in order of appearance */
  constructor(
    spaces: Spaces,
    {
      episodes = [],
      tasks,
    }: { readonly episodes?: Iterable<Episode>; readonly tasks?: readonly string[] } = {},
  ) {
    this.spaces = spaces;
    this.items = this.#items;
    this.#known = tasks;
    this.#tasks = [...(tasks ?? [])];
    this.#sizes = [sizeOfSpace(spaces.observation), sizeOfSpace(spaces.action)];
    for (const episode of episodes) this.add(episode);
  }

  get episodes(): number {
    return this.#items.length;
  }

  /** Of all episodes. */
  get steps(): number {
    return this.#steps;
  }

  get tasks(): readonly string[] {
    return this.#tasks;
  }

  /** Throws UserError for an episode of other sizes or of a task that is not one of those named at the start. */
  add(episode: Episode): void {
    const { task, observations, finalObservation, actions } = episode;
    const [O, A] = this.#sizes;
    const steps = actions.length / A;
    if (finalObservation.length !== O || !Number.isInteger(steps) || observations.length !== steps * O)
      throw new UserError(
        `Episode ${this.#items.length} (${task}) does not fit: observations have ${O} numbers and actions ${A}; got ` +
          `${observations.length} numbers of observations, ${finalObservation.length} of the final one, ` +
          `${actions.length} of actions.`,
      );
    const known = this.#tasks.map(canonicalTask).indexOf(canonicalTask(task));
    if (known < 0 && this.#known)
      throw new UserError(
        `Episode ${this.#items.length} is of ${task}; these episodes are of ${this.#known.join(", ")}.`,
      );
    this.#taskIndices.push(known < 0 ? this.#tasks.push(task) - 1 : known);
    this.#items.push(episode);
    this.#steps += steps;
  }

  stepsOf(episode: number): number {
    return this.#items[episode].actions.length / this.#sizes[1];
  }

  numberOf(episode: number): number {
    return episode;
  }

  taskOf(episode: number): number {
    return this.#taskIndices[episode];
  }

  isTerminated(episode: number): boolean {
    return this.#items[episode].terminated;
  }

  range(column: "observation" | "action"): Range {
    const numbers = this.#items.map((episode) =>
      column === "observation" ? episode.observations : episode.actions,
    );
    return rangeOf(this.spaces[column], numbers);
  }

  readers(columns: readonly StoredColumn[]): Readers {
    return Object.fromEntries(columns.map((column) => [column, this.#readerOf(column)]));
  }

  #readerOf(column: StoredColumn): ReadSteps {
    const items = this.#items;
    const [O, A] = this.#sizes;
    switch (column) {
      case "observation":
        return (i, from, count, out, at) => copyRows(items[i].observations, from, count, O, out, at);
      case "finalObservation":
        return (i, from, count, out, at) => copyRows(items[i].finalObservation, from, count, O, out, at);
      case "action":
        return (i, from, count, out, at) => copyRows(items[i].actions, from, count, A, out, at);
      case "reward":
        return (i, from, count, out, at) => copyRows(items[i].rewards, from, count, 1, out, at);
      case "success":
        return (i, from, count, out, at) => copyRows(items[i].successes, from, count, 1, out, at);
    }
  }
}

/** Copies `count` rows of `size` numbers, from row `from` on. Few numbers at a time: a loop is faster than views. */
function copyRows(
  rows: Float32Array | Uint8Array,
  from: number,
  count: number,
  size: number,
  out: Float32Array,
  at: number,
): void {
  const end = (from + count) * size;
  for (let i = from * size; i < end; ) out[at++] = rows[i++];
}
