/** @file Every format that can be read, and which of them a path is. */
import { statSync } from "node:fs";
import { lookup, UserError } from "../../base/index.ts";
import { openD4rl } from "./d4rl.ts";
import { checkedSet, type EpisodeRules, type ForeignSet, type SourceSet } from "./foreign-set.ts";
import { isLeRobot, openLeRobot } from "./lerobot.ts";
import { isMinari, openMinari } from "./minari.ts";
import { isEpisodeFiles, openEpisodeFiles, openNpz } from "./npz.ts";
import type { TransitionKeys } from "./transitions.ts";

export interface ImportOptions extends EpisodeRules {
  /** By default what the path looks like. */
  readonly format?: ForeignFormat | undefined;
  /** Parts of an observation, in this order, for formats that have several. By default all that are numbers. */
  readonly observationKeys?: readonly string[] | undefined;
  /** For formats that do not say. By default the file's or folder's name. */
  readonly task?: string | undefined;
  /** Names of a .npz file's arrays, where they are not the usual ones. */
  readonly keys?: Partial<TransitionKeys> | undefined;
  /** For a .npz file of equally long episodes that marks no ends. */
  readonly episodeSteps?: number | undefined;
}

interface Format {
  readonly looksLike: (path: string, isFolder: boolean) => boolean;
  readonly open: (path: string, options: ImportOptions) => Promise<SourceSet>;
}

const formats = {
  lerobot: { looksLike: (path, isFolder) => isFolder && isLeRobot(path), open: openLeRobot },
  minari: { looksLike: (path, isFolder) => isFolder && isMinari(path), open: openMinari },
  d4rl: { looksLike: (path, isFolder) => !isFolder && /\.(hdf5|h5)$/.test(path), open: openD4rl },
  "episode-files": {
    looksLike: (path, isFolder) => isFolder && isEpisodeFiles(path),
    open: openEpisodeFiles,
  },
  npz: { looksLike: (path, isFolder) => !isFolder && path.endsWith(".npz"), open: openNpz },
} as const satisfies Record<string, Format>;
type ForeignFormat = keyof typeof formats;
export const foreignFormats = Object.keys(formats) as ForeignFormat[];

/**
 * Opens a data set in another program's format: LeRobot v3, Minari, D4RL, .npz files of steps or of an episode each.
 * Throws UserError for a path that is none of them, is torn, or lacks observations, actions or ends of episodes.
 */
export async function openForeignSet(path: string, options: ImportOptions = {}): Promise<ForeignSet> {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory();
  if (isFolder === undefined) throw new UserError(`Nothing is at ${path}.`);
  const format: Format | undefined = options.format
    ? lookup(formats, options.format, "format")
    : Object.values(formats).find(({ looksLike }) => looksLike(path, isFolder));
  if (!format)
    throw new UserError(
      `${path} is none of the formats that are read: ${foreignFormats.join(", ")}. Name one if it is.`,
    );
  return checkedSet(await format.open(path, options), options);
}
