/** @file Episodes of evaluations and data sets, played again for pictures, and the files that these go to. */
import { extname } from "node:path";
import { z } from "zod";
import { UserError } from "../base/index.ts";
import type { Dataset } from "../data/index.ts";
import type { EnvConfig } from "../envs/index.ts";
import { makeEnv } from "../envs/pool/index.ts";
import { writeWhole } from "../platform/index.ts";
import {
  gifOf,
  type Replay,
  type Replayable,
  type ReplaysContent,
  replayAlone,
  writeReplays,
} from "../report/index.ts";
import { envOfOrigin } from "./run-env.ts";

/** An episode and the environment that it was played in. */
export interface PlacedEpisode {
  readonly env: EnvConfig;
  readonly episode: Replayable;
}

interface ReplayedSome {
  readonly replays: readonly Replay[];
  /** Sentences about episodes that could not be drawn, each once. */
  readonly faults: readonly string[];
}

/** Plays episodes again, one after another. pictures: of each, about   onReplay: called after each */
export async function replayAll(
  placed: readonly PlacedEpisode[],
  onReplay: (done: number) => void = () => {},
  pictures?: number,
): Promise<ReplayedSome> {
  const replays: Replay[] = [];
  const faults = new Set<string>();
  for (const [i, { env: config, episode }] of placed.entries()) {
    try {
      using env = await makeEnv(config);
      replays.push(replayAlone(env, episode, pictures));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      faults.add(`Not drawn: ${error.message}`);
    }
    onReplay(i + 1);
  }
  return { replays, faults: [...faults] };
}

/** The flag that names what to write. */
export const replayFiles = z.array(z.string()).meta({ placeholder: "files" }).min(1).readonly();

/** Throws UserError for a file of another kind. */
export function requireReplayFiles(paths: readonly string[]): void {
  for (const path of paths)
    if (![".html", ".gif"].includes(extname(path)))
      throw new UserError(`--out: pages are .html and pictures .gif files, got "${path}".`);
}

/** Writes a page or a picture to each of the paths. */
export async function writeReplayFiles(paths: readonly string[], content: ReplaysContent): Promise<void> {
  for (const path of paths)
    if (extname(path) === ".gif") await writeWhole(path, gifOf(content.replays));
    else await writeReplays(path, content);
}

/** Episode `i` of a data set, as its origin says that it was played. */
export function placedOf(dataset: Dataset, i: number): PlacedEpisode {
  const { task, steps } = dataset.about(i);
  return { env: envOfOrigin(task, dataset.origin, steps), episode: dataset.episode(i) };
}
