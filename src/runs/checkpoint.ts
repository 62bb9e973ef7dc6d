/**
 * @file Checkpoints of a run: folders that are there whole or not at all. The one act that adds or removes one is a
 * rename, so whenever a process dies, what carries a step's name can be resumed from.
 */
import { existsSync } from "node:fs";
import { lstat, mkdir, readdir, rename, rm, stat, symlink } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { type FileFormat, UserError } from "../base/index.ts";
import { digestOfFile, readVersioned, replaceSealed, syncNames, syncTree } from "../platform/index.ts";
import { CheckpointRecord } from "../wire/index.ts";
import type { modelFolder, stateFolder } from "./paths.ts";

export interface Checkpoint {
  readonly folder: string;
  readonly record: CheckpointRecord;
}

/** Folders whose names begin so are being written or removed. */
const UNFINISHED = ".unfinished-";
const RECORD = "checkpoint.json";
const format: FileFormat<CheckpointRecord> = {
  format: "sodp checkpoint",
  version: 2,
  schema: CheckpointRecord,
  upgrades: { 1: (old) => ({ ...old, version: 2, files: null }) },
  sealedSince: 2,
};
/** So many of the latest are kept, and the best. */
const KEPT = 2;

/** The name of a step's folder: in a list of names, later steps come later. */
const nameOf = (step: number) => String(step).padStart(9, "0");

/** All in `folder`, by step. Throws UserError if one is damaged or of a newer version. */
export async function readCheckpoints(folder: string): Promise<Checkpoint[]> {
  const names = (await readdir(folder)).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(names.map((name) => readCheckpoint(join(folder, name))));
  return found.sort((a, b) => a.record.step - b.record.step);
}

async function readCheckpoint(folder: string): Promise<Checkpoint> {
  const path = join(folder, RECORD);
  const record = await readVersioned(path, format).catch((error) => {
    throw error instanceof UserError ? without(error.message) : error;
  });
  if (record === undefined) throw without(`${path} is missing.`);
  return { folder, record };
}

const without = (fault: string) => new UserError(`${fault} Remove the folder to do without this checkpoint.`);

/**
 * Throws UserError, which names the file, unless all files in `part` of a checkpoint's folder are those that were written.
 * A folder without a record is no checkpoint, and one of version 1 has no digests: both pass.
 */
export async function requireIntact(
  checkpoint: string,
  part: typeof modelFolder | typeof stateFolder,
): Promise<void> {
  const { files } = (await readVersioned(join(checkpoint, RECORD), format)) ?? {};
  for (const [file, sha256] of Object.entries(files ?? {})) {
    if (!file.startsWith(`${part}/`)) continue;
    const path = join(checkpoint, file);
    if (!(await stat(path).catch(() => undefined))?.isFile()) throw without(`${path} is missing.`);
    const found = await digestOfFile(path);
    if (found !== sha256)
      throw without(`${path} is damaged: its sha256 is ${found}, the checkpoint says ${sha256}.`);
  }
}

/** Digests of all files below `folder`, by their paths from it, with slashes. */
async function digestsIn(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  const digests = paths.sort().map(async (path) => {
    const file = relative(folder, path).replaceAll(sep, "/");
    return [file, await digestOfFile(path)] as const;
  });
  return Object.fromEntries(await Promise.all(digests));
}

/** Lets `write` fill a folder, which then appears in `folder` under its step's name. */
export async function writeCheckpoint(
  folder: string,
  facts: Omit<CheckpointRecord, "format" | "version" | "files">,
  write: (folder: string) => Promise<void>,
): Promise<Checkpoint> {
  const name = nameOf(facts.step);
  const unfinished = join(folder, `${UNFINISHED}${name}`);
  await rm(unfinished, { recursive: true, force: true });
  let record: CheckpointRecord;
  try {
    await mkdir(unfinished);
    await write(unfinished);
    record = { format: "sodp checkpoint", version: 2, ...facts, files: await digestsIn(unfinished) };
    await replaceSealed(join(unfinished, RECORD), record);
    await syncTree(unfinished);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw error;
  }
  await rename(unfinished, join(folder, name));
  await syncNames(folder);
  return { folder: join(folder, name), record };
}

/** Removes all but the latest and the best; returns these. checkpoints: by step */
export async function prune(folder: string, checkpoints: readonly Checkpoint[]): Promise<Checkpoint[]> {
  const best = bestOf(checkpoints);
  const kept = checkpoints.filter((each, i) => i >= checkpoints.length - KEPT || each === best);
  for (const each of checkpoints) {
    if (kept.includes(each)) continue;
    const unfinished = join(folder, `${UNFINISHED}${nameOf(each.record.step)}`);
    await rename(each.folder, unfinished);
    await rm(unfinished, { recursive: true, force: true });
  }
  return kept;
}

/** Removes what a killed process was writing or removing. */
export async function removeUnfinished(folder: string): Promise<void> {
  for (const name of await readdir(folder))
    if (name.startsWith(UNFINISHED)) await rm(join(folder, name), { recursive: true, force: true });
}

/** Of the highest score; of equals, the last: it has learned longer. */
export function bestOf(checkpoints: readonly Checkpoint[]): Checkpoint | undefined {
  return checkpoints
    .filter(({ record }) => record.score !== null)
    .reduce<Checkpoint | undefined>(
      (best, each) => (best && (best.record.score ?? 0) > (each.record.score ?? 0) ? best : each),
      undefined,
    );
}

/**
 * Makes `last` and `best` lead to these checkpoints. They are for people: where links are not allowed (Windows without
 * developer mode), there are none. Copies of checkpoints, which a copy that follows links leaves, make way.
 */
export async function link(folder: string, checkpoints: readonly Checkpoint[]): Promise<void> {
  const targets = { last: checkpoints.at(-1), best: bestOf(checkpoints) };
  for (const [name, target] of Object.entries(targets)) {
    const path = join(folder, name);
    const isFolder = (await lstat(path).catch(() => undefined))?.isDirectory() ?? false;
    if (isFolder && !existsSync(join(path, RECORD))) continue; // not ours
    await rm(path, { force: true, recursive: isFolder });
    if (target) await symlink(nameOf(target.record.step), path, "dir").catch(() => undefined);
  }
}
