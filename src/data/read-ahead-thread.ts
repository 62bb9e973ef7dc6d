/** @file The thread that reads parts of files and forgets them. */
import { closeSync, openSync, readSync } from "node:fs";
import { workerData } from "node:worker_threads";
import type { FilePart } from "./read-ahead.ts";

const buffer = new Uint8Array(2 ** 22);
for (const { path, begin, end } of workerData as readonly FilePart[]) {
  const file = openSync(path, "r");
  for (let at = begin; at < end; at += buffer.length)
    readSync(file, buffer, 0, Math.min(buffer.length, end - at), at);
  closeSync(file);
}
