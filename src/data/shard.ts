/**
 * @file A shard: whole episodes as columns of one safetensors file, one after another, and a table of them.
 * Symbols: E episodes of the shard.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Metadata, minimum, type TensorPlace, UserError } from "../base/index.ts";
import { locateTensors, makeFolder, writeTensors } from "../platform/index.ts";
import type { Episode } from "./episodes/index.ts";
import type { Manifest, ShardEntry } from "./manifest.ts";
import { asTensors, columnStatistics, columnsOf, finalColumnOf, firstFinalColumn } from "./shard-columns.ts";

/** Writes episodes, which are known to be sound, as the next shard of `manifest`; returns the manifest that lists it. */
export async function writeShard(
  folder: string,
  manifest: Manifest,
  episodes: readonly Episode[],
): Promise<Manifest> {
  const tasks = [...new Set([...manifest.tasks, ...episodes.map(({ task }) => task)])];
  const first = manifest.shards.reduce((sum, shard) => sum + shard.episodes, 0);
  const file = `data/shard-${String(manifest.shards.length).padStart(5, "0")}.safetensors`;
  const path = join(folder, file);
  const tensors = asTensors(episodes, manifest.spaces, first, tasks);
  await makeFolder(dirname(path));
  const { sha256 } = await writeTensors(path, tensors);
  const entry: ShardEntry = {
    file,
    sha256,
    bytes: (await stat(path)).size,
    episodes: episodes.length,
    steps: tensors.frame_index.data.length,
    stats: columnStatistics(tensors, manifest.spaces),
  };
  return { ...manifest, tasks, shards: [...manifest.shards, entry] };
}

/** A shard on disk whose structure is sound: its columns are there, of the right sizes. Holds its file open. */
export interface Shard extends Disposable {
  readonly entry: ShardEntry;
  readonly path: string;
  readonly file: number;
  /** Byte of the file at which its data section begins, of which the manifest has the digest. */
  readonly dataBegin: number;
  /** Bytes of the file at which each column begins. */
  readonly begin: Readonly<Record<string, number>>;
  /** Steps of each episode, (E,). */
  readonly lengths: Int32Array;
  /** (E,) */
  readonly taskIndices: Int32Array;
  readonly seeds: Uint32Array;
  readonly terminated: Uint8Array;
}

/**
 * Reads a shard's structure and table of episodes. Throws UserError, in one sentence, if it cannot be used, or is another
 * shard than the manifest lists.
 */
export async function openShard(folder: string, manifest: Manifest, entry: ShardEntry): Promise<Shard> {
  const path = join(folder, entry.file);
  if (entry.quarantined !== undefined) throw new UserError(`${path} is in quarantine: ${entry.quarantined}`);
  const { entries, metadata } = await locateTensors(path);
  const places = new Map(entries.map((place) => [place.name, place]));
  const begin: Record<string, number> = {};
  for (const [name, column] of Object.entries(columnsOf(manifest.spaces))) {
    const rows = column.per === "step" ? entry.steps : entry.episodes;
    const old = name === finalColumnOf("state") ? places.get(firstFinalColumn) : undefined;
    const place = places.get(name) ?? old;
    begin[name] = checkColumn(path, name, place, column.dtype, [rows, ...column.size]);
  }
  const file = openSync(path, "r");
  const read = <T extends NodeJS.ArrayBufferView>(column: string, into: T) => {
    readBytes(file, bytesOf(into), begin[column]);
    return into;
  };
  const shard = {
    entry,
    path,
    file,
    dataBegin: minimum(entries.map((place) => place.begin)),
    begin,
    lengths: read("episode.length", new Int32Array(entry.episodes)),
    taskIndices: read("episode.task_index", new Int32Array(entry.episodes)),
    seeds: read("episode.seed", new Uint32Array(entry.episodes)),
    terminated: read("episode.terminated", new Uint8Array(entry.episodes)),
    [Symbol.dispose]: () => closeSync(file),
  };
  const fault = faultOf(shard, manifest) ?? mistakenIdentity(shard, metadata);
  if (fault === undefined) return shard;
  closeSync(file);
  throw new UserError(`${path} is damaged: ${fault}`);
}

function faultOf({ entry, lengths, taskIndices }: Shard, { tasks }: Manifest): string | undefined {
  const steps = lengths.reduce((sum, length) => sum + length, 0);
  if (lengths.some((length) => length < 1) || steps !== entry.steps)
    return `its episodes have ${steps} steps, its columns ${entry.steps}.`;
  const unknown = taskIndices.find((task) => !(task in tasks));
  if (unknown !== undefined) return `an episode's task_index is ${unknown}, there are ${tasks.length} tasks.`;
  return undefined;
}

/** A clause that tells a shard from the one that the manifest lists; undefined if it says that it is the same. */
function mistakenIdentity({ entry, file }: Shard, { sha256 }: Metadata): string | undefined {
  const { size } = fstatSync(file);
  if (sha256 !== entry.sha256)
    return `it says that its data has sha256 ${sha256 ?? "(nothing)"}, the manifest says ${entry.sha256}.`;
  return size === entry.bytes ? undefined : `it has ${size} bytes, the manifest says ${entry.bytes}.`;
}

/** First byte of a column in the file. Throws UserError unless it is of the type and sizes that it should be. */
function checkColumn(
  path: string,
  name: string,
  place: TensorPlace | undefined,
  dtype: string,
  shape: readonly number[],
): number {
  if (place === undefined) throw new UserError(`${path} lacks the column ${name}.`);
  if (place.begin % 4 !== 0 && dtype !== "BOOL" && dtype !== "U8")
    throw new UserError(`${path}: column ${name} begins at byte ${place.begin}, not at a multiple of 4.`);
  if (place.dtype === dtype && place.shape.join() === shape.join()) return place.begin;
  throw new UserError(
    `${path}: column ${name} is ${place.dtype} (${place.shape.join(", ")}), the manifest asks for ` +
      `${dtype} (${shape.join(", ")}).`,
  );
}

/** The memory of an array, not a copy. */
function bytesOf(array: NodeJS.ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** Fills `length` bytes, all by default, from number `at` on with those of a file from `begin` on. */
export function readBytes(
  file: number,
  bytes: Uint8Array,
  begin: number,
  at = 0,
  length = bytes.length - at,
): void {
  for (let read = 0; read < length; ) {
    const count = readSync(file, bytes, at + read, Math.min(length - read, 2 ** 30), begin + read);
    if (count === 0) throw new UserError("A shard of the data set shrank while it was read.");
    read += count;
  }
}
