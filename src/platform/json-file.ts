/** @file JSON files: read with one sentence for whatever is wrong with them. */
import { readFile } from "node:fs/promises";
import { type FileFormat, parseJson, parseVersioned, UserError } from "../base/index.ts";

/** The JSON of a file. Throws UserError if there is no such file or it is not JSON. */
export async function readJson(path: string): Promise<unknown> {
  return parseJson(await textOf(path), path);
}

/** The content of a file of a versioned format. Throws UserError as `readJson` and `parseVersioned` do. */
export async function readVersioned<T>(path: string, format: FileFormat<T>): Promise<T> {
  return parseVersioned(await textOf(path), path, format);
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") throw new UserError(`No file ${path}.`);
    throw error;
  }
}
