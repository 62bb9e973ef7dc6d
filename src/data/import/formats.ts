/** @file Table of the formats that are read. A format is one record in a file of its own and one line here. */
import { statSync } from "node:fs";
import { lookup, UserError } from "../../base/index.ts";
import { d4rl } from "./d4rl.ts";
import {
  checkedDataset,
  type EpisodeRules,
  type ExternalDataset,
  type FormatOptions,
  type ImportFormat,
} from "./external-dataset.ts";
import { lerobot } from "./lerobot.ts";
import { minari } from "./minari.ts";
import { episodeFiles, npz } from "./npz.ts";

export const importFormats = {
  lerobot,
  minari,
  d4rl,
  "episode-files": episodeFiles,
  npz,
} as const satisfies Record<string, ImportFormat>;

export interface ImportOptions extends EpisodeRules, FormatOptions {
  /** By default what the path looks like. */
  readonly format?: string | undefined;
}

/**
 * Opens a data set in another program's format. Throws UserError for a path that is none of them, is torn, or lacks
 * observations, actions or ends of episodes.
 * formats: those that are known, by name
 */
export async function openExternalDataset(
  path: string,
  options: ImportOptions = {},
  formats: Readonly<Record<string, ImportFormat>> = importFormats,
): Promise<ExternalDataset> {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory();
  if (isFolder === undefined) throw new UserError(`Nothing is at ${path}.`);
  const format = options.format
    ? lookup(formats, options.format, "format")
    : Object.values(formats).find(({ looksLike }) => looksLike(path, isFolder));
  if (!format)
    throw new UserError(
      `${path} is none of the formats that are read: ${Object.keys(formats).join(", ")}. Name one if it is.`,
    );
  return checkedDataset(await format.open(path, options), options);
}
