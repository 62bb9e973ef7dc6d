/** @file Safetensors files on disk: named typed arrays, sealed with a digest of their data. */

import { createHash, type Hash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import {
  bytesOf,
  encodeHeader,
  type Header,
  inFileOrder,
  type Metadata,
  readHeader,
  requireDigest,
  type StoredTensor,
  type StoredTensors,
  type TensorPlace,
  UserError,
  zeros,
} from "../base/index.ts";
import { replaceFile } from "./files.ts";

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
  const { entries, metadata } = await headerOf(file, path);
  const hash = createHash("sha256");
  const tensors: [string, StoredTensor][] = [];
  for (const entry of entries) {
    const tensor = zeros(entry);
    await readInto(bytesOf(tensor), file, hash);
    tensors.push([entry.name, tensor]);
  }
  requireDigest(metadata, hash.digest("hex"), path);
  return { tensors: Object.fromEntries(tensors), metadata };
}

/**
 * Places of the tensors of a safetensors file: `begin` and `end` are bytes of the file, in file order. Reads the header
 * only. Throws UserError as `readTensors` does, but for altered data.
 */
export async function locateTensors(
  path: string,
): Promise<{ readonly entries: readonly TensorPlace[]; readonly metadata: Metadata }> {
  await using file = await openExisting(path);
  const { entries, metadata, dataBegin } = await headerOf(file, path);
  const inFile = entries.map((entry) => ({
    ...entry,
    begin: dataBegin + entry.begin,
    end: dataBegin + entry.end,
  }));
  return { entries: inFile, metadata };
}

async function headerOf(file: FileHandle, path: string): Promise<Header> {
  const about = await file.stat();
  if (!about.isFile()) throw new UserError(`${path} is no file.`);
  const { size } = about;
  return readHeader(size, path, (length) => readInto(new Uint8Array(length), file));
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

function chunksOf(bytes: Uint8Array): Uint8Array[] {
  const count = Math.ceil(bytes.length / CHUNK_BYTES);
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES));
}
