/**
 * @file Checkpoints of a run: folders that are there whole or not at all. The one act that adds or removes one is a
 * rename, so whenever a process dies, what carries a step's name can be resumed from.
 */
import { mkdir, readdir, rename, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../base/index.ts";
import { readJson, replaceJson, syncNames, syncTree } from "../platform/index.ts";
import { CheckpointRecord } from "../wire/index.ts";

export interface Checkpoint {
  readonly folder: string;
  readonly record: CheckpointRecord;
}

/** Folders whose names begin so are being written or removed. */
const UNFINISHED = ".unfinished-";
const RECORD = "checkpoint.json";
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
  try {
    return { folder, record: CheckpointRecord.parse(await readJson(path)) };
  } catch {
    throw new UserError(
      `${path} is missing, damaged, or of a newer sodp. Remove the folder to do without this checkpoint.`,
    );
  }
}

/** Lets `write` fill a folder, which then appears in `folder` under its step's name. */
export async function writeCheckpoint(
  folder: string,
  record: CheckpointRecord,
  write: (folder: string) => Promise<void>,
): Promise<Checkpoint> {
  const name = nameOf(record.step);
  const unfinished = join(folder, `${UNFINISHED}${name}`);
  await rm(unfinished, { recursive: true, force: true });
  try {
    await mkdir(unfinished);
    await write(unfinished);
    await replaceJson(join(unfinished, RECORD), record);
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
 * developer mode), there are none.
 */
export async function link(folder: string, checkpoints: readonly Checkpoint[]): Promise<void> {
  const targets = { last: checkpoints.at(-1), best: bestOf(checkpoints) };
  for (const [name, target] of Object.entries(targets)) {
    await rm(join(folder, name), { force: true });
    if (target) await symlink(nameOf(target.record.step), join(folder, name), "dir").catch(() => undefined);
  }
}
