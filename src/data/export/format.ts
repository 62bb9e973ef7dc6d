/** @file Contract of a format that is written, and what every writer needs. */
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { z } from "zod";
import { type Part, type Space, type Spaces, UserError } from "../../base/index.ts";
import { isHidden } from "../../platform/index.ts";
import type { Episode } from "../episodes/index.ts";

export type Episodes = AsyncIterable<Episode> | Iterable<Episode>;

/** A format that is written. One record, in a file of its own, listed in `exportFormats`. */
export interface ExportFormat<Options extends z.ZodObject = z.ZodObject> {
  /** Whose it is and what opens it, in a clause. */
  readonly summary: string;
  /** Options of this format alone. Each has a default. */
  readonly options: Options;
  /**
   * Writes `episodes`, one in memory at a time, into `folder`, which must be empty or new. A stream that breaks off leaves
   * nothing behind.
   * Throws UserError for no episodes, for an episode that is not whole or of other spaces, and for spaces or options that
   * the format does not know.
   */
  write(episodes: Episodes, spaces: Spaces, folder: string, options: z.input<Options>): Promise<void>;
}

/**
 * Lets `write` fill `folder`, which is made if there is none. What it wrote is removed again if it fails. Throws UserError if
 * there is something in the folder.
 */
export async function inNewFolder(folder: string, write: () => Promise<void>): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  const before = await readdir(folder);
  const occupant = before.find((name) => !isHidden(name));
  if (occupant !== undefined)
    throw new UserError(
      `${folder} is not empty: it holds ${occupant}. A data set is written into a new folder.`,
    );
  try {
    await write();
  } catch (error) {
    if (first !== undefined) await rm(first, { recursive: true, force: true });
    else
      for (const name of await readdir(folder))
        if (!before.includes(name)) await rm(join(folder, name), { recursive: true, force: true });
    throw error;
  }
}

/** The only part of an action, which the formats know as one. Throws UserError if there are several. */
export function onlyAction(action: Space, format: string): Part {
  const [part, ...others] = Object.values(action);
  if (others.length === 0) return part;
  throw new UserError(
    `An action of ${format} is one array of numbers; here it has the parts ${Object.keys(action).join(", ")}.`,
  );
}
