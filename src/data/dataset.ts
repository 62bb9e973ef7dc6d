/**
 * @file A data set in a folder, read. What is damaged is left out and told; the rest stays usable.
 * Symbols: T steps of an episode.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { lookup, type Spaces, sizeOfSpace, UserError } from "../base/index.ts";
import { isHidden } from "../platform/index.ts";
import { readersOf } from "./dataset-columns.ts";
import type { Episode, EpisodeStore, Range, Readers, StoredColumn } from "./episodes/index.ts";
import { namedTasks, type PartPlace, spreadChannels } from "./episodes/index.ts";
import { type Manifest, type Origin, readManifest, type ShardEntry } from "./manifest.ts";
import { openShard, readBytes, type Shard } from "./shard.ts";
import { columnOfPart } from "./shard-columns.ts";
import { joinStatistics, type Statistics } from "./statistics.ts";
import { Verification } from "./verification.ts";

/** Facts of an episode that are known without reading it. */
export interface EpisodeEntry {
  /** Counts over the whole data set as it was written: stays when other episodes are left out. */
  readonly number: number;
  readonly task: string;
  readonly seed: number;
  readonly steps: number;
  readonly terminated: boolean;
}

/** Something of a data set that cannot be used. */
export interface Damage {
  readonly shard: ShardEntry;
  /** One sentence that names the file. */
  readonly reason: string;
}

/** Places of episodes, by typed arrays with an entry per episode. */
export interface Places {
  /** Index among the usable shards. */
  readonly shard: Uint32Array;
  /** Index among the shard's episodes. */
  readonly local: Uint32Array;
  /** Its first row in the shard's columns, and how many are its own. */
  readonly row: Uint32Array;
  readonly steps: Uint32Array;
  /** See `EpisodeEntry`. */
  readonly number: Uint32Array;
}

/** Holds files open until disposed: `using dataset = await Dataset.open(folder)`. */
export class Dataset implements Disposable, EpisodeStore {
  readonly grows = false;
  readonly folder: string;
  readonly spaces: Spaces;
  /** Names of tasks, each once, in one of its spellings; a label, like rewards. */
  readonly tasks: readonly string[];
  readonly origin: Origin;
  /** Shards that are left out. */
  readonly damage: readonly Damage[];
  /** Files in the folder of shards that do not belong to the data set: what an interrupted writer left. */
  readonly unlisted: readonly string[];
  /** A sentence, if not all of the data set is there: what writes it was interrupted, or is at work. */
  readonly unfinished: string | undefined;
  /** True: statistics and names, or a part of them, come from a manifest of version 1 or 2, which had no checksum. */
  readonly unchecked: boolean;
  readonly shards: readonly Shard[];
  /** Comparison of the shards with their checksums. Whoever reads a shard's columns, by whatever method, waits for it. */
  readonly verification: Verification;
  /** Of what is usable. */
  readonly episodes: number;
  readonly steps: number;
  /** Places of the usable episodes. */
  readonly places: Places;
  /** Index among `tasks` of each name that the shards know. */
  readonly #taskIndices: readonly number[];
  #whole: Readers | undefined;

  /** Throws UserError if there is no data set, its manifest is damaged, or nothing of it is usable. */
  static async open(folder: string): Promise<Dataset> {
    const manifest = await readManifest(folder);
    const damage: Damage[] = [];
    const shards: Shard[] = [];
    const numbers: number[] = [];
    let number = 0;
    for (const entry of manifest.shards) {
      try {
        shards.push(await openShard(folder, manifest, entry));
        numbers.push(number);
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        damage.push({ shard: entry, reason: error.message });
      }
      number += entry.episodes;
    }
    if (shards.length === 0)
      throw new UserError(
        damage.length === 0
          ? `${folder} holds no episode.`
          : `Nothing of ${folder} can be used. ${damage.map(({ reason }) => reason).join(" ")}`,
      );
    return new Dataset(folder, manifest, shards, numbers, damage, await unlistedFiles(folder, manifest));
  }

  /**
   * As `open`. Throws UserError for what is unfinished and for damage that is not in quarantine, so that nobody goes on
   * with less than they think.
   */
  static async openWhole(folder: string): Promise<Dataset> {
    const dataset = await Dataset.open(folder);
    const unknown = dataset.damage.find(({ shard }) => shard.quarantined === undefined);
    const fault = dataset.unfinished ?? unknown?.reason;
    if (fault === undefined) return dataset;
    dataset[Symbol.dispose]();
    throw new UserError(`${fault} To use what is there, run sodp data check ${folder} --quarantine.`);
  }

  private constructor(
    folder: string,
    manifest: Manifest,
    shards: readonly Shard[],
    numbers: readonly number[],
    damage: readonly Damage[],
    unlisted: readonly string[],
  ) {
    this.folder = folder;
    this.spaces = manifest.spaces;
    const { tasks, indices } = namedTasks(manifest.tasks);
    this.tasks = tasks;
    this.#taskIndices = indices;
    this.origin = manifest.origin;
    this.damage = damage;
    this.unlisted = unlisted;
    this.unfinished = unfinishedText(folder, manifest.unfinished);
    this.unchecked = manifest.unchecked ?? false;
    this.shards = shards;
    this.verification = new Verification(folder, shards);
    this.places = placesOf(shards, numbers);
    this.episodes = this.places.shard.length;
    this.steps = shards.reduce((sum, { entry }) => sum + entry.steps, 0);
  }

  /**
   * Statistics of all usable steps, without reading them. Throws UserError where the manifest has none.
   * column: "observation.state", "action", "next.reward", ...: every column of numbers, by channel
   */
  statistics(column: string): Statistics {
    return joinStatistics(this.shards.map(({ entry }) => lookup(entry.stats, column, "column")));
  }

  /** Facts of usable episode `i`, from 0 to `episodes` - 1. */
  about(i: number): EpisodeEntry {
    this.#check(i);
    const { places } = this;
    const shard = this.shards[places.shard[i]];
    const local = places.local[i];
    return {
      number: places.number[i],
      task: this.tasks[this.taskOf(i)],
      seed: shard.seeds[local],
      steps: places.steps[i],
      terminated: shard.terminated[local] === 1,
    };
  }

  stepsOf(i: number): number {
    return this.places.steps[i];
  }

  numberOf(i: number): number {
    return this.places.number[i];
  }

  taskOf(i: number): number {
    const { shard, local } = this.places;
    return this.#taskIndices[this.shards[shard[i]].taskIndices[local[i]]];
  }

  isTerminated(i: number): boolean {
    const { shard, local } = this.places;
    return this.shards[shard[i]].terminated[local[i]] === 1;
  }

  range(column: "observation" | "action"): Range {
    const space = this.spaces[column];
    const ofPart = (end: "min" | "max") => (part: PartPlace) =>
      this.statistics(columnOfPart(column, part.name))[end];
    return { low: spreadChannels(space, ofPart("min")), high: spreadChannels(space, ofPart("max")) };
  }

  /** See `EpisodeStore`. They throw UserError for damage and for a number that is not finite. */
  readers(columns: readonly StoredColumn[], episodes: Uint32Array, memoryBytes: number): Readers {
    if (columns.length > 0) this.verification.begin();
    return readersOf(this, columns, episodes, { memoryBytes, checked: true });
  }

  /**
   * Usable episode `i`, from 0 to `episodes` - 1: arrays of its own. Throws UserError if its shard is not what was written;
   * that its numbers are finite is not checked.
   */
  episode(i: number): Episode {
    const { task, seed, steps, terminated } = this.about(i);
    this.verification.require(this.places.shard[i]);
    const [O, A] = [this.spaces.observation, this.spaces.action].map(sizeOfSpace);
    this.#whole ??= readersOf(this, storedColumns, new Uint32Array(), { memoryBytes: 0, checked: false });
    const whole = this.#whole;
    const read = (column: StoredColumn, rows: number, size: number) => {
      const into = new Float32Array(rows * size);
      whole[column]?.(i, 0, rows, into, 0);
      return into;
    };
    return {
      task,
      seed,
      observations: read("observation", steps, O),
      finalObservation: read("finalObservation", 1, O),
      actions: read("action", steps, A),
      rewards: read("reward", steps, 1),
      successes: this.#successes(i),
      terminated,
    };
  }

  /** True if any step of usable episode `i` solved its task. Throws UserError as `episode` does. */
  isSolved(i: number): boolean {
    this.#check(i);
    this.verification.require(this.places.shard[i]);
    return this.#successes(i).includes(1);
  }

  #successes(i: number): Uint8Array {
    const { shard, row, steps } = this.places;
    const successes = new Uint8Array(steps[i]);
    const { file, begin } = this.shards[shard[i]];
    readBytes(file, successes, begin["next.success"] + row[i]);
    return successes;
  }

  /** The same as its disposal, for who has no `using`. */
  close(): void {
    this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.verification[Symbol.dispose]();
    for (const shard of this.shards) shard[Symbol.dispose]();
  }

  #check(i: number): void {
    if (Number.isInteger(i) && i >= 0 && i < this.episodes) return;
    throw new UserError(`${this.folder}: episodes are numbered 0 to ${this.episodes - 1}, got ${i}.`);
  }
}

/** Columns of an episode, but for its successes, which are bytes. */
const storedColumns = ["observation", "finalObservation", "action", "reward"] as const;

/** numbers: of each shard's first episode */
function placesOf(shards: readonly Shard[], numbers: readonly number[]): Places {
  const episodes = shards.reduce((sum, { lengths }) => sum + lengths.length, 0);
  const column = () => new Uint32Array(episodes);
  const places = { shard: column(), local: column(), row: column(), steps: column(), number: column() };
  let i = 0;
  for (const [shard, { lengths }] of shards.entries()) {
    let row = 0;
    for (let local = 0; local < lengths.length; local++) {
      const steps = lengths[local];
      places.shard[i] = shard;
      places.local[i] = local;
      places.row[i] = row;
      places.steps[i] = steps;
      places.number[i] = numbers[shard] + local;
      row += steps;
      i++;
    }
  }
  return places;
}

/** A sentence on a data set that is not all there; undefined if it is. */
export function unfinishedText(folder: string, unfinished: string | undefined): string | undefined {
  if (unfinished === undefined) return undefined;
  return `${folder} is unfinished: the ${unfinished} that writes it was interrupted, or is still at work.`;
}

export async function unlistedFiles(folder: string, { shards }: Manifest): Promise<string[]> {
  const listed = new Set(shards.map(({ file }) => file));
  const there = await readdir(join(folder, "data")).catch(() => []);
  return there
    .filter((name) => !isHidden(name))
    .map((name) => `data/${name}`)
    .filter((file) => !listed.has(file))
    .sort();
}
