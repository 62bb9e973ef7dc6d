/**
 * @file Writes a LeRobot data set, version 3.
 * Source: lerobot 0.6.1, datasets/dataset_writer.py, utils.py and io_utils.py. Differs: no statistics per episode, and no
 * quantiles. What the format has no place for is in the table of episodes, under "sodp/": see import/lerobot.ts.
 * Symbols: T steps, O observation size, A action size.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { UserError } from "../../base/index.ts";
import { checkEpisode, type Episode } from "../episode.ts";
import { joinStatistics, type Statistics, statisticsOf } from "../statistics.ts";
import { newFolder } from "./new-folder.ts";
import { newParquet, type ParquetOutput, type ParquetType } from "./parquet-file.ts";
import { type Episodes, type Sizes, sizesOf, spacesOf } from "./sizes.ts";

export interface LeRobotExport {
  /** Control steps per second: LeRobot's time is frame number / fps. */
  readonly fps: number;
  /** What the set says of the robot. */
  readonly robotType?: string | undefined;
  /** Size at which a file of steps is followed by the next, bytes. LeRobot's own is 100 MiB. */
  readonly fileBytes?: number | undefined;
}

const filesPerChunk = 1000;
const megabyte = 2 ** 20;
const dataPath = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet";
const episodesPath = "meta/episodes/chunk-000/file-000.parquet";
/** Rows of the table of episodes that are kept in memory. */
const episodeRowsPerGroup = 1000;

/**
 * Writes `episodes`, one in memory at a time, into `folder`, which must be empty or new.
 * Until meta/info.json is there, which comes last, no reader takes the folder for a set.
 * Throws UserError for no episodes, or for an episode that is not whole or of another size.
 */
export async function exportLeRobot(
  episodes: Episodes,
  folder: string,
  options: LeRobotExport,
): Promise<void> {
  await newFolder(folder);
  const tasks = new Map<string, number>();
  const statistics = new Map<string, Statistics>();
  const fileBytes = options.fileBytes ?? 100 * megabyte;
  let sizes: Sizes | undefined;
  let table: EpisodeTable | undefined;
  let steps: ParquetOutput | undefined;
  let file = 0;
  let frames = 0;
  let count = 0;
  for await (const episode of episodes) {
    sizes ??= sizesOf(episode);
    checkEpisode(episode, spacesOf(sizes), `Episode ${count}`);
    if (steps && steps.bytes >= fileBytes) {
      steps.finish();
      steps = undefined;
      file++;
    }
    steps ??= newParquet(await madePath(folder, stepsFile(file)), columnTypes(sizes));
    table ??= newEpisodeTable(await madePath(folder, episodesPath));
    const task = tasks.get(episode.task) ?? tasks.size;
    tasks.set(episode.task, task);
    steps.add(stepColumns(episode, { index: count, first: frames, task, fps: options.fps, ...sizes }));
    gather(statistics, episode, sizes);
    table.add({ episode, index: count, first: frames, file });
    frames += episode.rewards.length;
    count++;
  }
  if (!sizes || !steps || !table) throw new UserError(`There are no episodes to write into ${folder}.`);
  steps.finish();
  table.finish();
  writeTasks(await madePath(folder, "meta/tasks.parquet"), [...tasks.keys()]);
  await writeFile(join(folder, "meta/stats.json"), json(statsOf(statistics)));
  await writeFile(
    join(folder, "meta/info.json"),
    json({
      codebase_version: "v3.0",
      robot_type: options.robotType ?? null,
      total_episodes: count,
      total_frames: frames,
      total_tasks: tasks.size,
      chunks_size: filesPerChunk,
      data_files_size_in_mb: Math.max(1, Math.round(fileBytes / megabyte)),
      video_files_size_in_mb: 200,
      fps: options.fps,
      splits: { train: `0:${count}` },
      data_path: dataPath,
      video_path: null,
      features: features(sizes),
    }),
  );
}

const json = (value: unknown) => `${JSON.stringify(value, null, 4)}\n`;

async function madePath(folder: string, file: string): Promise<string> {
  const path = join(folder, file);
  await mkdir(dirname(path), { recursive: true });
  return path;
}

const stepsFile = (file: number) =>
  dataPath
    .replace("{chunk_index:03d}", String(Math.floor(file / filesPerChunk)).padStart(3, "0"))
    .replace("{file_index:03d}", String(file % filesPerChunk).padStart(3, "0"));

/** A vector of one number is a column of numbers, not of lists. */
const vectorType = (size: number): ParquetType => (size === 1 ? "float" : "list of float");

const columnTypes = ({ observationSize, actionSize }: Sizes): Record<string, ParquetType> => ({
  "observation.state": vectorType(observationSize),
  action: vectorType(actionSize),
  "next.reward": "float",
  "next.done": "boolean",
  "next.success": "boolean",
  timestamp: "float",
  frame_index: "int64",
  episode_index: "int64",
  index: "int64",
  task_index: "int64",
});

const dtypes: Readonly<Partial<Record<ParquetType, string>>> = { boolean: "bool", int64: "int64" };

function features(sizes: Sizes) {
  const shapes: Readonly<Record<string, number>> = {
    "observation.state": sizes.observationSize,
    action: sizes.actionSize,
  };
  return Object.fromEntries(
    Object.entries(columnTypes(sizes)).map(([key, type]) => [
      key,
      { dtype: dtypes[type] ?? "float32", shape: [shapes[key] ?? 1], names: null },
    ]),
  );
}

interface Place extends Sizes {
  /** Which episode of the set. */
  readonly index: number;
  /** Its first step, counted over the whole set. */
  readonly first: number;
  readonly task: number;
  readonly fps: number;
}

function stepColumns(episode: Episode, { index, first, task, fps, observationSize, actionSize }: Place) {
  const steps = episode.rewards.length;
  const whole = (of: (step: number) => number) =>
    BigInt64Array.from({ length: steps }, (_, i) => BigInt(of(i)));
  return {
    "observation.state": vectors(episode.observations, observationSize),
    action: vectors(episode.actions, actionSize),
    "next.reward": episode.rewards,
    "next.done": Array.from({ length: steps }, (_, i) => i === steps - 1),
    "next.success": Array.from(episode.successes, (success) => success !== 0),
    timestamp: Float32Array.from({ length: steps }, (_, i) => i / fps),
    frame_index: whole((step) => step),
    episode_index: whole(() => index),
    index: whole((step) => first + step),
    task_index: whole(() => task),
  };
}

/** rows: (T, size) */
function vectors(rows: Float32Array, size: number): Float32Array | number[][] {
  if (size === 1) return rows;
  return Array.from({ length: rows.length / size }, (_, i) =>
    Array.from(rows.subarray(i * size, (i + 1) * size)),
  );
}

/** Adds an episode to the statistics of the set. */
function gather(statistics: Map<string, Statistics>, episode: Episode, sizes: Sizes): void {
  const parts = {
    "observation.state": statisticsOf(episode.observations, sizes.observationSize),
    action: statisticsOf(episode.actions, sizes.actionSize),
    "next.reward": statisticsOf(episode.rewards, 1),
  };
  for (const [key, own] of Object.entries(parts)) {
    const before = statistics.get(key);
    statistics.set(key, before ? joinStatistics([before, own]) : own);
  }
}

/** As LeRobot has them: the count is a list too. */
const statsOf = (statistics: ReadonlyMap<string, Statistics>) =>
  Object.fromEntries([...statistics].map(([key, own]) => [key, { ...own, count: [own.count] }]));

interface EpisodeEntry {
  readonly episode: Episode;
  readonly index: number;
  /** Its first step, counted over the whole set. */
  readonly first: number;
  /** Which file of steps it is in. */
  readonly file: number;
}

interface EpisodeTable {
  add(entry: EpisodeEntry): void;
  finish(): void;
}

const episodeTypes = {
  episode_index: "int64",
  tasks: "list of string",
  length: "int64",
  "data/chunk_index": "int64",
  "data/file_index": "int64",
  dataset_from_index: "int64",
  dataset_to_index: "int64",
  "meta/episodes/chunk_index": "int64",
  "meta/episodes/file_index": "int64",
  "sodp/seed": "int64",
  "sodp/terminated": "boolean",
  "sodp/final_observation": "list of float",
} as const satisfies Record<string, ParquetType>;

const episodeRow = ({
  episode,
  index,
  first,
  file,
}: EpisodeEntry): Record<keyof typeof episodeTypes, unknown> => ({
  episode_index: BigInt(index),
  tasks: [episode.task],
  length: BigInt(episode.rewards.length),
  "data/chunk_index": BigInt(Math.floor(file / filesPerChunk)),
  "data/file_index": BigInt(file % filesPerChunk),
  dataset_from_index: BigInt(first),
  dataset_to_index: BigInt(first + episode.rewards.length),
  "meta/episodes/chunk_index": 0n,
  "meta/episodes/file_index": 0n,
  "sodp/seed": BigInt(episode.seed),
  "sodp/terminated": episode.terminated,
  "sodp/final_observation": Array.from(episode.finalObservation),
});

function newEpisodeTable(path: string): EpisodeTable {
  const output = newParquet(path, episodeTypes);
  let rows: ReturnType<typeof episodeRow>[] = [];
  const flush = () => {
    const names = Object.keys(episodeTypes) as (keyof typeof episodeTypes)[];
    output.add(Object.fromEntries(names.map((name) => [name, rows.map((row) => row[name])])));
    rows = [];
  };
  return {
    add(entry) {
      rows.push(episodeRow(entry));
      if (rows.length === episodeRowsPerGroup) flush();
    },
    finish() {
      if (rows.length > 0) flush();
      output.finish();
    },
  };
}

/** The table of tasks is a pandas frame whose index is the name. */
function writeTasks(path: string, tasks: readonly string[]): void {
  const column = (name: string, pandas_type: string, numpy_type: string) => ({
    name,
    field_name: name,
    pandas_type,
    numpy_type,
    metadata: null,
  });
  const pandas = {
    index_columns: ["task"],
    column_indexes: [
      { ...column("", "unicode", "object"), name: null, field_name: null, metadata: { encoding: "UTF-8" } },
    ],
    columns: [column("task_index", "int64", "int64"), column("task", "unicode", "object")],
    attributes: {},
    creator: { library: "sodp", version: "1" },
    pandas_version: "2.0.0",
  };
  const output = newParquet(
    path,
    { task_index: "int64", task: "string" },
    { pandas: JSON.stringify(pandas) },
  );
  output.add({ task_index: tasks.map((_, i) => BigInt(i)), task: [...tasks] });
  output.finish();
}
