/** @file Exports that are there whole or not at all, whatever their format. */
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm, rmdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import type { z } from "zod";
import { UserError } from "../../base/index.ts";
import { explained, syncNames, syncTree } from "../../platform/index.ts";
import type { ExportFormat } from "./format.ts";

/**
 * `format`, written into a temporary folder that becomes the one that was asked for once all of it is on the disk. Where
 * that one is there already, perhaps as a volume of its own, what was written is moved into it, in the order of names.
 */
export function whole<Options extends z.ZodObject>(format: ExportFormat<Options>): ExportFormat<Options> {
  return {
    ...format,
    async write(episodes, spaces, folder, options) {
      const target = resolve(folder);
      const isThere = existsSync(target);
      const [parent, prefix] = isThere ? [target, ""] : [dirname(target), basename(target)];
      await mkdir(parent, { recursive: true });
      await removeHalves(parent, prefix);
      if (isThere) await requireEmpty(folder);
      const temporary = join(parent, `${prefix}.${randomUUID()}.tmp`);
      try {
        await format.write(episodes, spaces, temporary, options);
        await syncTree(temporary);
        if (isThere) await moveInto(temporary, target);
        else await rename(temporary, target);
        await syncNames(parent);
      } catch (error) {
        await rm(temporary, { recursive: true, force: true });
        throw explained(error, `${folder} could not be written`);
      }
    },
  };
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
  const [occupant] = await readdir(folder);
  if (occupant !== undefined)
    throw new UserError(
      `${folder} is not empty: it holds ${occupant}. A data set is written into a new folder.`,
    );
}
