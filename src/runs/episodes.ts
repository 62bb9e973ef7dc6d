/** @file Episodes of an evaluation in its folder: few bytes, from which each can be played again bit for bit. */

import { join } from "node:path";
import { type FileFormat, type StoredTensor, UserError } from "../base/index.ts";
import { makeFolder, readTensors, readVersioned, replaceSealed, writeTensors } from "../platform/index.ts";
import { EpisodesRecord, type RecordedEpisode } from "../wire/index.ts";

/** Episodes of one environment. */
export interface RecordedTask {
  readonly env: EpisodesRecord["tasks"][number]["env"];
  readonly episodes: readonly RecordedEpisode[];
}

export interface RecordedEpisodes {
  readonly policy: EpisodesRecord["policy"];
  readonly tasks: readonly RecordedTask[];
}

const format: FileFormat<EpisodesRecord> = {
  format: "sodp episodes",
  version: 1,
  schema: EpisodesRecord,
  sealedSince: 1,
};

/** Names of the files in a folder: what is recorded of the episodes, and their numbers. */
const pathsIn = (folder: string) => ({
  record: join(folder, "episodes.json"),
  tensors: join(folder, "episodes.safetensors"),
});

/** Writes `episodes.json` and `episodes.safetensors` into `folder`, which is made if need be. */
export async function writeEpisodes(folder: string, { policy, tasks }: RecordedEpisodes): Promise<void> {
  await makeFolder(folder);
  const paths = pathsIn(folder);
  const { sha256 } = await writeTensors(paths.tensors, Object.fromEntries(tasks.flatMap(tensorsOf)));
  const record: EpisodesRecord = {
    format: "sodp episodes",
    version: 1,
    policy,
    tasks: tasks.map(({ env, episodes }) => ({
      env,
      seeds: episodes.map(({ seed }) => seed),
      steps: episodes.map(({ rewards }) => rewards.length),
      success: episodes.map(({ successes }) => successes.includes(1)),
    })),
    tensors_sha256: sha256,
  };
  await replaceSealed(paths.record, record);
}

function tensorsOf({ episodes }: RecordedTask, i: number): [name: string, tensor: StoredTensor][] {
  const steps = episodes.reduce((sum, { rewards }) => sum + rewards.length, 0);
  if (steps === 0) return [];
  const numbers = episodes.reduce((sum, { actions }) => sum + actions.length, 0);
  const actions = joined(episodes, new Float32Array(numbers), ({ actions }) => actions);
  const rewards = joined(episodes, new Float32Array(steps), ({ rewards }) => rewards);
  const successes = joined(episodes, new Uint8Array(steps), ({ successes }) => successes);
  return [
    [`actions.${i}`, { dtype: "F32", shape: [steps, actions.length / steps], data: actions }],
    [`rewards.${i}`, { dtype: "F32", shape: [steps], data: rewards }],
    [`successes.${i}`, { dtype: "U8", shape: [steps], data: successes }],
  ];
}

function joined<Numbers extends Float32Array | Uint8Array>(
  episodes: readonly RecordedEpisode[],
  all: Numbers,
  column: (episode: RecordedEpisode) => ArrayLike<number>,
): Numbers {
  let at = 0;
  for (const episode of episodes) {
    all.set(column(episode), at);
    at += column(episode).length;
  }
  return all;
}

/**
 * The episodes that an evaluation kept in `folder`; undefined if it kept none. Throws UserError if a file is damaged, of a newer
 * version, or not what the other belongs to.
 */
export async function readEpisodes(folder: string): Promise<RecordedEpisodes | undefined> {
  const paths = pathsIn(folder);
  const record = await readVersioned(paths.record, format);
  if (record === undefined) return undefined;
  const { tensors, metadata } = await readTensors(paths.tensors);
  if (metadata.sha256 !== record.tensors_sha256)
    throw new UserError(`${paths.tensors} is not what ${paths.record} was written with.`);
  const column = (name: string, rows: number): ArrayLike<number> => {
    const { shape, data } = tensors[name] ?? {};
    if (
      data !== undefined &&
      shape[0] === rows &&
      !(data instanceof BigInt64Array || data instanceof BigUint64Array)
    )
      return data;
    throw new UserError(`${paths.tensors} has no ${rows} rows of ${name}.`);
  };
  const tasks = record.tasks.map((task, i) => episodesOf(task, (name, rows) => column(`${name}.${i}`, rows)));
  return { policy: record.policy, tasks };
}

/** column: numbers of a tensor of the task, by its name and rows */
function episodesOf(
  { env, seeds, steps }: EpisodesRecord["tasks"][number],
  column: (name: string, rows: number) => ArrayLike<number>,
): RecordedTask {
  if (seeds.length !== steps.length)
    throw new UserError(
      `Of ${seeds.length} episodes of ${env.env}, the lengths of ${steps.length} are known.`,
    );
  const all = steps.reduce((sum, each) => sum + each, 0);
  if (all === 0) return { env, episodes: [] };
  const actions = Float32Array.from(column("actions", all));
  const rewards = Float32Array.from(column("rewards", all));
  const successes = Uint8Array.from(column("successes", all));
  const size = actions.length / all;
  let at = 0;
  const episodes = seeds.map((seed, i) => {
    const [begin, end] = [at, at + steps[i]];
    at = end;
    return {
      task: env.env,
      seed,
      actions: actions.slice(begin * size, end * size),
      rewards: rewards.slice(begin, end),
      successes: successes.slice(begin, end),
    };
  });
  return { env, episodes };
}
