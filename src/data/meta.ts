/**
 * @file The folder `meta`: what a data set holds, in LeRobot v3's names, for people and other programs. Drawn from the
 * manifest and the shards, which alone decide; nothing here is read back.
 */
import { join } from "node:path";
import { makeFolder, replaceFile } from "../platform/index.ts";
import { Dataset } from "./dataset.ts";
import { readManifest } from "./manifest.ts";
import { columnsOf, namesOf } from "./shard-columns.ts";

/** Writes `meta/info.json`, `stats.json`, `tasks.jsonl` and `episodes.jsonl` of the data set in a folder. */
export async function writeMeta(folder: string): Promise<void> {
  using dataset = await Dataset.open(folder);
  const file = (name: string) => join(folder, "meta", name);
  await makeFolder(join(folder, "meta"));
  await replaceFile(file("info.json"), asJson(infoOf(dataset)));
  await replaceFile(file("stats.json"), asJson(statisticsOf(dataset)));
  const { tasks: names } = await readManifest(folder);
  const tasks = names.map((task, task_index) => ({ task_index, task }));
  await replaceFile(file("tasks.jsonl"), asLines(tasks));
  await replaceFile(file("episodes.jsonl"), asLines(episodesOf(dataset)));
}

/** Columns of steps. */
const stepColumns = ({ spaces }: Dataset) =>
  Object.entries(columnsOf(spaces)).filter(([, { per }]) => per === "step");

const statisticsOf = (dataset: Dataset) =>
  Object.fromEntries(
    stepColumns(dataset)
      .filter(([, { dtype }]) => dtype === "F32" || dtype === "U8")
      .map(([name]) => [name, dataset.statistics(name)]),
  );

function infoOf(dataset: Dataset) {
  const dtypes = { F32: "float32", U8: "uint8", BOOL: "bool", I32: "int32", U32: "uint32" };
  const names = namesOf(dataset.spaces);
  const features = stepColumns(dataset).map(([name, { dtype, size }]) => [
    name,
    { dtype: dtypes[dtype], shape: size.length === 0 ? [1] : size, names: names[name] ?? null },
  ]);
  return {
    total_episodes: dataset.episodes,
    total_frames: dataset.steps,
    total_tasks: dataset.tasks.length,
    data_path: "data/shard-{shard_index:05d}.safetensors",
    features: Object.fromEntries(features),
  };
}

function* episodesOf(dataset: Dataset) {
  let row = 0;
  for (let i = 0; i < dataset.episodes; i++) {
    const { number, task, seed, steps } = dataset.about(i);
    yield {
      episode_index: number,
      tasks: [task],
      length: steps,
      dataset_from_index: row,
      dataset_to_index: row + steps,
      seed,
    };
    row += steps;
  }
}

const asJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

function* asLines(values: Iterable<unknown>): Generator<string> {
  for (const value of values) yield `${JSON.stringify(value)}\n`;
}
