/** @file Adds episodes to a data set: whole shards, each listed at once or not at all. */
import { readdir, rm, rmdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { requireSameSpaces, type Spaces, UserError } from "../base/index.ts";
import { makeFolder } from "../platform/index.ts";
import { unfinishedText } from "./dataset.ts";
import { checkEpisode, type Episode } from "./episodes/index.ts";
import {
  emptyManifest,
  findManifest,
  type Manifest,
  type Origin,
  readManifest,
  writeManifest,
} from "./manifest.ts";
import { writeMeta } from "./meta.ts";
import { writeShard } from "./shard.ts";

/** A shard is written when it has so many steps: some 100 MB of Meta-World. */
const fullShard = 2 ** 19;

/**
 * Holds the episodes of the shard that is being filled; what `flush` has not written is lost with the process, and
 * nothing else is. One writer at a time per data set.
 */
export class DatasetWriter {
  readonly folder: string;
  readonly #origin: Origin;
  /** Name of what writes it ("import"), while a new data set is unfinished: until `close`. */
  readonly #unfinished: string | undefined;
  #manifest: Manifest | undefined;
  #pending: Episode[] = [];
  #pendingSteps = 0;
  /** Spaces that are known to be those of the data set. */
  #last: Spaces | undefined;
  /** Outermost folder that was made for a new data set. */
  #made: string | undefined;
  #failed = false;

  /**
   * A new data set. Its spaces are those of its first episode.
   * origin: how the data comes about, kept with it   unfinished: what writes it ("import"), if it is none before `close`
   * Throws UserError if the folder holds a data set.
   */
  static async create(folder: string, origin: Origin = {}, unfinished?: string): Promise<DatasetWriter> {
    const there = await findManifest(folder);
    const left = unfinishedText(folder, there?.unfinished);
    if (left !== undefined) throw new UserError(`${left} To write it anew, remove the folder first.`);
    if (there !== undefined)
      throw new UserError(`${folder} already holds a data set. Choose another folder, or append to it.`);
    const made = await makeFolder(folder);
    await removeHalves(folder);
    const writer = new DatasetWriter(folder, undefined, origin, unfinished);
    writer.#made = made;
    return writer;
  }

  /** A data set that grows. Throws UserError if there is none. */
  static async append(folder: string): Promise<DatasetWriter> {
    const manifest = await readManifest(folder);
    await removeHalves(folder);
    return new DatasetWriter(folder, manifest, manifest.origin, manifest.unfinished);
  }

  private constructor(
    folder: string,
    manifest: Manifest | undefined,
    origin: Origin,
    unfinished: string | undefined,
  ) {
    this.folder = folder;
    this.#manifest = manifest;
    this.#origin = origin;
    this.#unfinished = unfinished;
  }

  /** Episodes so far, written or not. */
  get episodes(): number {
    return (this.#manifest?.shards ?? []).reduce((sum, shard) => sum + shard.episodes, this.#pending.length);
  }

  /**
   * Takes in an episode. spaces: of the environment that it was played in
   * Throws UserError if they are not those of the data set, the episode's lengths or sizes are wrong, or a number is not
   * finite; it is left out then.
   */
  async add(episode: Episode, spaces: Spaces): Promise<void> {
    const name = `Episode ${this.episodes}`;
    if (this.#manifest !== undefined && spaces !== this.#last)
      requireSameSpaces(
        `${name} (${episode.task}) is refused: it`,
        spaces,
        `the data set ${this.folder}`,
        this.#manifest.spaces,
      );
    checkEpisode(episode, spaces, name);
    this.#last = spaces;
    this.#manifest ??= emptyManifest(spaces, this.#origin);
    this.#pending.push(episode);
    this.#pendingSteps += episode.rewards.length;
    if (this.#pendingSteps >= fullShard) await this.flush();
  }

  /** Writes the episodes that wait as a shard; when it returns they are part of the data set and on disk. */
  async flush(): Promise<void> {
    if (this.#pending.length > 0) await this.#write(this.#unfinished);
  }

  async #write(unfinished: string | undefined): Promise<void> {
    if (this.#manifest === undefined) return;
    const listed = (await findManifest(this.folder))?.shards.length ?? 0;
    if (listed !== this.#manifest.shards.length)
      throw new UserError(
        `${this.folder} has ${listed} shards where ${this.#manifest.shards.length} were written: ` +
          "another process adds to it. Let one finish before the other starts.",
      );
    try {
      const { unfinished: _, ...rest } =
        this.#pending.length === 0
          ? this.#manifest
          : await writeShard(this.folder, this.#manifest, this.#pending);
      const manifest = { ...rest, ...(unfinished !== undefined && { unfinished }) };
      await writeManifest(this.folder, manifest);
      this.#manifest = manifest;
    } catch (error) {
      this.#failed = true;
      if (!isDiskFull(error)) throw error;
      const before = this.episodes - this.#pending.length;
      throw new UserError(
        `The disk is full: ${this.folder} keeps the ${before} episodes it has, the next ${this.#pending.length} ` +
          "could not be written. Free some space.",
      );
    }
    this.#pending = [];
    this.#pendingSteps = 0;
  }

  /** Writes what waits, and the folder `meta`, which tells others what the data set holds. It is finished then. */
  async close(): Promise<void> {
    if (this.#pending.length > 0 || this.#manifest?.unfinished !== undefined) await this.#write(undefined);
    if (this.#manifest !== undefined) await writeMeta(this.folder);
  }

  /**
   * Removes a new data set, and the folders that were made for it, because what it comes from was refused. Where it could not
   * be written it stays, as the error of that said.
   */
  async discard(): Promise<void> {
    if (this.#failed) return;
    const files = (this.#manifest?.shards ?? []).map(({ file }) => file);
    for (const file of [...files, "manifest.json"]) await rm(join(this.folder, file), { force: true });
    await rmdir(join(this.folder, "data")).catch(() => {}); // it holds something else, or is not there
    for (let folder = resolve(this.folder); this.#made !== undefined; folder = dirname(folder)) {
      const isEmptied = await rmdir(folder).then(
        () => true,
        () => false,
      );
      if (!isEmptied || folder === this.#made) break;
    }
  }
}

/** Removes the files that a killed writer was about to rename. */
async function removeHalves(folder: string): Promise<void> {
  for (const path of [folder, join(folder, "data"), join(folder, "meta")])
    for (const name of await readdir(path).catch(() => []))
      if (/\.[0-9a-f-]{36}\.tmp$/.test(name)) await rm(join(path, name));
}

function isDiskFull(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT");
}
