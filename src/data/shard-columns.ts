/**
 * @file Columns of a shard, by the spaces of its data set: their names, types and sizes, and episodes as such columns.
 * Symbols: N steps and E episodes of a shard, O numbers of an observation, A of an action.
 */
import type { Space, Spaces, StoredTensor, StoredTensors } from "../base/index.ts";
import type { Episode } from "./episodes/index.ts";
import { type PartPlace, partPlaces } from "./episodes/index.ts";
import { type Statistics, statisticsOf } from "./statistics.ts";

/** A column: its numbers per step, (N, ...size), or per episode, (E, ...size). */
export interface ShardColumn {
  readonly dtype: "F32" | "U8" | "BOOL" | "I32" | "U32";
  readonly per: "step" | "episode";
  readonly size: readonly number[];
}

/** LeRobot's name of the column of a part: "observation.state", "action"; "action.gripper" where there are several. */
export const columnOfPart = (kind: keyof Spaces, part: string): string =>
  kind === part ? kind : `${kind}.${part}`;
/** Ours of its final observations. */
export const finalColumnOf = (part: string): string => `episode.final_observation.${part}`;
/** That of the only part in version 1, whose shards have it still. */
export const firstFinalColumn = "episode.final_observation";

/**
 * Columns of a shard, by name: LeRobot's names for what there is per step, ours for what there is per episode.
 * "episode_index" counts over the whole data set as it was written. "next.done" marks an episode's last step.
 */
export function columnsOf({ observation, action }: Spaces): Readonly<Record<string, ShardColumn>> {
  const parts = (space: Space, per: ShardColumn["per"], nameOf: (part: string) => string) =>
    Object.entries(space).map(([name, { dtype, shape }]): [string, ShardColumn] => [
      nameOf(name),
      { dtype: dtype === "uint8" ? "U8" : "F32", per, size: shape },
    ]);
  return {
    ...Object.fromEntries(parts(observation, "step", (part) => columnOfPart("observation", part))),
    ...Object.fromEntries(parts(action, "step", (part) => columnOfPart("action", part))),
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
    ...Object.fromEntries(parts(observation, "episode", finalColumnOf)),
  };
}

/** Names of the numbers of a part's last axis, by column. */
export const namesOf = ({ observation, action }: Spaces): Readonly<Record<string, readonly string[]>> =>
  Object.fromEntries(
    [
      ...Object.entries(observation).map(([part, { names }]) => [columnOfPart("observation", part), names]),
      ...Object.entries(action).map(([part, { names }]) => [columnOfPart("action", part), names]),
    ].filter(([, names]) => names !== undefined),
  );

/** Columns of a shard as tensors. first: number of its first episode in the data set   tasks: names by task_index */
export function asTensors(
  episodes: readonly Episode[],
  spaces: Spaces,
  first: number,
  tasks: readonly string[],
): StoredTensors {
  const E = episodes.length;
  const N = episodes.reduce((sum, { rewards }) => sum + rewards.length, 0);
  const rewards = new Float32Array(N);
  const done = new Uint8Array(N);
  const success = new Uint8Array(N);
  const [episodeIndex, frameIndex, taskIndex] = [new Int32Array(N), new Int32Array(N), new Int32Array(N)];
  let row = 0;
  for (const [i, episode] of episodes.entries()) {
    const steps = episode.rewards.length;
    rewards.set(episode.rewards, row);
    success.set(episode.successes, row);
    episodeIndex.fill(first + i, row, row + steps);
    taskIndex.fill(tasks.indexOf(episode.task), row, row + steps);
    for (let step = 0; step < steps; step++) frameIndex[row + step] = step;
    row += steps;
    done[row - 1] = 1;
  }
  const ofEpisodes = <T>(of: (episode: Episode) => T) => episodes.map(of);
  const lengths = ofEpisodes(({ rewards: { length } }) => length);
  return {
    ...partTensors(
      spaces.observation,
      ofEpisodes((each) => each.observations),
      (part) => columnOfPart("observation", part),
    ),
    ...partTensors(
      spaces.action,
      ofEpisodes((each) => each.actions),
      (part) => columnOfPart("action", part),
    ),
    "next.reward": { dtype: "F32", shape: [N], data: rewards },
    "next.done": { dtype: "BOOL", shape: [N], data: done },
    "next.success": { dtype: "BOOL", shape: [N], data: success },
    episode_index: { dtype: "I32", shape: [N], data: episodeIndex },
    frame_index: { dtype: "I32", shape: [N], data: frameIndex },
    task_index: { dtype: "I32", shape: [N], data: taskIndex },
    "episode.length": { dtype: "I32", shape: [E], data: Int32Array.from(lengths) },
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
    ...partTensors(
      spaces.observation,
      ofEpisodes((each) => each.finalObservation),
      finalColumnOf,
    ),
  };
}

/** A tensor for each part of a space. pieces: flat rows, (n, D) each, one piece after another */
function partTensors(
  space: Space,
  pieces: readonly Float32Array[],
  nameOf: (part: string) => string,
): StoredTensors {
  const places = partPlaces(space);
  const stride = places.reduce((sum, { size }) => sum + size, 0);
  const rows = pieces.reduce((sum, { length }) => sum + length / stride, 0);
  return Object.fromEntries(
    places.map((place): [string, StoredTensor] => {
      const shape = [rows, ...place.part.shape];
      const name = nameOf(place.name);
      if (place.part.dtype === "uint8") {
        const data = new Uint8Array(rows * place.size);
        fillPart(data, place, pieces, stride);
        return [name, { dtype: "U8", shape, data }];
      }
      const data = new Float32Array(rows * place.size);
      fillPart(data, place, pieces, stride);
      return [name, { dtype: "F32", shape, data }];
    }),
  );
}

/** Copies a part's numbers out of flat rows. stride: D */
function fillPart(
  out: Float32Array | Uint8Array,
  { offset, size }: PartPlace,
  pieces: readonly Float32Array[],
  stride: number,
): void {
  let to = 0;
  for (const piece of pieces)
    for (let from = offset; from < piece.length; from += stride, to += size)
      out.set(piece.subarray(from, from + size), to);
}

/** Statistics of the columns of numbers: parts by channel, and rewards. */
export function columnStatistics(
  tensors: StoredTensors,
  { observation, action }: Spaces,
): Readonly<Record<string, Statistics>> {
  const entries = (["observation", "action"] as const).flatMap((kind) =>
    partPlaces(kind === "observation" ? observation : action).map(({ name, channels }) => ({
      column: columnOfPart(kind, name),
      channels,
    })),
  );
  return Object.fromEntries(
    [...entries, { column: "next.reward", channels: 1 }].map(({ column, channels }) => [
      column,
      statisticsOf(tensors[column].data as Float32Array | Uint8Array, channels),
    ]),
  );
}
