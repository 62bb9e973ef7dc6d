/**
 * @file Writes a LeRobot data set, version 3.
 * Source: lerobot 0.6.1, datasets/dataset_writer.py, utils.py and io_utils.py. Tables have the columns that LeRobot's recorder
 * writes, and no others, or it could not go on where we ended. What the format has no place for is in a table of our own: see
 * import/lerobot-episodes.ts. Differs: "next.done" is true where nothing follows, not where an episode was cut.
 * Symbols: T steps of an episode.
 */
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { type Part, type Spaces, sizeOfPart, UserError } from "../../base/index.ts";
import { makeFolder } from "../../platform/index.ts";
import { checkEpisode, type Episode, partPlaces } from "../episodes/index.ts";
import { checksumOf } from "../import/lerobot.ts";
import { factsFile } from "../import/lerobot-episodes.ts";
import { columnOfPart } from "../shard-columns.ts";
import { type Episodes, type ExportFormat, onlyAction } from "./format.ts";
import {
  asLeRobot,
  type FeatureStatistics,
  featureStatistics,
  joinFeatureStatistics,
  statisticsRow,
  statisticsTypes,
} from "./lerobot-statistics.ts";
import { inNewFolder } from "./new-folder.ts";
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
    const columns = partColumns(spaces);
    const parsed = options.parse(given);
    await inNewFolder(folder, (temporary) => writeLeRobot(episodes, spaces, columns, temporary, parsed));
  },
};

const filesPerChunk = 1000;
const megabyte = 2 ** 20;
const dataPath = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet";
const episodesPath = "meta/episodes/chunk-000/file-000.parquet";
/** Rows of a table of episodes that are kept in memory. */
const rowsPerGroup = 1000;

async function writeLeRobot(
  episodes: Episodes,
  spaces: Spaces,
  columns: readonly PartColumn[],
  folder: string,
  { fps, robotType, fileBytes }: z.infer<typeof options>,
): Promise<void> {
  const tasks = new Map<string, number>();
  const shapes = featureParts(columns);
  const statistics = new Map<string, FeatureStatistics>();
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
    table ??= newEpisodeTable(
      await madePath(folder, episodesPath),
      await madePath(folder, factsFile),
      shapes,
    );
    const task = tasks.get(episode.task) ?? tasks.size;
    tasks.set(episode.task, task);
    const parts = columns.map((column) => ({ column, rows: column.rowsOf(episode) }));
    const numbers = stepColumns(episode, parts, { index: count, first: frames, task, fps });
    steps.add(numbers);
    const own = statisticsOfEpisode(numbers, parts, shapes);
    for (const [key, each] of own) {
      const before = statistics.get(key);
      statistics.set(key, before ? joinFeatureStatistics(before, each) : each);
    }
    table.add({ episode, index: count, first: frames, file, statistics: own });
    frames += episode.rewards.length;
    count++;
  }
  if (!steps || !table) throw new UserError(`There are no episodes to write into ${folder}.`);
  steps.finish();
  table.finish();
  writeTasks(await madePath(folder, "meta/tasks.parquet"), [...tasks.keys()]);
  await writeFile(
    join(folder, "meta/stats.json"),
    json(Object.fromEntries([...statistics].map(([key, own]) => [key, asLeRobot(key, shapes[key], own)]))),
  );
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
  await makeFolder(dirname(path));
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

const dtypes = {
  float: "float32",
  double: "float64",
  uint8: "uint8",
  boolean: "bool",
  int64: "int64",
  string: "string",
};

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
    "next.done": Array.from({ length: steps }, (_, i) => episode.terminated && i === steps - 1),
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

/** Part of each feature: its shape, a number's being that of one channel. */
const featureParts = (columns: readonly PartColumn[]): Readonly<Record<string, Part>> => ({
  ...Object.fromEntries(Object.keys(columnTypes(columns)).map((key) => [key, { shape: [1] }])),
  ...Object.fromEntries(columns.map(({ name, part }) => [name, { ...part, shape: shapeOf(part) }])),
});

/** Statistics of every feature over an episode. numbers: columns of its steps */
function statisticsOfEpisode(
  numbers: ReturnType<typeof stepColumns>,
  parts: Parts,
  shapes: Readonly<Record<string, Part>>,
): ReadonlyMap<string, FeatureStatistics> {
  const rows = new Map(parts.map(({ column, rows }) => [column.name, rows]));
  const flat = (key: string) =>
    rows.get(key) ?? Float64Array.from((numbers as Record<string, ArrayLike<unknown>>)[key], Number);
  return new Map(Object.entries(shapes).map(([key, part]) => [key, featureStatistics(flat(key), part)]));
}

interface EpisodeEntry {
  readonly episode: Episode;
  readonly index: number;
  /** Its first step, counted over the whole set. */
  readonly first: number;
  /** Number of the file of steps that it is in. */
  readonly file: number;
  readonly statistics: ReadonlyMap<string, FeatureStatistics>;
}

interface EpisodeTable {
  add(entry: EpisodeEntry): void;
  finish(): void;
}

const firstTypes = {
  episode_index: { element: "int64" },
  tasks: { element: "string", lists: 1 },
  length: { element: "int64" },
  "data/chunk_index": { element: "int64" },
  "data/file_index": { element: "int64" },
  dataset_from_index: { element: "int64" },
  dataset_to_index: { element: "int64" },
} as const satisfies Record<string, ParquetType>;
const lastTypes = {
  "meta/episodes/chunk_index": { element: "int64" },
  "meta/episodes/file_index": { element: "int64" },
} as const satisfies Record<string, ParquetType>;
/** See import/lerobot-episodes.ts. */
const factsTypes = {
  episode_index: { element: "int64" },
  seed: { element: "int64" },
  terminated: { element: "boolean" },
  final_observation: { element: "float", lists: 1 },
  checksum: { element: "int64" },
} as const satisfies Record<string, ParquetType>;

const episodeRow = (
  { episode, index, first, file, statistics }: EpisodeEntry,
  shapes: Readonly<Record<string, Part>>,
): Row => ({
  episode_index: BigInt(index),
  tasks: [episode.task],
  length: BigInt(episode.rewards.length),
  "data/chunk_index": BigInt(Math.floor(file / filesPerChunk)),
  "data/file_index": BigInt(file % filesPerChunk),
  dataset_from_index: BigInt(first),
  dataset_to_index: BigInt(first + episode.rewards.length),
  ...Object.assign({}, ...[...statistics].map(([key, own]) => statisticsRow(key, shapes[key], own))),
  "meta/episodes/chunk_index": 0n,
  "meta/episodes/file_index": 0n,
});

const factsRow = ({ episode, index }: EpisodeEntry): Row => ({
  episode_index: BigInt(index),
  seed: BigInt(episode.seed),
  terminated: episode.terminated,
  final_observation: Array.from(episode.finalObservation),
  checksum: BigInt(checksumOf(episode.actions)),
});

/** The table of episodes, and that of what we add. shapes: of the features */
function newEpisodeTable(
  path: string,
  factsPath: string,
  shapes: Readonly<Record<string, Part>>,
): EpisodeTable {
  const statistics = Object.assign(
    {},
    ...Object.entries(shapes).map(([key, part]) => statisticsTypes(key, part)),
  ) as Readonly<Record<string, ParquetType>>;
  const episodes = newRows(path, { ...firstTypes, ...statistics, ...lastTypes });
  const facts = newRows(factsPath, factsTypes);
  return {
    add(entry) {
      episodes.add(episodeRow(entry, shapes));
      facts.add(factsRow(entry));
    },
    finish() {
      episodes.finish();
      facts.finish();
    },
  };
}

type Row = Readonly<Record<string, unknown>>;

/** A table that is given row by row. */
function newRows(path: string, types: Readonly<Record<string, ParquetType>>) {
  const output = newParquet(path, types);
  const names = Object.keys(types);
  let rows: Row[] = [];
  const flush = () => {
    output.add(Object.fromEntries(names.map((name) => [name, rows.map((row) => row[name])])));
    rows = [];
  };
  return {
    add(row: Row) {
      rows.push(row);
      if (rows.length === rowsPerGroup) flush();
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
