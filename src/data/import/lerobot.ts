/**
 * @file LeRobot data sets, version 3: Parquet files of steps, described in meta/.
 * Source: lerobot 0.6.1, datasets/utils.py, io_utils.py and dataset_metadata.py.
 *
 * Of an episode's end the format knows only that it is one. What a set of ours adds, under "sodp/" in the table of
 * episodes, is the seed, whether the episode was terminated, and its final observation.
 */
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { parse, UserError } from "../../base/index.ts";
import type { Range } from "../episodes/index.ts";
import { flags, readJoined } from "./column.ts";
import type {
  DatasetDescription,
  EpisodeSource,
  FormatOptions,
  ImportFormat,
  SourceColumn,
  SourceDataset,
} from "./external-dataset.ts";
import { openParquet, type ParquetFile } from "./parquet.ts";
import { PythonNumber, readPythonJson } from "./python-json.ts";
import { missingParts } from "./transitions.ts";

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
  fps: z.number().positive(),
  data_path: z.string(),
  features: z.record(z.string(), Feature),
});
type Info = z.infer<typeof Info>;
const Bound = z.array(PythonNumber).catch([]);
const Stats = z.record(z.string(), z.object({ min: Bound.optional(), max: Bound.optional() }));

const whole = z.union([z.bigint(), z.number()]).transform(Number);
const EpisodeRow = z.object({
  episode_index: whole,
  length: whole,
  "data/chunk_index": whole,
  "data/file_index": whole,
  dataset_from_index: whole,
  "sodp/seed": whole.optional(),
  "sodp/terminated": z.boolean().optional(),
  "sodp/final_observation": z.array(z.number()).optional(),
});
type EpisodeRow = z.infer<typeof EpisodeRow>;
const TaskRow = z.object({
  task_index: whole,
  task: z.string().optional(),
  __index_level_0__: z.string().optional(),
});

/** Observations are all features of numbers that are called observation.*, or those that are named. */
export const lerobot: ImportFormat = {
  summary: "LeRobot v3: a folder with meta/info.json",
  looksLike: (path, isFolder) => isFolder && existsSync(join(path, "meta", "info.json")),
  open: openLeRobot,
};

async function openLeRobot(folder: string, options: FormatOptions): Promise<SourceDataset> {
  const info = await readPythonJson(join(folder, "meta", "info.json"), Info);
  if (!info.codebase_version.startsWith("v3."))
    throw new UserError(
      `${folder} is a LeRobot set of version ${info.codebase_version}; v3 is read. LeRobot converts: ` +
        `python -m lerobot.scripts.convert_dataset_v21_to_v30.`,
    );
  const ranges = await declaredRanges(folder);
  const features = Object.entries(info.features);
  const numeric = features.filter(([key, feature]) => key.startsWith("observation") && isNumeric(feature));
  const describe = (key: string) => describeFeature(key, info.features[key], ranges);
  const observation = chosenKeys(
    numeric.map(([key]) => key),
    options.observationKeys,
    folder,
  ).map(describe);
  const action = info.features.action;
  if (!action || !isNumeric(action))
    throw new UserError(`${folder} has no feature "action" that is numbers.`);
  const episodes = await episodeRows(folder, info);
  const tasks = await taskNames(folder);
  const skipped = features.filter(
    ([key]) => key.startsWith("observation") && !observation.some((o) => o.key === key),
  );
  const keeps = episodes.some((row) => row["sodp/final_observation"]);
  return {
    description: {
      format: `LeRobot ${info.codebase_version}`,
      path: folder,
      observation,
      action: describe("action"),
      tasks: [...tasks.values()],
      episodes: info.total_episodes,
      steps: info.total_frames,
      fps: info.fps,
      notes: [
        ...skipped.map(([key, { dtype }]) => `${key} (${dtype}) is left out.`),
        ...missingParts({
          rewards: info.features["next.reward"],
          successes: info.features["next.success"],
          nextObservations: keeps,
        }),
      ],
    },
    sources: () => sources(folder, info, observation, episodes, tasks),
  };
}

async function* sources(
  folder: string,
  info: Info,
  observation: DatasetDescription["observation"],
  episodes: readonly EpisodeRow[],
  tasks: ReadonlyMap<number, string>,
): AsyncGenerator<EpisodeSource> {
  let path = "";
  let steps: Promise<Steps> | undefined;
  let first = 0; // the file's first step, counted over the whole set
  for (const row of episodes) {
    const own = join(folder, dataPath(info, row));
    if (own !== path) {
      path = own;
      first = row.dataset_from_index;
      steps = openSteps(path, info, observation);
      steps.catch(() => {}); // told by each episode in it
    }
    const from = row.dataset_from_index - first;
    yield {
      name: `episode ${row.episode_index} of ${path}`,
      read: async () => readEpisode(await (steps as Promise<Steps>), row, from, tasks),
    };
  }
}

type Steps = Awaited<ReturnType<typeof openSteps>>;

/** The columns of a file of steps. */
async function openSteps(path: string, info: Info, observation: DatasetDescription["observation"]) {
  const file = await openParquet(path);
  const optional = (name: string) => (info.features[name] ? file.column(name, 1) : undefined);
  return {
    file,
    observations: observation.map(({ key, size }) => file.column(key, size)),
    actions: file.column("action", sizeOf(info.features.action)),
    rewards: optional("next.reward"),
    successes: optional("next.success"),
    done: optional("next.done"),
    truncated: optional("next.truncated"),
    episode: file.column("episode_index", 1),
    task: optional("task_index"),
  };
}

async function readEpisode(steps: Steps, row: EpisodeRow, from: number, tasks: ReadonlyMap<number, string>) {
  const to = from + row.length;
  if (to > steps.file.rows)
    throw new UserError(
      `Expected rows ${from} to ${to}, as meta/episodes says; the file has ${steps.file.rows}.`,
    );
  const owners = await steps.episode.read(from, to);
  const stranger = owners.findIndex((owner) => owner !== row.episode_index);
  if (stranger >= 0)
    throw new UserError(
      `Row ${from + stranger} belongs to episode ${owners[stranger]}, not where meta/episodes says.`,
    );
  const observations = await readJoined(steps.observations, from, to);
  const last = async (column: Steps["done"]) => (await column?.read(to - 1, to))?.[0] === 1;
  const task = await steps.task?.read(from, to);
  const final = row["sodp/final_observation"];
  return {
    task: tasks.get(task?.[0] ?? -1) ?? "",
    seed: row["sodp/seed"] ?? 0,
    observations,
    finalObservation: final
      ? Float32Array.from(final)
      : observations.slice(observations.length - observations.length / row.length),
    actions: await steps.actions.read(from, to),
    rewards: (await steps.rewards?.read(from, to)) ?? new Float32Array(row.length),
    successes: steps.successes ? flags(await steps.successes.read(from, to)) : new Uint8Array(row.length),
    terminated: row["sodp/terminated"] ?? ((await last(steps.done)) && !(await last(steps.truncated))),
  };
}

/** File of an episode's steps, from the data set's folder: a Python format string, filled in. */
const dataPath = ({ data_path }: Info, row: EpisodeRow) =>
  data_path.replace(
    /\{(chunk_index|file_index)(?::0(\d+)d)?\}/g,
    (_, name: "chunk_index" | "file_index", width) =>
      String(row[`data/${name}`]).padStart(Number(width ?? 0), "0"),
  );

/** The table of episodes, in order of where they lie. Throws UserError if it does not fit what info.json says. */
async function episodeRows(folder: string, info: Info): Promise<EpisodeRow[]> {
  const rows: EpisodeRow[] = [];
  for (const file of await parquetFiles(join(folder, "meta", "episodes")))
    rows.push(...(await readTable(file, EpisodeRow)));
  const steps = rows.reduce((sum, { length }) => sum + length, 0);
  if (rows.length !== info.total_episodes || steps !== info.total_frames)
    throw new UserError(
      `${folder} is torn: meta/info.json tells of ${info.total_episodes} episodes with ${info.total_frames} steps, ` +
        `meta/episodes of ${rows.length} with ${steps}.`,
    );
  return rows.sort((a, b) => a.dataset_from_index - b.dataset_from_index);
}

/** Every file below chunk-000, chunk-001, ... */
async function parquetFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true }).catch(() => {
    throw new UserError(`No folder ${folder}.`);
  });
  return names
    .filter((name) => name.endsWith(".parquet"))
    .sort()
    .map((name) => join(folder, name));
}

async function taskNames(folder: string): Promise<Map<number, string>> {
  const rows = await readTable(join(folder, "meta", "tasks.parquet"), TaskRow);
  return new Map(rows.map((row) => [row.task_index, row.task ?? row.__index_level_0__ ?? ""]));
}

/** Those columns of a table that `schema` knows. */
async function readTable<T extends z.ZodRawShape>(path: string, schema: z.ZodObject<T>) {
  const file: ParquetFile = await openParquet(path);
  const known = file.names.filter((name) => Object.hasOwn(schema.shape, name));
  return parse(z.array(schema), await file.table(known), path);
}

/** Ranges of meta/stats.json, if there is one. */
async function declaredRanges(folder: string): Promise<ReadonlyMap<string, Range>> {
  const path = join(folder, "meta", "stats.json");
  if (!existsSync(path)) return new Map();
  const stats = await readPythonJson(path, Stats);
  return new Map(
    Object.entries(stats).flatMap(([key, { min, max }]) =>
      min && max ? [[key, { low: min, high: max }]] : [],
    ),
  );
}

/** Numbers in a grid, not a picture or video in files of its own. */
const isNumeric = ({ dtype, shape }: Feature) => /^(float|u?int)\d+$/.test(dtype) && shape.length > 0;
const sizeOf = ({ shape }: Feature) => shape.reduce((size, length) => size * length, 1);

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
    shape: feature.shape,
    size,
    type: feature.dtype,
    names:
      names.length === feature.shape.at(-1) && names.every((name) => typeof name === "string")
        ? names
        : undefined,
    range: range?.low.length === size && range.high.length === size ? range : undefined,
  };
}
