/** @file Files and folders that neither a kill, nor a power failure, nor a full disk leaves half written. */
import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { UserError } from "../base/index.ts";

/** `error`; if the disk is full, a sentence that says so. what: what could not be written, and what to do */
export function explained(error: unknown, what: string): unknown {
  const { code, message } = (error ?? {}) as NodeJS.ErrnoException;
  const full = code === "ENOSPC" || code === "EDQUOT" || message?.includes("No space left on device"); // HDF5 has no codes
  return full ? new UserError(`The disk is full: ${what}.`) : error;
}

/**
 * Writes a file beside `path`, then renames it: until all is on disk, readers find what was there before. What a killed
 * process leaves is called `<path>.<uuid>.tmp`.
 */
export async function replaceFile(
  path: string,
  content: string | Uint8Array | Iterable<string | Uint8Array>,
): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await writeFile(temporary, content as Iterable<Uint8Array>, { flag: "wx", flush: true });
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await rename(temporary, path);
  await syncNames(dirname(path));
}

/** Writes `value` as JSON, as `replaceFile` does. */
export async function replaceJson(path: string, value: unknown): Promise<void> {
  await replaceFile(path, `${JSON.stringify(value, null, 2)}\n`);
}

/**
 * Writes what somebody asked for into the file `path`, as `replaceFile` does, and makes its folder if need be. A link leads
 * to what is written; a device or a pipe is written to. Throws UserError if the disk is full.
 */
export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    const target = await realpath(path).catch(() => path);
    const isFile = await stat(target).then(
      (found) => found.isFile(),
      () => true,
    );
    await (isFile ? replaceFile(target, content) : writeFile(target, content));
  } catch (error) {
    throw explained(error, `${path} could not be written`);
  }
}

/** Returns once all files below `folder` are on the disk, and their names too. */
export async function syncTree(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await syncTree(path);
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

/** Names that systems put beside a folder's own files: macOS's doubles and archives, pictures' and folders' settings. */
const systemNames = /^(\.|__MACOSX$|Thumbs\.db$|desktop\.ini$)/i;

/** True for the name of a file or folder that is not of those whom the folder belongs to: ".DS_Store", "._0.npz". */
export const isHidden = (name: string): boolean => systemNames.test(name);
