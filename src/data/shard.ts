/**
 * @file A shard: whole episodes as columns of one safetensors file, one after another, and a table of them.
 * Symbols: N steps and E episodes of the shard, O observation size, A action size.
 */
import { closeSync, openSync, readSync } from "node:fs";
import { mkdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type StoredTensors, type TensorPlace, UserError } from "../base/index.ts";
import { locateTensors, writeTensors } from "../platform/index.ts";
import type { Episode } from "./episode.ts";
import type { Manifest, ShardEntry } from "./manifest.ts";
import { statisticsOf } from "./statistics.ts";

/**
 * What a shard holds: LeRobot's names for what there is per step, (N, ...), ours for what there is per episode,
 * (E, ...). "episode_index" counts over the whole data set as it was written. "next.done" marks an episode's last step.
 */
export function columnsOf({
  observation_size,
  action_size,
}: Pick<Manifest, "observation_size" | "action_size">) {
  return {
    "observation.state": { dtype: "F32", per: "step", size: [observation_size] },
    action: { dtype: "F32", per: "step", size: [action_size] },
    "next.reward": { dtype: "F32", per: "step", size: [] },
    "next.done": { dtype: "BOOL", per: "step", size: [] },
    "next.success": { dtype: "BOOL", per: "step", size: [] },
    episode_index: { dtype: "I32", per: "step", size: [] },
    frame_index: { dtype: "I32", per: "step", size: [] },
    task_index: { dtype: "I32", per: "step", size: [] },
    "episode.length": { dtype: "I32", per: "episode", size: [] },
    "episode.task_index": { dtype: "I32", per: "episode", size: [] },
    "episode.seed": { dtype: "U32", per: "episode", size: [] },
    "episode.terminated": { dtype: "BOOL", per: "episode", size: [] },
    "episode.final_observation": { dtype: "F32", per: "episode", size: [observation_size] },
  } as const;
}
export type Column = keyof ReturnType<typeof columnsOf>;

/** Writes episodes, which are known to be sound, as the next shard of `manifest`; returns the manifest that lists it. */
export async function writeShard(
  folder: string,
  manifest: Manifest,
  episodes: readonly Episode[],
): Promise<Manifest> {
  const tasks = [...new Set([...manifest.tasks, ...episodes.map(({ task }) => task)])];
  const first = manifest.shards.reduce((sum, shard) => sum + shard.episodes, 0);
  const file = `data/shard-${String(manifest.shards.length).padStart(5, "0")}.safetensors`;
  const path = join(folder, file);
  const tensors = asTensors(episodes, manifest, first, tasks);
  await mkdir(dirname(path), { recursive: true });
  const { sha256 } = await writeTensors(path, tensors);
  const float = (column: Column) => tensors[column].data as Float32Array;
  const entry: ShardEntry = {
    file,
    sha256,
    bytes: (await stat(path)).size,
    episodes: episodes.length,
    steps: tensors.frame_index.data.length,
    stats: {
      "observation.state": statisticsOf(float("observation.state"), manifest.observation_size),
      action: statisticsOf(float("action"), manifest.action_size),
      "next.reward": statisticsOf(float("next.reward"), 1),
    },
  };
  return { ...manifest, tasks, shards: [...manifest.shards, entry] };
}

function asTensors(
  episodes: readonly Episode[],
  { observation_size, action_size }: Manifest,
  first: number,
  tasks: readonly string[],
): Record<Column, StoredTensors[string]> {
  const [O, A, E] = [observation_size, action_size, episodes.length];
  const N = episodes.reduce((sum, { rewards }) => sum + rewards.length, 0);
  const observations = new Float32Array(N * O);
  const actions = new Float32Array(N * A);
  const rewards = new Float32Array(N);
  const done = new Uint8Array(N);
  const success = new Uint8Array(N);
  const [episodeIndex, frameIndex, taskIndex] = [new Int32Array(N), new Int32Array(N), new Int32Array(N)];
  const finals = new Float32Array(E * O);
  let row = 0;
  for (const [i, episode] of episodes.entries()) {
    const steps = episode.rewards.length;
    observations.set(episode.observations, row * O);
    actions.set(episode.actions, row * A);
    rewards.set(episode.rewards, row);
    success.set(episode.successes, row);
    finals.set(episode.finalObservation, i * O);
    episodeIndex.fill(first + i, row, row + steps);
    taskIndex.fill(tasks.indexOf(episode.task), row, row + steps);
    for (let step = 0; step < steps; step++) frameIndex[row + step] = step;
    row += steps;
    done[row - 1] = 1;
  }
  return {
    "observation.state": { dtype: "F32", shape: [N, O], data: observations },
    action: { dtype: "F32", shape: [N, A], data: actions },
    "next.reward": { dtype: "F32", shape: [N], data: rewards },
    "next.done": { dtype: "BOOL", shape: [N], data: done },
    "next.success": { dtype: "BOOL", shape: [N], data: success },
    episode_index: { dtype: "I32", shape: [N], data: episodeIndex },
    frame_index: { dtype: "I32", shape: [N], data: frameIndex },
    task_index: { dtype: "I32", shape: [N], data: taskIndex },
    "episode.length": {
      dtype: "I32",
      shape: [E],
      data: Int32Array.from(episodes, ({ rewards }) => rewards.length),
    },
    "episode.task_index": {
      dtype: "I32",
      shape: [E],
      data: Int32Array.from(episodes, ({ task }) => tasks.indexOf(task)),
    },
    "episode.seed": { dtype: "U32", shape: [E], data: Uint32Array.from(episodes, ({ seed }) => seed) },
    "episode.terminated": {
      dtype: "BOOL",
      shape: [E],
      data: Uint8Array.from(episodes, ({ terminated }) => Number(terminated)),
    },
    "episode.final_observation": { dtype: "F32", shape: [E, O], data: finals },
  };
}

/** A shard on disk whose structure is sound: its columns are there, of the right sizes. Holds its file open. */
export interface Shard extends Disposable {
  readonly entry: ShardEntry;
  readonly path: string;
  readonly file: number;
  /** Bytes of the file at which each column begins. */
  readonly begin: Readonly<Record<Column, number>>;
  /** Steps of each episode, (E,). */
  readonly lengths: Int32Array;
  /** (E,) */
  readonly taskIndices: Int32Array;
  readonly seeds: Uint32Array;
  readonly terminated: Uint8Array;
}

/** Reads a shard's structure and table of episodes. Throws UserError, in one sentence, if it cannot be used. */
export async function openShard(folder: string, manifest: Manifest, entry: ShardEntry): Promise<Shard> {
  const path = join(folder, entry.file);
  if (entry.quarantined !== undefined) throw new UserError(`${path} is in quarantine: ${entry.quarantined}`);
  const { entries } = await locateTensors(path);
  const places = new Map(entries.map((place) => [place.name, place]));
  const columns = columnsOf(manifest);
  for (const [name, column] of Object.entries(columns)) {
    const rows = column.per === "step" ? entry.steps : entry.episodes;
    checkColumn(path, name, places.get(name), column.dtype, [rows, ...column.size]);
  }
  const begin = Object.fromEntries(
    Object.keys(columns).map((name) => [name, places.get(name)?.begin]),
  ) as Shard["begin"];
  const file = openSync(path, "r");
  const read = <T extends NodeJS.ArrayBufferView>(column: Column, into: T) => {
    readBytes(file, bytesOf(into), begin[column]);
    return into;
  };
  const shard = {
    entry,
    path,
    file,
    begin,
    lengths: read("episode.length", new Int32Array(entry.episodes)),
    taskIndices: read("episode.task_index", new Int32Array(entry.episodes)),
    seeds: read("episode.seed", new Uint32Array(entry.episodes)),
    terminated: read("episode.terminated", new Uint8Array(entry.episodes)),
    [Symbol.dispose]: () => closeSync(file),
  };
  const fault = faultOf(shard, manifest);
  if (fault === undefined) return shard;
  closeSync(file);
  throw new UserError(`${path} is damaged: ${fault}`);
}

function faultOf({ entry, lengths, taskIndices }: Shard, { tasks }: Manifest): string | undefined {
  const steps = lengths.reduce((sum, length) => sum + length, 0);
  if (lengths.some((length) => length < 1) || steps !== entry.steps)
    return `its episodes have ${steps} steps, its columns ${entry.steps}.`;
  const unknown = taskIndices.find((task) => !(task in tasks));
  if (unknown !== undefined) return `an episode's task_index is ${unknown}, there are ${tasks.length} tasks.`;
  return undefined;
}

function checkColumn(
  path: string,
  name: string,
  place: TensorPlace | undefined,
  dtype: string,
  shape: readonly number[],
): void {
  if (place === undefined) throw new UserError(`${path} lacks the column ${name}.`);
  if (place.begin % 4 !== 0 && dtype !== "BOOL")
    throw new UserError(`${path}: column ${name} begins at byte ${place.begin}, not at a multiple of 4.`);
  if (place.dtype === dtype && place.shape.join() === shape.join()) return;
  throw new UserError(
    `${path}: column ${name} is ${place.dtype} (${place.shape.join(", ")}), the manifest asks for ` +
      `${dtype} (${shape.join(", ")}).`,
  );
}

/** The memory of an array, not a copy. */
export function bytesOf(array: NodeJS.ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** Fills `bytes` with those of a file from `begin` on. */
export function readBytes(file: number, bytes: Uint8Array, begin: number): void {
  for (let read = 0; read < bytes.length; ) {
    const count = readSync(file, bytes, read, Math.min(bytes.length - read, 2 ** 30), begin + read);
    if (count === 0) throw new UserError("A shard of the data set shrank while it was read.");
    read += count;
  }
}
