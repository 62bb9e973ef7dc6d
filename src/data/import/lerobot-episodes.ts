/**
 * @file Places of a LeRobot data set's episodes, and names of its tasks: tables in Parquet (version 3), or lines of JSON with a
 * file of steps per episode (version 2).
 * Sources: lerobot 0.6.1 (v3), datasets/io_utils.py; lerobot 0.3.3 (v2.1), datasets/utils.py.
 */
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { isAbsolute, join, normalize, sep } from "node:path";
import { z } from "zod";
import { parse, UserError } from "../../base/index.ts";
import { isHidden, readText } from "../../platform/index.ts";
import type { Range } from "../episodes/index.ts";
import { openParquet } from "./parquet.ts";
import { PythonNumber, parseJson, readJson } from "./python-json.ts";

/** meta/info.json, as far as episodes are found by it. */
export interface EpisodeInfo {
  readonly total_episodes: number;
  readonly total_frames: number;
  readonly chunks_size?: number | undefined;
  readonly data_path: string;
}

/** Place of an episode. */
export interface EpisodePlace {
  readonly index: number;
  /** Its steps. */
  readonly length: number;
  /** File of its steps. */
  readonly path: string;
  /** Its first row in that file. */
  readonly from: number;
  /** True: the file holds no other. */
  readonly alone: boolean;
  /** Labels that a set of ours adds. */
  readonly facts?: EpisodeFacts | undefined;
}

/** Facts that LeRobot has no place for. */
export interface EpisodeFacts {
  readonly seed: number;
  readonly terminated: boolean;
  readonly finalObservation: readonly number[];
  /** CRC-32 of the episode's actions, to which the facts belong; undefined in sets of 0.2. */
  readonly checksum?: number | undefined;
}

/** The layout of a version. */
export interface Layout {
  /** In order of where they lie. */
  readonly episodes: readonly EpisodePlace[];
  readonly tasks: ReadonlyMap<number, string>;
  /** Smallest and largest numbers of a feature, where the set tells them. */
  readonly ranges: ReadonlyMap<string, Range>;
}

const whole = z.union([z.bigint(), z.number()]).transform(Number);
const EpisodeRow = z.object({
  episode_index: whole,
  length: whole,
  "data/chunk_index": whole,
  "data/file_index": whole,
  dataset_from_index: whole,
  "sodp/seed": whole.nullish(),
  "sodp/terminated": z.boolean().nullish(),
  "sodp/final_observation": z.array(z.number()).nullish(),
});
type EpisodeRow = z.infer<typeof EpisodeRow>;
const FactsRow = z.object({
  episode_index: whole,
  seed: whole,
  terminated: z.boolean(),
  final_observation: z.array(z.number()),
  checksum: whole,
});
const TaskRow = z.object({
  task_index: whole,
  task: z.string().nullish(),
  __index_level_0__: z.string().nullish(),
});
const Bound = z.array(PythonNumber).catch([]);
const Stats = z.record(z.string(), z.object({ min: Bound.optional(), max: Bound.optional() }));
type Stats = z.infer<typeof Stats>;

/** Name of our table of facts, from the data set's folder. */
export const factsFile = "meta/sodp.parquet";

/** Throws UserError if the tables are not there, are torn, or do not fit what info.json says. */
export async function layoutOf(folder: string, version: string, info: EpisodeInfo): Promise<Layout> {
  const layout = version.startsWith("v2.")
    ? await secondLayout(folder, info)
    : await thirdLayout(folder, info);
  const steps = layout.episodes.reduce((sum, { length }) => sum + length, 0);
  if (layout.episodes.length === info.total_episodes && steps === info.total_frames) return layout;
  throw new UserError(
    `${folder} is torn: meta/info.json tells of ${info.total_episodes} episodes with ${info.total_frames} steps, ` +
      `meta/episodes of ${layout.episodes.length} with ${steps}.`,
  );
}

async function thirdLayout(folder: string, info: EpisodeInfo): Promise<Layout> {
  const rows: EpisodeRow[] = [];
  for (const file of await parquetFiles(join(folder, "meta", "episodes")))
    for (const row of await readTable(file, EpisodeRow)) rows.push(row);
  rows.sort((a, b) => a.dataset_from_index - b.dataset_from_index);
  const facts = await factsOf(folder, rows);
  const tasks = await readTable(join(folder, "meta", "tasks.parquet"), TaskRow);
  const firsts = new Map<string, number>(); // each file's first step, counted over the whole set
  const stats = join(folder, "meta", "stats.json");
  return {
    episodes: rows.map((row) => {
      const path = filled(folder, info.data_path, {
        chunk_index: row["data/chunk_index"],
        file_index: row["data/file_index"],
      });
      const first = firsts.get(path) ?? row.dataset_from_index;
      firsts.set(path, first);
      return {
        index: row.episode_index,
        length: row.length,
        path,
        from: row.dataset_from_index - first,
        alone: false,
        facts: facts.get(row.episode_index),
      };
    }),
    tasks: new Map(tasks.map((row) => [row.task_index, row.task ?? row.__index_level_0__ ?? ""])),
    ranges: existsSync(stats) ? rangesOf([await readJson(stats, Stats)]) : new Map(),
  };
}

const EpisodeLine = z.object({ episode_index: z.int(), length: z.int().nonnegative() });
const TaskLine = z.object({ task_index: z.int(), task: z.string() });
const StatsLine = z.object({ stats: Stats });

async function secondLayout(folder: string, info: EpisodeInfo): Promise<Layout> {
  const file = (name: string) => join(folder, "meta", name);
  const lines = await readLines(file("episodes.jsonl"), EpisodeLine);
  const chunk = info.chunks_size ?? 1000;
  const tasks = await readLines(file("tasks.jsonl"), TaskLine);
  return {
    episodes: lines
      .sort((a, b) => a.episode_index - b.episode_index)
      .map(({ episode_index: index, length }) => {
        const numbers = { episode_chunk: Math.floor(index / chunk), episode_index: index };
        return { index, length, path: filled(folder, info.data_path, numbers), from: 0, alone: true };
      }),
    tasks: new Map(tasks.map((row) => [row.task_index, row.task])),
    ranges: await secondRanges(file),
  };
}

/** Version 2.1 has statistics per episode, 2.0 of the whole set. */
async function secondRanges(file: (name: string) => string): Promise<ReadonlyMap<string, Range>> {
  if (existsSync(file("episodes_stats.jsonl"))) {
    const lines = await readLines(file("episodes_stats.jsonl"), StatsLine);
    return rangesOf(lines.map(({ stats }) => stats));
  }
  return existsSync(file("stats.json")) ? rangesOf([await readJson(file("stats.json"), Stats)]) : new Map();
}

/** Of each feature the smallest and largest numbers in any of `all`. */
function rangesOf(all: readonly Stats[]): ReadonlyMap<string, Range> {
  const ranges = new Map<string, Range>();
  for (const stats of all)
    for (const [key, { min, max }] of Object.entries(stats)) {
      if (!min || !max) continue;
      const { low = min, high = max } = ranges.get(key) ?? {};
      ranges.set(key, {
        low: low.map((number, i) => Math.min(number, min[i])),
        high: high.map((number, i) => Math.max(number, max[i])),
      });
    }
  return ranges;
}

/** Facts by episode: a table of their own, or columns of the table of episodes, as 0.2 wrote them. */
async function factsOf(
  folder: string,
  rows: readonly EpisodeRow[],
): Promise<ReadonlyMap<number, EpisodeFacts>> {
  const path = join(folder, factsFile);
  if (existsSync(path)) {
    const own = await readTable(path, FactsRow);
    return new Map(
      own.map(({ episode_index, final_observation: finalObservation, ...rest }) => [
        episode_index,
        { ...rest, finalObservation },
      ]),
    );
  }
  return new Map(
    rows.flatMap((row): [number, EpisodeFacts][] => {
      const { "sodp/seed": seed, "sodp/terminated": terminated, "sodp/final_observation": final } = row;
      return seed == null || terminated == null || final == null
        ? []
        : [[row.episode_index, { seed, terminated, finalObservation: final }]];
    }),
  );
}

/** Digits of a number in a file's name. */
const mostDigits = 20;

/** File of steps: a Python format string, filled in, within the set's folder. Throws UserError for one that leaves it. */
function filled(folder: string, format: string, numbers: Readonly<Record<string, number>>): string {
  const path = format.replace(/\{(\w+)(?::0(\d+)d)?\}/g, (whole, name: string, width) =>
    name in numbers ? String(numbers[name]).padStart(Math.min(Number(width ?? 0), mostDigits), "0") : whole,
  );
  if (!isAbsolute(path) && normalize(path).split(sep)[0] !== "..") return join(folder, path);
  throw new UserError(`meta/info.json of ${folder} names steps outside of it: ${path}.`);
}

/** Every file below chunk-000, chunk-001, ... */
async function parquetFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true }).catch(() => {
    throw new UserError(`No folder ${folder}.`);
  });
  return names
    .filter((name) => name.endsWith(".parquet") && !name.split(sep).some(isHidden))
    .sort()
    .map((name) => join(folder, name));
}

/** Those columns of a table that `schema` knows. */
async function readTable<T extends z.ZodRawShape>(path: string, schema: z.ZodObject<T>) {
  const file = await openParquet(path);
  const known = file.names.filter((name) => Object.hasOwn(schema.shape, name));
  return parse(z.array(schema), await file.table(known), path);
}

/** Lines of JSON. Throws UserError for one that is torn or something else. */
async function readLines<T extends z.ZodType>(path: string, schema: T): Promise<z.infer<T>[]> {
  const lines = (await readText(path)).split("\n");
  return lines.flatMap((line, i) => {
    if (line.trim() === "") return [];
    const name = `${path}, line ${i + 1}`;
    return [parse(schema, parseJson(line, name), name)];
  });
}
