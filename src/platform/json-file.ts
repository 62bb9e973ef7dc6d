/** @file Text and JSON files: read with one sentence for whatever is wrong with them. */
import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { type FileFormat, parseJson, parseVersioned, UserError } from "../base/index.ts";

/** The JSON of a file. Throws UserError if there is no such file or it is not JSON. */
export async function readJson(path: string): Promise<unknown> {
  return parseJson(await readText(path), path);
}

/** The content of a file of a versioned format. Throws UserError as `readJson` and `parseVersioned` do. */
export async function readVersioned<T>(path: string, format: FileFormat<T>): Promise<T> {
  return parseVersioned(await readText(path), path, format);
}

/** The text of a file, unpacked if its name ends in ".gz". Throws UserError if there is no such file. */
export async function readText(path: string): Promise<string> {
  try {
    const bytes = await readFile(path);
    return (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") throw new UserError(`No file ${path}.`);
    throw error;
  }
}
