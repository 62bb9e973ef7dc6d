/** @file Files and folders that neither a kill, nor a power failure, nor a full disk leaves half written. */
import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { UserError } from "../base/index.ts";

/** `error`; if the disk is full, a sentence that says so. what: what could not be written, and what to do */
export function explained(error: unknown, what: string): unknown {
  const { code, message } = (error ?? {}) as NodeJS.ErrnoException;
  const full = code === "ENOSPC" || code === "EDQUOT" || message?.includes("No space left on device"); // HDF5 has no codes
  return full ? new UserError(`The disk is full: ${what}.`) : error;
}

/** Reasons of the operating system, as one says them. */
const reasons: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "the disk is read-only",
  ENOENT: "nothing can be made there",
  ENAMETOOLONG: "its name is too long",
  ELOOP: "its links lead in a circle",
};

/**
 * Makes a folder, and those around it, unless they are there. Returns the outermost that was made. Throws UserError at once
 * where that cannot be, but for a full disk, of which its callers say what to do. Node's own way has no end below /proc.
 */
export async function makeFolder(folder: string): Promise<string | undefined> {
  const missing: string[] = [];
  const refused = (error: unknown, at: string): unknown => {
    const { code = "" } = error as NodeJS.ErrnoException;
    const why = code === "EEXIST" || code === "ENOTDIR" ? `${at} is no folder` : reasons[code];
    return why === undefined ? error : new UserError(`The folder ${folder} could not be made: ${why}.`);
  };
  let around = resolve(folder);
  for (; ; around = dirname(around)) {
    const found = await stat(around).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
      throw refused(error, around);
    });
    if (found?.isDirectory()) break;
    if (found) throw refused({ code: "EEXIST" }, around);
    missing.unshift(around);
  }
  for (const each of missing)
    await mkdir(each).catch(async (error: NodeJS.ErrnoException) => {
      const isThere = error.code === "EEXIST" && (await stat(each).catch(() => undefined))?.isDirectory();
      if (!isThere) throw refused(error, each);
    });
  return missing[0];
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
    await makeFolder(dirname(path));
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
