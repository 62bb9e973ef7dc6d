/** @file Whether a data set is what was written: every byte is read. */
import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { locateTensors, type TensorPlace, UserError } from "../base/index.ts";
import { type Damage, unlistedFiles } from "./dataset.ts";
import { readManifest, type ShardEntry, writeManifest } from "./manifest.ts";
import { openShard } from "./shard.ts";

export interface CheckReport {
  /** Of all shards that the manifest lists. */
  readonly shards: number;
  readonly episodes: number;
  readonly steps: number;
  readonly bytes: number;
  readonly damage: readonly Damage[];
  /** Files in the folder of shards that do not belong to the data set. */
  readonly unlisted: readonly string[];
}

/**
 * Reads every shard: its structure, its checksum, and that its numbers are finite. Goes at the speed of the disk or of
 * SHA-256, whichever is slower. Throws UserError if there is no data set or its manifest is damaged.
 * onProgress: told of the bytes that are read, and of all
 */
export async function checkDataset(
  folder: string,
  onProgress: (bytes: number, all: number) => void = () => {},
): Promise<CheckReport> {
  const manifest = await readManifest(folder);
  const sum = (of: "episodes" | "steps" | "bytes") =>
    manifest.shards.reduce((total, each) => total + each[of], 0);
  const all = sum("bytes");
  const damage: Damage[] = [];
  let before = 0;
  for (const shard of manifest.shards) {
    try {
      using opened = await openShard(folder, manifest, shard);
      await checkContents(opened.path, shard, (bytes) => onProgress(before + bytes, all));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      damage.push({ shard, reason: error.message });
      onProgress(before + shard.bytes, all);
    }
    before += shard.bytes;
  }
  return {
    shards: manifest.shards.length,
    episodes: sum("episodes"),
    steps: sum("steps"),
    bytes: all,
    damage,
    unlisted: await unlistedFiles(folder, manifest),
  };
}

/** From now on the damaged shards are left out without being read; the numbers of other episodes stay. */
export async function quarantine(folder: string, damage: readonly Damage[]): Promise<void> {
  const manifest = await readManifest(folder);
  const reasons = new Map(damage.map(({ shard, reason }) => [shard.file, reason]));
  const shards = manifest.shards.map((shard) => {
    const reason = reasons.get(shard.file);
    return reason === undefined || shard.quarantined !== undefined
      ? shard
      : { ...shard, quarantined: reason };
  });
  await writeManifest(folder, { ...manifest, shards });
}

async function checkContents(path: string, { sha256 }: ShardEntry, onProgress: (bytes: number) => void) {
  const { entries } = await locateTensors(path);
  const begin = Math.min(...entries.map((entry) => entry.begin));
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
