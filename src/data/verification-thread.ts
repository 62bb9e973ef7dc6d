/** @file The thread that reads the shards of a data set, and digests their data. */
import { closeSync, openSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { digestFrom } from "./file-digest.ts";
import type { Digested, UnverifiedFile } from "./verification.ts";

for (const { shard, path, dataBegin } of workerData as readonly UnverifiedFile[])
  parentPort?.postMessage({ shard, ...digested(path, dataBegin) } as Digested);

function digested(path: string, dataBegin: number) {
  try {
    const file = openSync(path, "r");
    try {
      return { sha256: digestFrom(file, dataBegin) };
    } finally {
      closeSync(file);
    }
  } catch (error) {
    return { fault: `${path} cannot be read: ${(error as Error).message}.` };
  }
}
