/** @file The shards of a data set, checked one after the other, perhaps by several threads that share them. */
import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { minimum, type TensorPlace, UserError } from "../base/index.ts";
import { locateTensors } from "../platform/index.ts";
import type { Manifest, ShardEntry } from "./manifest.ts";
import { openShard } from "./shard.ts";

/** Input of threads that check one data set. */
export interface CheckWork {
  readonly folder: string;
  readonly manifest: Manifest;
  /** Number of the next shard that nobody has taken: shared memory, (1,). */
  readonly next: Int32Array;
}

/** Of shard number `shard`: bytes that are read so far, or all with what is wrong, in one sentence. */
export interface CheckNews {
  readonly shard: number;
  readonly bytes: number;
  readonly fault?: string;
}

/** Checks shards until none is left: structure, checksum, and that numbers are finite. */
export async function checkShards(
  { folder, manifest, next }: CheckWork,
  tell: (news: CheckNews) => void,
): Promise<void> {
  const { shards } = manifest;
  for (let shard = Atomics.add(next, 0, 1); shard < shards.length; shard = Atomics.add(next, 0, 1)) {
    const fault = await faultOf(folder, manifest, shards[shard], (bytes) => tell({ shard, bytes }));
    if (fault !== undefined) tell({ shard, bytes: shards[shard].bytes, fault });
  }
}

/** Fault of a shard, in one sentence; undefined if it is sound. */
async function faultOf(
  folder: string,
  manifest: Manifest,
  entry: ShardEntry,
  onProgress: (bytes: number) => void,
): Promise<string | undefined> {
  try {
    using opened = await openShard(folder, manifest, entry);
    await checkContents(opened.path, entry, onProgress);
    return undefined;
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}

async function checkContents(path: string, { sha256 }: ShardEntry, onProgress: (bytes: number) => void) {
  const { entries } = await locateTensors(path);
  const begin = minimum(entries.map((entry) => entry.begin));
  const hash = createHash("sha256");
  await using file = await open(path);
  for await (const { bytes, at } of chunksOf(file, begin)) {
    hash.update(bytes);
    for (const place of entries) checkFinite(path, place, bytes, at);
    onProgress(at + bytes.length);
  }
  const found = hash.digest("hex");
  if (found !== sha256)
    throw new UserError(`${path} is damaged: its data has sha256 ${found}, the manifest says ${sha256}.`);
}

/** Bytes read at once. */
const chunkBytes = 2 ** 22;

/** A file from `begin` on, piece by piece: while one is looked at, the next is read. A piece is valid until the next. */
async function* chunksOf(file: FileHandle, begin: number) {
  const buffers = [new Uint8Array(chunkBytes), new Uint8Array(chunkBytes)];
  const read = async (piece: number) => {
    const at = begin + piece * chunkBytes;
    const buffer = buffers[piece % 2];
    let length = 0;
    for (let more = 1; more > 0 && length < chunkBytes; length += more)
      more = (await file.read(buffer, length, chunkBytes - length, at + length)).bytesRead;
    return { bytes: buffer.subarray(0, length), at };
  };
  let next = read(0);
  for (let piece = 1; ; piece++) {
    const chunk = await next;
    if (chunk.bytes.length === 0) return;
    next = read(piece);
    next.catch(() => {}); // told when it is awaited
    yield chunk;
  }
}

/** bytes: those of the file from `at` on. Throws UserError where they hold a number of a column that is not finite. */
function checkFinite(
  path: string,
  { name, dtype, shape, begin, end }: TensorPlace,
  bytes: Uint8Array,
  at: number,
) {
  const [from, to] = [Math.max(begin, at), Math.min(end, at + bytes.length)];
  if (dtype !== "F32" || from >= to) return;
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset + from - at, (to - from) / 4);
  let seen = 0;
  for (const word of words) seen |= ((word >>> 23) & 255) + 1; // bit 8: all bits of an exponent are set
  if ((seen & 256) === 0) return;
  const first = words.findIndex((word) => ((word >>> 23) & 255) === 255);
  const size = shape[1] ?? 1;
  const index = (from - begin) / 4 + first;
  const number = new Float32Array(words.buffer, words.byteOffset)[first];
  throw new UserError(
    `${path}: column ${name} holds ${number} in row ${Math.floor(index / size)}, dimension ${index % size}.`,
  );
}
