/** @file Writing so that neither a kill nor a full disk harms what was there. */
import { open, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../base/index.ts";

/** `error`; if the disk is full, a sentence that says so. what: what could not be written, and what to do */
export function explained(error: unknown, what: string): unknown {
  const { code } = (error ?? {}) as NodeJS.ErrnoException;
  return code === "ENOSPC" || code === "EDQUOT" ? new UserError(`The disk is full: ${what}.`) : error;
}

/** Writes `value` as JSON, whole or not at all. */
export async function replaceJson(path: string, value: unknown): Promise<void> {
  const temporary = `${path}.tmp`;
  try {
    await writeFile(temporary, `${JSON.stringify(value, null, 2)}\n`, { flush: true });
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await rename(temporary, path);
}

/** Returns once all files below `folder` are on the disk, and their names too. */
export async function syncFolder(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await syncFolder(path);
    else if (entry.isFile()) await sync(path, "r+");
  }
  await syncNames(folder);
}

/** Returns once the names in `folder` are on the disk. Windows keeps them by itself, and opens no folders. */
export async function syncNames(folder: string): Promise<void> {
  if (process.platform !== "win32") await sync(folder, "r");
}

async function sync(path: string, flags: string): Promise<void> {
  await using file = await open(path, flags);
  await file.sync();
}
