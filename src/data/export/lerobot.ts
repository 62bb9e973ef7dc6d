/**
 * @file Writes a LeRobot data set, version 3.
 * Source: lerobot 0.6.1, datasets/dataset_writer.py, utils.py and io_utils.py. Differs: no statistics per episode, and no
 * quantiles. What the format has no place for is in the table of episodes, under "sodp/": see import/lerobot.ts.
 * Symbols: T steps of an episode.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { type Part, type Spaces, sizeOfPart, UserError } from "../../base/index.ts";
import { checkEpisode, type Episode, partPlaces } from "../episodes/index.ts";
import { columnOfPart } from "../shard-columns.ts";
import { joinStatistics, type Statistics, statisticsOf } from "../statistics.ts";
import { type Episodes, type ExportFormat, onlyAction } from "./format.ts";
import { newParquet, type ParquetOutput, type ParquetType } from "./parquet-file.ts";

const options = z.strictObject({
  fps: z
    .number()
    .positive()
    .default(80)
    .describe(
      "LeRobot: control steps per second, its time is frame / fps; Meta-World's environments have 80",
    ),
  robotType: z.string().optional().describe("LeRobot: what the data set says of the robot"),
  fileBytes: z
    .number()
    .positive()
    .default(100 * 2 ** 20)
    .describe("LeRobot: size at which a file of steps is followed by the next, bytes"),
});

export const lerobot: ExportFormat<typeof options> = {
  summary: "LeRobot v3",
  options,
  async write(episodes, spaces, folder, given) {
    await writeLeRobot(episodes, spaces, folder, options.parse(given));
  },
};

const filesPerChunk = 1000;
const megabyte = 2 ** 20;
const dataPath = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet";
const episodesPath = "meta/episodes/chunk-000/file-000.parquet";
/** Rows of the table of episodes that are kept in memory. */
const episodeRowsPerGroup = 1000;

async function writeLeRobot(
  episodes: Episodes,
  spaces: Spaces,
  folder: string,
  { fps, robotType, fileBytes }: z.infer<typeof options>,
): Promise<void> {
  const columns = partColumns(spaces);
  await mkdir(folder);
  const tasks = new Map<string, number>();
  const statistics = new Map<string, Statistics>();
  let table: EpisodeTable | undefined;
  let steps: ParquetOutput | undefined;
  let file = 0;
  let frames = 0;
  let count = 0;
  for await (const episode of episodes) {
    checkEpisode(episode, spaces, `Episode ${count}`);
    if (steps && steps.bytes >= fileBytes) {
      steps.finish();
      steps = undefined;
      file++;
    }
    steps ??= newParquet(await madePath(folder, stepsFile(file)), columnTypes(columns));
    table ??= newEpisodeTable(await madePath(folder, episodesPath));
    const task = tasks.get(episode.task) ?? tasks.size;
    tasks.set(episode.task, task);
    const parts = columns.map((column) => ({ column, rows: column.rowsOf(episode) }));
    steps.add(stepColumns(episode, parts, { index: count, first: frames, task, fps }));
    gather(statistics, episode, parts);
    table.add({ episode, index: count, first: frames, file });
    frames += episode.rewards.length;
    count++;
  }
  if (!steps || !table) throw new UserError("There are no episodes to write.");
  steps.finish();
  table.finish();
  writeTasks(await madePath(folder, "meta/tasks.parquet"), [...tasks.keys()]);
  await writeFile(join(folder, "meta/stats.json"), json(statsOf(statistics)));
  await writeFile(
    join(folder, "meta/info.json"),
    json({
      codebase_version: "v3.0",
      robot_type: robotType ?? null,
      total_episodes: count,
      total_frames: frames,
      total_tasks: tasks.size,
      chunks_size: filesPerChunk,
      data_files_size_in_mb: Math.max(1, Math.round(fileBytes / megabyte)),
      video_files_size_in_mb: 200,
      fps,
      splits: { train: `0:${count}` },
      data_path: dataPath,
      video_path: null,
      features: features(columns),
    }),
  );
}

/** A column of steps that holds a part of the observations, or the actions. */
interface PartColumn {
  readonly name: string;
  readonly part: Part;
  /** Its numbers of an episode, (T, ...shape). */
  rowsOf(episode: Episode): Float32Array;
}

function partColumns({ observation, action }: Spaces): PartColumn[] {
  const places = partPlaces(observation);
  const stride = places.reduce((sum, { size }) => sum + size, 0);
  return [
    ...places.map(({ name, part, offset, size }) => ({
      name: columnOfPart("observation", name),
      part,
      rowsOf: ({ observations }: Episode) =>
        size === stride ? observations : takePart(observations, stride, offset, size),
    })),
    { name: "action", part: onlyAction(action, "LeRobot"), rowsOf: ({ actions }: Episode) => actions },
  ];
}

/** Numbers `offset` to `offset` + `size` of each row of `stride`. */
function takePart(rows: Float32Array, stride: number, offset: number, size: number): Float32Array {
  const taken = new Float32Array((rows.length / stride) * size);
  for (let from = offset, to = 0; from < rows.length; from += stride, to += size)
    taken.set(rows.subarray(from, from + size), to);
  return taken;
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

/** LeRobot's shape of a part: at least one axis. */
const shapeOf = ({ shape }: Part) => (shape.length === 0 ? [1] : shape);

/** A vector of one number is a column of numbers, not of lists. */
function partType(part: Part): ParquetType {
  const element = part.dtype === "uint8" ? "uint8" : "float";
  const lists = sizeOfPart(part) === 1 && shapeOf(part).length === 1 ? 0 : shapeOf(part).length;
  return { element, lists };
}

const columnTypes = (columns: readonly PartColumn[]): Record<string, ParquetType> => ({
  ...Object.fromEntries(columns.map(({ name, part }) => [name, partType(part)])),
  "next.reward": { element: "float" },
  "next.done": { element: "boolean" },
  "next.success": { element: "boolean" },
  timestamp: { element: "float" },
  frame_index: { element: "int64" },
  episode_index: { element: "int64" },
  index: { element: "int64" },
  task_index: { element: "int64" },
});

const dtypes = { float: "float32", uint8: "uint8", boolean: "bool", int64: "int64", string: "string" };

function features(columns: readonly PartColumn[]) {
  const parts = new Map(columns.map(({ name, part }) => [name, part]));
  return Object.fromEntries(
    Object.entries(columnTypes(columns)).map(([key, { element }]) => {
      const part = parts.get(key);
      return [key, { dtype: dtypes[element], shape: part ? shapeOf(part) : [1], names: part?.names ?? null }];
    }),
  );
}

interface Place {
  /** Number of the episode in the data set. */
  readonly index: number;
  /** Its first step, counted over the whole data set. */
  readonly first: number;
  readonly task: number;
  readonly fps: number;
}

type Parts = readonly { readonly column: PartColumn; readonly rows: Float32Array }[];

function stepColumns(episode: Episode, parts: Parts, { index, first, task, fps }: Place) {
  const steps = episode.rewards.length;
  const whole = (of: (step: number) => number) =>
    BigInt64Array.from({ length: steps }, (_, i) => BigInt(of(i)));
  return {
    ...Object.fromEntries(parts.map(({ column: { name, part }, rows }) => [name, listsOf(rows, part)])),
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

type Lists = readonly (number | Lists)[];

/** Rows, (T, ...shape), as lists of lists; single numbers as they are. */
function listsOf(rows: Float32Array, part: Part): Float32Array | unknown[] {
  if (partType(part).lists === 0) return rows;
  const nest = (numbers: Float32Array, [length, ...rest]: readonly number[]): Lists => {
    if (rest.length === 0) return Array.from(numbers);
    const size = numbers.length / length;
    return Array.from({ length }, (_, i) => nest(numbers.subarray(i * size, (i + 1) * size), rest));
  };
  return nest(rows, [rows.length / sizeOfPart(part), ...shapeOf(part)]) as unknown[];
}

/** Adds an episode to the statistics of the data set: by channel. */
function gather(statistics: Map<string, Statistics>, episode: Episode, parts: Parts): void {
  const add = (key: string, rows: Float32Array, channels: number) => {
    const own = statisticsOf(rows, channels);
    const before = statistics.get(key);
    statistics.set(key, before ? joinStatistics([before, own]) : own);
  };
  for (const { column, rows } of parts) add(column.name, rows, column.part.shape.at(-1) ?? 1);
  add("next.reward", episode.rewards, 1);
}

/** As LeRobot has them: the count is a list too. */
const statsOf = (statistics: ReadonlyMap<string, Statistics>) =>
  Object.fromEntries([...statistics].map(([key, own]) => [key, { ...own, count: [own.count] }]));

interface EpisodeEntry {
  readonly episode: Episode;
  readonly index: number;
  /** Its first step, counted over the whole set. */
  readonly first: number;
  /** Number of the file of steps that it is in. */
  readonly file: number;
}

interface EpisodeTable {
  add(entry: EpisodeEntry): void;
  finish(): void;
}

const episodeTypes = {
  episode_index: { element: "int64" },
  tasks: { element: "string", lists: 1 },
  length: { element: "int64" },
  "data/chunk_index": { element: "int64" },
  "data/file_index": { element: "int64" },
  dataset_from_index: { element: "int64" },
  dataset_to_index: { element: "int64" },
  "meta/episodes/chunk_index": { element: "int64" },
  "meta/episodes/file_index": { element: "int64" },
  "sodp/seed": { element: "int64" },
  "sodp/terminated": { element: "boolean" },
  "sodp/final_observation": { element: "float", lists: 1 },
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
    { task_index: { element: "int64" }, task: { element: "string" } },
    { pandas: JSON.stringify(pandas) },
  );
  output.add({ task_index: tasks.map((_, i) => BigInt(i)), task: [...tasks] });
  output.finish();
}
