/** @file Text and JSON files: read with one sentence for whatever is wrong with them. */
import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { type FileFormat, parseJson, parseVersioned, UserError } from "../base/index.ts";

/** The JSON of a file. Throws UserError if there is no such file or it is not JSON. */
export async function readJson(path: string): Promise<unknown> {
  return parseJson(await readText(path), path);
}

/** The content of a file of a versioned format; undefined if there is none. Throws UserError as `parseVersioned` does. */
export async function readVersioned<T>(path: string, format: FileFormat<T>): Promise<T | undefined> {
  const text = await textOf(path);
  return text === undefined ? undefined : parseVersioned(text, path, format);
}

/** The text of a file, unpacked if its name ends in ".gz". Throws UserError if there is no such file. */
export async function readText(path: string): Promise<string> {
  const text = await textOf(path);
  if (text === undefined) throw new UserError(`No file ${path}.`);
  return text;
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    const bytes = await readFile(path);
    return (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}
