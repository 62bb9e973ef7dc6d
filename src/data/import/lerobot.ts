/**
 * @file LeRobot data sets, versions 2 and 3: Parquet files of steps, described in meta/.
 * Source: lerobot 0.6.1, datasets/utils.py, io_utils.py and dataset_metadata.py.
 *
 * Of an episode's end the format knows only that it is one. What a set of ours adds, in a table of its own, is the seed,
 * whether the episode was terminated, and its final observation: see `lerobot-episodes.ts`.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { z } from "zod";
import { successKeys, UserError } from "../../base/index.ts";
import type { Episode, Range } from "../episodes/index.ts";
import { type Column, flagsOf, readJoined, successFlags } from "./column.ts";
import type {
  DatasetDescription,
  EpisodeSource,
  FormatOptions,
  ImportFormat,
  SourceColumn,
  SourceDataset,
  Tell,
} from "./external-dataset.ts";
import { type EpisodeFacts, type EpisodePlace, layoutOf } from "./lerobot-episodes.ts";
import { openParquet } from "./parquet.ts";
import { readJson } from "./python-json.ts";
import { missingParts, noNext } from "./transitions.ts";

const Feature = z.object({
  dtype: z.string(),
  shape: z.array(z.int().nonnegative()),
  names: z.unknown().optional(),
});
type Feature = z.infer<typeof Feature>;
const Info = z.object({
  codebase_version: z.string(),
  total_episodes: z.int().nonnegative(),
  total_frames: z.int().nonnegative(),
  chunks_size: z.int().positive().optional(),
  fps: z.number().positive(),
  robot_type: z.string().nullish(),
  data_path: z.string(),
  features: z.record(z.string(), Feature),
});
type Info = z.infer<typeof Info>;

/** Observations are all features of numbers that are called observation.*, else all that are not known to be something else. */
export const lerobot: ImportFormat = {
  summary: "LeRobot v2 or v3: a folder with meta/info.json",
  uses: ["observationKeys", "keys"],
  looksLike: (path, isFolder) => isFolder && existsSync(join(path, "meta", "info.json")),
  open: openLeRobot,
};

/** Names of the columns of steps that are read. */
interface StepKeys {
  readonly action: string;
  readonly reward: string | undefined;
  readonly success: string | undefined;
  readonly done: string | undefined;
  readonly truncated: string | undefined;
}

async function openLeRobot(folder: string, options: FormatOptions): Promise<SourceDataset> {
  const info = await readJson(join(folder, "meta", "info.json"), Info);
  if (!/^v[23]\./.test(info.codebase_version))
    throw new UserError(
      `${folder} is a LeRobot set of version ${info.codebase_version}; versions 2 and 3 are read.`,
    );
  const keys = stepKeys(info.features, options, folder);
  const { episodes, tasks, ranges } = await layoutOf(folder, info.codebase_version, info);
  const describe = (key: string) => describeFeature(key, info.features[key], ranges);
  const candidates = observationKeys(info.features, keys);
  const numeric = candidates.filter((key) => isNumeric(info.features[key]));
  const chosen = chosenKeys(numeric, options.observationKeys, folder);
  const description: DatasetDescription = {
    format: `LeRobot ${info.codebase_version}`,
    path: folder,
    observation: chosen.map(describe),
    action: describe(keys.action),
    tasks: [...tasks.values()],
    episodes: info.total_episodes,
    steps: info.total_frames,
    fps: info.fps,
    ...(info.robot_type && { about: { robotType: info.robot_type } }),
    notes: [
      ...candidates
        .filter((key) => !chosen.includes(key))
        .map((key) => `${key} (${info.features[key].dtype}) is left out.`),
      ...missingParts({
        rewards: keys.reward,
        successes: keys.success,
        nextObservations: episodes.some(({ facts }) => facts !== undefined),
      }),
    ],
  };
  return { description, sources: () => sources(info, keys, description, episodes, tasks) };
}

/** Names of the columns that are not observations. Throws UserError for one that is asked for and is not there. */
function stepKeys(features: Info["features"], { keys = {} }: FormatOptions, folder: string): StepKeys {
  const find = (given: string | undefined, usual: readonly string[]) => {
    const found = given ?? usual.find((name) => Object.hasOwn(features, name));
    if (found === undefined || Object.hasOwn(features, found)) return found;
    throw new UserError(`${folder} has no feature "${found}". It has: ${Object.keys(features).join(", ")}.`);
  };
  const action = find(keys.actions, ["action", "actions"]);
  if (action === undefined || !isNumeric(features[action]))
    throw new UserError(`${folder} has no feature "${action ?? "action"}" that is numbers.`);
  return {
    action,
    reward: find(keys.rewards, ["next.reward", "reward", "rewards"]),
    success: find(
      keys.successes,
      ["next.", ""].flatMap((prefix) => successKeys.map((key) => `${prefix}${key}`)),
    ),
    done: find(keys.terminals, ["next.terminated", "next.done", "done"]),
    truncated: find(keys.timeouts, ["next.truncated", "truncated"]),
  };
}

/** Columns that LeRobot, and sets of ours, fill by counting. */
const bookkeeping = ["timestamp", "frame_index", "episode_index", "index", "task_index"];

/** Features that are observed: those called so, else all that are not known to be something else. */
function observationKeys(features: Info["features"], keys: StepKeys): string[] {
  const named = Object.keys(features).filter((key) => /^observation\b/.test(key));
  if (named.length > 0) return named;
  const others = [...bookkeeping, ...Object.values(keys)];
  return Object.keys(features).filter((key) => !others.includes(key) && !key.startsWith("next."));
}

async function* sources(
  info: Info,
  keys: StepKeys,
  described: DatasetDescription,
  episodes: readonly EpisodePlace[],
  tasks: ReadonlyMap<number, string>,
): AsyncGenerator<EpisodeSource> {
  let path = "";
  let steps: Promise<Steps> | undefined;
  for (const place of episodes) {
    if (place.path !== path) {
      path = place.path;
      steps = openSteps(path, info, keys, described);
      steps.catch(() => {}); // told by each episode in it
    }
    const own = steps as Promise<Steps>;
    yield {
      name: `episode ${place.index} of ${path}`,
      read: async (tell) => readEpisode(await own, place, tasks, described, tell),
    };
  }
}

/** Columns of a file of steps. */
interface Steps {
  readonly rows: number;
  readonly observations: readonly Column[];
  readonly actions: Column;
  readonly rewards: Column | undefined;
  readonly successes: Column | undefined;
  readonly done: Column | undefined;
  readonly truncated: Column | undefined;
  readonly episode: Column;
  readonly task: Column | undefined;
}

async function openSteps(
  path: string,
  info: Info,
  keys: StepKeys,
  { observation }: DatasetDescription,
): Promise<Steps> {
  const file = await openParquet(path);
  const optional = (name: string | undefined) => (name === undefined ? undefined : file.column(name, 1));
  return {
    rows: file.rows,
    observations: observation.map(({ key, size }) => file.column(key, size)),
    actions: file.column(keys.action, sizeOf(info.features[keys.action])),
    rewards: optional(keys.reward),
    successes: optional(keys.success),
    done: optional(keys.done),
    truncated: optional(keys.truncated),
    episode: file.column("episode_index", 1),
    task: optional(info.features.task_index && "task_index"),
  };
}

async function readEpisode(
  steps: Steps,
  place: EpisodePlace,
  tasks: ReadonlyMap<number, string>,
  described: DatasetDescription,
  tell: Tell,
): Promise<Episode> {
  const { from, length } = place;
  const to = from + length;
  if (to > steps.rows || (place.alone && to < steps.rows))
    throw new UserError(`Expected rows ${from} to ${to}, as meta/episodes says; the file has ${steps.rows}.`);
  const owners = await steps.episode.read(from, to);
  const stranger = owners.findIndex((owner) => owner !== place.index);
  if (stranger >= 0)
    throw new UserError(
      `Row ${from + stranger} belongs to episode ${owners[stranger]}, not where meta/episodes says.`,
    );
  const observations = await readJoined(steps.observations, from, to);
  const actions = await steps.actions.read(from, to);
  const facts = ownFacts(place.facts, actions, tell);
  if (facts === undefined && !described.notes.includes(noNext)) tell(noNext);
  const ended = await endOf(steps, to, facts === undefined ? tell : () => {});
  const task = await steps.task?.read(from, to);
  return {
    task: taskOf(task, tasks, tell),
    seed: facts?.seed ?? 0,
    observations,
    finalObservation: facts
      ? Float32Array.from(facts.finalObservation)
      : observations.slice(observations.length - observations.length / length),
    actions,
    rewards: (await steps.rewards?.read(from, to)) ?? new Float32Array(length),
    successes: steps.successes
      ? successFlags(await steps.successes.read(from, to), tell)
      : new Uint8Array(length),
    terminated: facts?.terminated ?? ended,
  };
}

/** Checksum by which facts and episode find each other. */
export const checksumOf = (actions: Float32Array): number =>
  crc32(new Uint8Array(actions.buffer, actions.byteOffset, actions.byteLength));

/** Facts that are the episode's own: another program may have put another in its place. */
function ownFacts(
  facts: EpisodeFacts | undefined,
  actions: Float32Array,
  tell: Tell,
): EpisodeFacts | undefined {
  if (facts === undefined || facts.checksum === undefined || facts.checksum === checksumOf(actions))
    return facts;
  tell("What was kept of its seed and its end belongs to another episode: they are not known.");
  return undefined;
}

/** True if the last row's flags say that nothing follows. */
async function endOf({ done, truncated }: Steps, to: number, tell: Tell): Promise<boolean> {
  const last = async (column: Column | undefined) =>
    column && flagsOf(await column.read(to - 1, to), "the flag of an end", to - 1);
  const [ended, cut] = [await last(done), await last(truncated)];
  if (ended?.unknown || cut?.unknown)
    tell("Whether anything follows its last step is not known: it counts as cut short.");
  return ended?.values[0] === 1 && cut?.values[0] !== 1 && !cut?.unknown;
}

/** Name of the task of an episode's steps. Throws UserError if it has none. */
function taskOf(indices: Float32Array | undefined, tasks: ReadonlyMap<number, string>, tell: Tell): string {
  if (indices === undefined) return "";
  if (indices.some((index) => index !== indices[0]))
    tell("Its steps are of several tasks: the first one's counts for all.");
  const task = tasks.get(indices[0]);
  if (task !== undefined) return task;
  throw new UserError(
    `Its task ${indices[0]} is not in meta/tasks, which has ${[...tasks.keys()].join(", ")}.`,
  );
}

/** Numbers in a grid, not a picture or video in files of its own. */
const isNumeric = ({ dtype }: Feature) => /^((float|u?int)\d+|bool)$/.test(dtype);
/** LeRobot's shape of a number is (1,). */
const shapeOf = ({ shape }: Feature) => (shape.length === 0 ? [1] : shape);
const sizeOf = (feature: Feature) => shapeOf(feature).reduce((size, length) => size * length, 1);

function chosenKeys(known: readonly string[], keys: readonly string[] | undefined, folder: string) {
  const unknown = keys?.find((key) => !known.includes(key));
  if (unknown !== undefined || known.length === 0)
    throw new UserError(
      `${folder} has no observation ${unknown === undefined ? "" : `"${unknown}" `}of numbers. It has: ${known.join(", ") || "none"}.`,
    );
  return keys ?? known;
}

function describeFeature(key: string, feature: Feature, ranges: ReadonlyMap<string, Range>): SourceColumn {
  const size = sizeOf(feature);
  const range = ranges.get(key);
  const names = [feature.names].flatMap((given) =>
    given !== null && typeof given === "object" ? Object.values(given).flat() : [],
  );
  return {
    key,
    shape: shapeOf(feature),
    size,
    type: feature.dtype,
    names:
      names.length === feature.shape.at(-1) && names.every((name) => typeof name === "string")
        ? names
        : undefined,
    range: range?.low.length === size && range.high.length === size ? range : undefined,
  };
}
