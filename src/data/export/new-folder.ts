/** @file Folders of exported data sets, which are there whole or not at all. */
import { randomUUID } from "node:crypto";
import { mkdir, readdir, rename, rm, rmdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { UserError } from "../../base/index.ts";
import { explained, isHidden, makeFolder, syncNames, syncTree } from "../../platform/index.ts";

/**
 * Lets `write` fill a temporary folder, which becomes `folder` once all of it is on the disk. Where that one is there already,
 * perhaps as a volume of its own, what was written is moved into it, in the order of names. Throws UserError if there is
 * something in the folder, or the disk is full.
 */
export async function inNewFolder(
  folder: string,
  write: (temporary: string) => Promise<void>,
): Promise<void> {
  const target = resolve(folder);
  const there = await readdir(target).catch(() => undefined);
  const [parent, prefix] = there ? [target, ""] : [dirname(target), basename(target)];
  const made = await makeFolder(parent);
  const temporary = join(parent, `${prefix}.${randomUUID()}.tmp`);
  try {
    await removeHalves(parent, prefix);
    if (there) await requireEmpty(folder);
    await mkdir(temporary);
    await write(temporary);
    await syncTree(temporary);
    if (there) await moveInto(temporary, target);
    else await rename(temporary, target);
    await syncNames(parent);
  } catch (error) {
    await rm(made ?? temporary, { recursive: true, force: true });
    throw explained(error, `${folder} could not be written`);
  }
}

/** Removes the temporary folders of exports that were killed. prefix: what their names begin with */
async function removeHalves(folder: string, prefix: string): Promise<void> {
  for (const name of await readdir(folder))
    if (name.startsWith(prefix) && /^\.[0-9a-f-]{36}\.tmp$/.test(name.slice(prefix.length)))
      await rm(join(folder, name), { recursive: true });
}

async function moveInto(temporary: string, folder: string): Promise<void> {
  for (const name of (await readdir(temporary)).sort())
    await rename(join(temporary, name), join(folder, name));
  await rmdir(temporary);
}

async function requireEmpty(folder: string): Promise<void> {
  const occupant = (await readdir(folder)).find((name) => !isHidden(name));
  if (occupant !== undefined)
    throw new UserError(
      `${folder} is not empty: it holds ${occupant}. A data set is written into a new folder.`,
    );
}
