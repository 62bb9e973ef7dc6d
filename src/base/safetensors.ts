/** @file Files of named typed arrays that Python, browsers and we read alike, sealed with a checksum. */

import { createHash, type Hash, randomUUID } from "node:crypto";
import { type FileHandle, open, rename, rm, writeFile } from "node:fs/promises";
import { UserError } from "./errors.ts";
import {
  bytesOf,
  decodeHeader,
  type Entry,
  encodeHeader,
  headerLength,
  inFileOrder,
  type Metadata,
  PREFIX_BYTES,
  type StoredTensors,
  zeros,
} from "./safetensors-header.ts";

/** One system call moves at most 2 GiB. */
const CHUNK_BYTES = 2 ** 26;

/**
 * Writes a safetensors file, whole or not at all: until it is on disk, readers find what was there before.
 * metadata: strings kept with the tensors; "sha256", the digest of the data section in hexadecimal, is added.
 * Throws UserError for a tensor whose shape or dtype does not fit its data.
 */
export async function writeTensors(
  path: string,
  tensors: StoredTensors,
  metadata: Metadata = {},
): Promise<{ readonly sha256: string }> {
  const ordered = inFileOrder(tensors);
  const chunks = ordered.flatMap(([, tensor]) => chunksOf(bytesOf(tensor)));
  const hash = createHash("sha256");
  for (const chunk of chunks) hash.update(chunk);
  const sha256 = hash.digest("hex");
  await replaceFile(path, [encodeHeader(ordered, { ...metadata, sha256 }), ...chunks]);
  return { sha256 };
}

/**
 * Reads a safetensors file into arrays of their own. Where the metadata has a "sha256", the data must match it.
 * Throws UserError if there is no such file, or it is truncated, altered or no safetensors file.
 */
export async function readTensors(
  path: string,
): Promise<{ readonly tensors: StoredTensors; readonly metadata: Metadata }> {
  await using file = await openExisting(path);
  const { entries, metadata } = await readHeader(file, path);
  const hash = createHash("sha256");
  const tensors: [string, StoredTensors[string]][] = [];
  for (const entry of entries) {
    const tensor = zeros(entry);
    await readInto(bytesOf(tensor), file, hash);
    tensors.push([entry.name, tensor]);
  }
  const sha256 = hash.digest("hex");
  if (metadata.sha256 !== undefined && metadata.sha256 !== sha256) {
    throw new UserError(
      `${path} is damaged: its data has sha256 ${sha256}, its header says ${metadata.sha256}.`,
    );
  }
  return { tensors: Object.fromEntries(tensors), metadata };
}

/**
 * Where the tensors of a safetensors file lie: `begin` and `end` are bytes of the file, in file order. Reads the header
 * only. Throws UserError as `readTensors` does, but for altered data.
 */
export async function locateTensors(
  path: string,
): Promise<{ readonly entries: readonly Entry[]; readonly metadata: Metadata }> {
  await using file = await openExisting(path);
  const { entries, metadata, dataBegin } = await readHeader(file, path);
  const inFile = entries.map((entry) => ({
    ...entry,
    begin: dataBegin + entry.begin,
    end: dataBegin + entry.end,
  }));
  return { entries: inFile, metadata };
}

/** What stands before a file's data section, which begins at byte `dataBegin`. */
async function readHeader(file: FileHandle, path: string) {
  const fileBytes = (await file.stat()).size;
  const prefix = await readInto(new Uint8Array(Math.min(PREFIX_BYTES, fileBytes)), file);
  const header = await readInto(new Uint8Array(headerLength(prefix, fileBytes, path)), file);
  const dataBegin = PREFIX_BYTES + header.length;
  return { ...decodeHeader(header, fileBytes - dataBegin, path), dataBegin };
}

async function openExisting(path: string): Promise<FileHandle> {
  try {
    return await open(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT")
      throw new UserError(`No file ${path}.`);
    throw error;
  }
}

/** Fills `bytes` with what comes next in `file`, and lets `hash` see it. */
async function readInto(bytes: Uint8Array, file: FileHandle, hash?: Hash): Promise<Uint8Array> {
  for (const chunk of chunksOf(bytes)) {
    for (let read = 0; read < chunk.length; ) {
      const { bytesRead } = await file.read(chunk, read, chunk.length - read);
      if (bytesRead === 0) throw new Error("The file shrank while it was read.");
      read += bytesRead;
    }
    hash?.update(chunk);
  }
  return bytes;
}

/** Writes beside `path`, then renames: a crash leaves the old file or the new one, never half of it. */
async function replaceFile(path: string, chunks: readonly Uint8Array[]): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await writeFile(temporary, chunks, { flag: "wx", flush: true });
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await rename(temporary, path);
}

function chunksOf(bytes: Uint8Array): Uint8Array[] {
  const count = Math.ceil(bytes.length / CHUNK_BYTES);
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES));
}
