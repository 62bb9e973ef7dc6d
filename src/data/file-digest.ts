/** @file The digest of a part of a file. Imports nothing of this package: a thread is started for it. */
import { createHash } from "node:crypto";
import { readSync } from "node:fs";

/** Bytes that are read at once. */
const chunkBytes = 2 ** 20;

/** SHA-256 of a file from byte `begin` on, in hexadecimal. */
export function digestFrom(file: number, begin: number): string {
  const hash = createHash("sha256");
  const chunk = new Uint8Array(chunkBytes);
  for (let at = begin; ; ) {
    const count = readSync(file, chunk, 0, chunk.length, at);
    if (count === 0) return hash.digest("hex");
    hash.update(chunk.subarray(0, count));
    at += count;
  }
}
