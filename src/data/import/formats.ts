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
import { robomimic } from "./robomimic.ts";
import { zarr } from "./zarr.ts";

export const importFormats = {
  lerobot,
  minari,
  zarr,
  robomimic,
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
 * observations, actions or ends of episodes, and for an option that its format has no use for.
 * formats: those that are known, by name
 */
export async function openExternalDataset(
  path: string,
  options: ImportOptions = {},
  formats: Readonly<Record<string, ImportFormat>> = importFormats,
): Promise<ExternalDataset> {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory();
  if (isFolder === undefined) throw new UserError(`Nothing is at ${path}.`);
  const name = options.format ?? (await formatOf(path, isFolder, formats));
  if (name === undefined)
    throw new UserError(
      `${path} is none of the formats that are read: ${Object.keys(formats).join(", ")}. Name one if it is.`,
    );
  const format = lookup(formats, name, "format");
  return checkedDataset(await format.open(path, usable(options, format, name)), options);
}

/** Name of the first format that a path looks like. */
async function formatOf(
  path: string,
  isFolder: boolean,
  formats: Readonly<Record<string, ImportFormat>>,
): Promise<string | undefined> {
  for (const [name, format] of Object.entries(formats))
    if (await format.looksLike(path, isFolder)) return name;
  return undefined;
}

/** Flags of the command line, by option. */
const flags: { readonly [K in keyof FormatOptions]: string } = {
  observationKeys: "--observation_keys",
  task: "--task",
  keys: "--arrays",
  episodeSteps: "--episode_steps",
};

/** The options that are given, `keys.observations` as `observationKeys`. Throws UserError for one that the format does not use. */
function usable(
  { observationKeys, task, keys: { observations, ...keys } = {}, episodeSteps }: ImportOptions,
  { uses }: ImportFormat,
  name: string,
): FormatOptions {
  const named = Object.entries(keys).filter(([, key]) => key !== undefined);
  const given = {
    observationKeys: observationKeys ?? observations,
    task,
    keys: named.length > 0 ? Object.fromEntries(named) : undefined,
    episodeSteps,
  } satisfies FormatOptions;
  for (const [option, value] of Object.entries(given)) {
    if (value === undefined || uses.includes(option as keyof FormatOptions)) continue;
    const known = uses.map((use) => flags[use]).join(", ");
    throw new UserError(
      `The format ${name} has no use for ${flags[option as keyof FormatOptions]}${known ? `; it has for ${known}` : ""}.`,
    );
  }
  return given;
}
