/** @file Text and JSON files: read with one sentence for whatever is wrong with them. */
import { readFile, stat } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import {
  bytesText,
  type FileFormat,
  parseJson,
  parseVersioned,
  requireRoom,
  UserError,
} from "../base/index.ts";

/** The JSON of a file. Throws UserError if there is no such file or it is not JSON. */
export async function readJson(path: string): Promise<unknown> {
  return parseJson(await readText(path), path);
}

/** The content of a file of a versioned format; undefined if there is none. Throws UserError as `parseVersioned` does. */
export async function readVersioned<T>(path: string, format: FileFormat<T>): Promise<T | undefined> {
  const text = await textOf(path);
  return text === undefined ? undefined : parseVersioned(text, path, format);
}

/**
 * The text of a file, unpacked if its name ends in ".gz". Throws UserError if there is no such file, it cannot be unpacked, or
 * it is longer than texts can be.
 */
export async function readText(path: string): Promise<string> {
  const text = await textOf(path);
  if (text === undefined) throw new UserError(`No file ${path}.`);
  return text;
}

/** Bytes of a text: a string holds no more. */
const longestText = 2 ** 29 - 24;

async function textOf(path: string): Promise<string | undefined> {
  let bytes: Buffer;
  try {
    const about = await stat(path);
    if (!about.isFile() && !about.isFIFO()) throw new UserError(`${path} is no file.`);
    requireRoom(`The text of ${path}`, about.size, longestText);
    bytes = await readFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
  return (path.endsWith(".gz") ? unpacked(bytes, path) : bytes).toString();
}

function unpacked(bytes: Buffer, path: string): Buffer {
  try {
    return gunzipSync(bytes, { maxOutputLength: longestText });
  } catch {
    throw new UserError(`${path} is damaged, or unpacks to more than ${bytesText(longestText)}.`);
  }
}
