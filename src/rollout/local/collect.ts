/**
 * @file Sub-optimal data of a chosen quality: scripted experts with something wrong play, and all they did is kept.
 *
 * The noise differs from episode to episode, in kind and in strength. The strength follows the success so far,
 * block by block, so that the share of solved episodes comes near the wanted one without trials beside the data.
 */
import { z } from "zod";
import { Random, refuseRepeated, UserError } from "../../base/index.ts";
import { Dataset, DatasetWriter, type Episode, findManifest, type Origin } from "../../data/index.ts";
import {
  type Actor,
  type FoundEnv,
  findEnv,
  type Noise,
  optionsOf,
  type ScriptedPolicy,
  withNoise,
} from "../../envs/index.ts";
import { loadFamily } from "../../envs/pool/index.ts";
import type { EpisodeRequest, Policy } from "../policy.ts";
import { stepwisePolicy } from "../reference-policies.ts";
import { trainingSeed } from "../seeds.ts";
import { EnvPool } from "./env-pool.ts";

export const CollectConfig = z.strictObject({
  tasks: z.array(z.string()).min(1).readonly().describe("names of tasks, in order of collection"),
  env: z
    .record(z.string(), z.json())
    .default({})
    .describe("options of the environments, and the module of an own family"),
  episodes: z.int().positive().default(60).describe("episodes per task"),
  maxSteps: z
    .int()
    .positive()
    .optional()
    .describe("steps of every episode, solved or not; default: the environment's own"),
  success: z
    .number()
    .min(0)
    .max(1)
    .default(0.3)
    .describe("share of each task's episodes wanted solved, 0 to 1"),
  seed: z.int().nonnegative().default(0).describe("fixes environments and noise"),
});
export type CollectConfig = Readonly<z.infer<typeof CollectConfig>>;

/** Progress of a collection. */
export interface CollectProgress {
  /** The task being played, and its episodes so far and in all. */
  readonly task: string;
  readonly done: number;
  readonly solved: number;
  /** Episodes of all tasks that are played and that are wanted. */
  readonly allDone: number;
  readonly all: number;
}

export interface CollectOptions {
  /** Threads that play; as many as the machine runs at once if absent. The data is the same whatever their number. */
  readonly threads?: number;
  /** Collection stops when it fires. The same call goes on later. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: CollectProgress) => void;
}

/** Episodes that are played before the noise is adjusted. */
const blockSize = 10;
/** Episodes of a task after which a shard is written: what an interruption costs at most. */
const shardEpisodes = 100;
/** Changes when equal configurations begin to give other data. */
const recipe = "experts with noise, 2";

/**
 * Collects a data set into `folder`, or goes on where an interrupted collection of the same configuration stopped: the
 * result is the same, byte for byte. Returns whether it is complete. Throws UserError if the folder holds another data
 * set.
 */
export async function collect(
  config: CollectConfig,
  folder: string,
  options: CollectOptions = {},
): Promise<boolean> {
  const { episodes } = config;
  const tasks = await expertTasks(config);
  refuseRepeated(
    tasks.map(({ name }) => name),
    "more of a task is --episodes",
  );
  const { writer, outcomes } = await openCollection(folder, originOf(config, tasks));
  const all = tasks.length * episodes;
  for (const [i, task] of tasks.entries()) {
    const solved = outcomes.slice(i * episodes, (i + 1) * episodes).map((outcome) => outcome.solved);
    if (solved.length === episodes) continue;
    if (options.signal?.aborted) return false;
    const threads = options.threads !== undefined && { threads: options.threads };
    await using pool = await EnvPool.start(
      { ...config.env, env: task.name, maxSteps: task.maxSteps },
      { numEnvs: Math.min(blockSize, episodes), ...threads },
    );
    while (solved.length < episodes) {
      if (options.signal?.aborted) return false;
      const block = await playBlock(pool, config, task, solved);
      for (const episode of block) {
        await writer.add(episode, pool.spaces);
        solved.push(episode.successes.includes(1));
      }
      if (solved.length % shardEpisodes === 0 || solved.length === episodes) await writer.flush();
      const done = solved.length;
      const allDone = i * episodes + done;
      options.onProgress?.({ task: task.name, done, solved: count(solved), allDone, all });
    }
  }
  await writer.close();
  return true;
}

/** A task that is collected, with what acts in it. */
interface ExpertTask extends Pick<FoundEnv, "name" | "task"> {
  readonly expert: ScriptedPolicy;
  readonly maxSteps: number;
}

/** Throws UserError for an unknown task and for one without a scripted policy. */
async function expertTasks({ tasks, env, maxSteps }: CollectConfig): Promise<readonly ExpertTask[]> {
  const own = typeof env.module === "string" ? await loadFamily(env.module) : undefined;
  return tasks.map((asked) => {
    const { name, family, task } = findEnv(asked, own);
    const options = optionsOf(family, { ...env, env: name, ...(maxSteps !== undefined && { maxSteps }) });
    const expert = family.expert?.(task, options);
    if (expert === undefined)
      throw new UserError(`${family.name} has no scripted policies, so nothing of ${name} can be collected.`);
    return { name, task, expert, maxSteps: Number(options.maxSteps) };
  });
}

/** The configuration as the data set keeps it, and by which an interrupted collection is recognised. */
function originOf({ env, episodes, success, seed }: CollectConfig, tasks: readonly ExpertTask[]): Origin {
  const names = tasks.map(({ name }) => name);
  const max_steps = tasks[0].maxSteps;
  const options = Object.keys(env).length > 0 && { env };
  return { recipe, tasks: names, episodes, max_steps, success, seed, ...options };
}

/**
 * A writer for a new collection or an interrupted one, and what is known of each of its episodes so far.
 * Throws UserError if the folder holds a data set of another origin.
 */
export async function openCollection(
  folder: string,
  origin: Origin,
): Promise<{
  writer: DatasetWriter;
  outcomes: readonly { readonly task: string; readonly solved: boolean }[];
}> {
  const manifest = await findManifest(folder);
  if (manifest === undefined)
    return { writer: await DatasetWriter.create(folder, origin, "collection"), outcomes: [] };
  const difference = differenceOf(manifest.origin, origin);
  if (difference !== undefined)
    throw new UserError(
      `${folder} holds another data set: ${difference}. Choose another folder, or the same settings to go on.`,
    );
  using dataset = await Dataset.open(folder);
  if (dataset.damage.length > 0)
    throw new UserError(`${dataset.damage[0].reason} Collect into another folder, or remove this one first.`);
  const outcomes = Array.from({ length: dataset.episodes }, (_, i) => ({
    task: dataset.about(i).task,
    solved: dataset.isSolved(i),
  }));
  return { writer: await DatasetWriter.append(folder), outcomes };
}

/** The first setting in which two collections differ, in words. */
function differenceOf(there: Origin, here: Origin): string | undefined {
  const name = Object.keys(here).find((key) => JSON.stringify(there[key]) !== JSON.stringify(here[key]));
  if (name === undefined) return undefined;
  return `its ${name} is ${JSON.stringify(there[name]) ?? "unknown"}, asked for is ${JSON.stringify(here[name])}`;
}

/** A task's next episodes. solved: of each of its episodes so far, whether it was */
async function playBlock(
  pool: EnvPool,
  { seed, episodes, success }: CollectConfig,
  { name, task, expert }: ExpertTask,
  solved: readonly boolean[],
): Promise<readonly Episode[]> {
  const level = noiseLevel(solved, success);
  const size = Math.min(blockSize, episodes - solved.length);
  const streams = Array.from({ length: size }, (_, i) =>
    new Random(seed).split(task).split(`episode ${solved.length + i}`),
  );
  const policy = noisyExpert(expert, level);
  const play = async (each: readonly Random[]) =>
    pool.play(policy, each.map(requestOf), { stopAtSuccess: false });
  const played = [...(await play(streams))];
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const faulty = [...played.keys()].filter((i) => played[i].fault !== undefined);
    if (faulty.length === 0) return played;
    // A thread that died would have played on, so the first attempt is at the same episode.
    const again = faulty.map((i) => (attempt === 1 ? streams[i] : streams[i].split(`attempt ${attempt}`)));
    const better = await play(again);
    for (const [i, index] of faulty.entries()) played[index] = better[i];
  }
  throw new Error(`${name}: the simulation diverged in ${attempts} attempts in a row.`);
}

/** Episodes whose simulation diverges are played again, so often at most. */
const attempts = 5;

function requestOf(random: Random): EpisodeRequest {
  return { seed: trainingSeed(random.split("world")), random };
}

/** An expert with noise of a level, drawn anew for each episode. */
function noisyExpert(expert: ScriptedPolicy, level: number): Policy<Actor> {
  return stepwisePolicy({
    start: ({ random }) =>
      withNoise(expert, drawNoise(level, random.split("noise"), biasDeviationOf(expert)), random),
    act: (observation, _, actor) => actor(observation),
  });
}

const biasDeviationOf = ({ actionSize, biasDeviation }: ScriptedPolicy): readonly number[] =>
  biasDeviation ?? new Array<number>(actionSize).fill(0.7);

/**
 * Noise of one episode. Around `level`, 0 to 1, its strength s varies; each kind is there or not, in a strength
 * of its own. At 1 an expert hardly solves anything, at 0 nearly all.
 * biasDeviation: of a constant error of each number of an action at full strength, (A,)
 */
export function drawNoise(level: number, random: Random, biasDeviation: readonly number[]): Noise {
  const s = Math.min(Math.max(level + 0.35 * (2 * random.uniform() - 1), 0), 1);
  const present = () => random.uniform() < 0.3 + 0.5 * s;
  const part = () => s * (0.3 + 0.7 * random.uniform());
  return {
    ...(present() && { gaussian: 1.5 * part() }),
    ...(present() && { bias: biasDeviation.map((deviation) => deviation * s * random.normal()) }),
    ...(present() && { bursts: 0.1 * part(), burstSteps: 5 + random.integer(26) }),
    ...(present() && { random: 0.8 * part() }),
    ...(present() && { wrongGoal: 0.15 * s, wrongObject: 0.1 * s }),
  };
}

/**
 * The level of the next block: from 1/2 on, after each block up or down by what its success was off the one that would
 * have made up for all before it.   solved: of each episode so far, whole blocks
 */
export function noiseLevel(solved: readonly boolean[], wanted: number): number {
  let level = 0.5;
  let owed = 0; // solved episodes that are missing so far
  for (let end = blockSize; end <= solved.length; end += blockSize) {
    const got = count(solved.slice(end - blockSize, end));
    const aim = Math.min(Math.max(wanted + owed / (2 * blockSize), 0), 1);
    level = Math.min(Math.max(level + 0.6 * (got / blockSize - aim), 0), 1);
    owed += wanted * blockSize - got;
  }
  return level;
}

const count = (flags: readonly boolean[]): number => flags.filter(Boolean).length;
