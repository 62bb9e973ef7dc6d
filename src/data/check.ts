/** @file The check of a data set: every byte is read and compared with what was written. */
import { availableParallelism } from "node:os";
import { startThread } from "../platform/index.ts";
import { type CheckNews, type CheckWork, checkShards } from "./check-shards.ts";
import { type Damage, unfinishedText, unlistedFiles } from "./dataset.ts";
import { readManifest, writeManifest } from "./manifest.ts";

export interface CheckReport {
  /** Of all shards that the manifest lists. */
  readonly shards: number;
  readonly episodes: number;
  readonly steps: number;
  readonly bytes: number;
  readonly damage: readonly Damage[];
  /** Files in the folder of shards that do not belong to the data set. */
  readonly unlisted: readonly string[];
  /** A sentence, if not all of the data set is there: what writes it was interrupted, or is at work. */
  readonly unfinished: string | undefined;
  /** See `Dataset`. */
  readonly unchecked: boolean;
}

/**
 * Reads every shard: its structure, its checksum, and that its numbers are finite. Goes at the speed of the disk or of
 * SHA-256 on all processors, whichever is slower. Throws UserError if there is no data set or its manifest is damaged.
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
  const faults = new Map<number, string>();
  const read = new Map<number, number>(); // bytes of each shard
  let done = 0;
  await inThreads(
    { folder, manifest, next: new Int32Array(new SharedArrayBuffer(4)) },
    ({ shard, bytes, fault }) => {
      done += bytes - (read.get(shard) ?? 0);
      read.set(shard, bytes);
      if (fault !== undefined) faults.set(shard, fault);
      onProgress(done, all);
    },
  );
  const damage = manifest.shards.flatMap((shard, i) => {
    const reason = faults.get(i);
    return reason === undefined ? [] : [{ shard, reason }];
  });
  return {
    shards: manifest.shards.length,
    episodes: sum("episodes"),
    steps: sum("steps"),
    bytes: all,
    damage,
    unlisted: await unlistedFiles(folder, manifest),
    unfinished: unfinishedText(folder, manifest.unfinished),
    unchecked: manifest.unchecked ?? false,
  };
}

/**
 * From now on the damaged shards are left out without being read; the numbers of other episodes stay. A data set that was
 * unfinished is taken as it is.
 */
export async function quarantine(folder: string, damage: readonly Damage[]): Promise<void> {
  const { unfinished: _, ...manifest } = await readManifest(folder);
  const reasons = new Map(damage.map(({ shard, reason }) => [shard.file, reason]));
  const shards = manifest.shards.map((shard) => {
    const reason = reasons.get(shard.file);
    return reason === undefined || shard.quarantined !== undefined
      ? shard
      : { ...shard, quarantined: reason };
  });
  await writeManifest(folder, { ...manifest, shards });
}

/** Bytes from which on threads are worth their start. */
const muchWork = 2 ** 28;
/** More would wait for the disk. */
const mostThreads = 8;

/** Checks all shards, several at once where there are many bytes. */
async function inThreads(work: CheckWork, tell: (news: CheckNews) => void): Promise<void> {
  const { shards } = work.manifest;
  if (shards.reduce((sum, { bytes }) => sum + bytes, 0) < muchWork) return checkShards(work, tell);
  const count = Math.min(availableParallelism(), shards.length, mostThreads);
  const threads = Array.from({ length: count }, () =>
    startThread(new URL(/* @vite-ignore */ "./check-thread.ts", import.meta.url), work),
  );
  try {
    await Promise.all(
      threads.map(
        (thread) =>
          new Promise<void>((resolve, reject) => {
            thread.on("message", tell);
            thread.once("error", reject);
            thread.once("exit", () => resolve());
          }),
      ),
    );
  } finally {
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
}
