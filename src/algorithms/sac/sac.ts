/**
 * @file Soft actor-critic: what collects the mixed, sub-optimal data that planners are pre-trained on. Its replay, kept in
 * order of collection, begins with chance and ends with what the agent learned.
 * Symbols: B batch, N tasks, O observation size, A action size, C numbers that tell tasks apart (N, or 0 of a single task).
 * Source: Haarnoja et al. 2018, arXiv:1812.05905, as in CleanRL sac_continuous_action.py (vwxyzjn/cleanrl, 004f8a0).
 */
import { join } from "node:path";
import { z } from "zod";
import { mean as average, Random, refuseRepeated, type StoredTensors, UserError } from "../base/index.ts";
import { Dataset, DatasetWriter, findManifest, type Origin } from "../data/index.ts";
import { createTrainer, initMlp, type Mlp, mlp } from "../nn/index.ts";
import {
  type EnvPool,
  randomPolicy,
  rolloutMetrics,
  stepsOf,
  successRate,
  trainingRequests,
} from "../rollout/index.ts";
import { type Run, readState, writeState } from "../runs/index.ts";
import {
  add,
  type CpuDevice,
  concat,
  cpu,
  exp,
  float32,
  layoutOf,
  matmul,
  mean,
  minimum,
  mul,
  type Parameter,
  reshape,
  slice,
  square,
  stopGradient,
  sub,
  unpack,
  type Value,
} from "../tensor/index.ts";
import { encodedSize, ObservationEncoder } from "./observation-encoder.ts";
import { parse } from "./planner.ts";
import { Replay, type Transitions } from "./replay.ts";
import { ActorPolicy, drawAction } from "./sac-actor.ts";
import { optimizerState, optimizerTensors } from "./training-state.ts";

const count = () => z.int().positive();
const rate = () => z.number().positive();

export const SacConfig = z.strictObject({
  envSteps: count()
    .default(1_000_000)
    .describe("environment steps of an agent's training, all its tasks together"),
  episodes: count().default(1).describe("episodes of each task from one round of updates to the next"),
  learningStarts: z
    .int()
    .nonnegative()
    .default(10_000)
    .describe("environment steps in which actions are uniformly random (garage)"),
  utdRatio: rate().default(1).describe("gradient steps per environment step, after the random ones"),
  batchSize: count().default(256).describe("transitions per gradient step, B"),
  hiddenSizes: z
    .array(count())
    .min(1)
    .readonly()
    .default([256, 256])
    .describe("widths of the hidden layers of all networks"),
  learningRate: rate().default(3e-4).describe("Adam step size of actor and temperature"),
  criticLearningRate: rate().default(1e-3).describe("Adam step size of the critics (CleanRL)"),
  discount: z.number().min(0).max(1).default(0.99).describe("of rewards, per environment step"),
  targetDecay: z
    .number()
    .min(0)
    .max(1)
    .default(0.995)
    .describe("per gradient step, of the averaged critics that value the next state"),
  normalize: z
    .boolean()
    .default(false)
    .describe("whether observations are centred and scaled by those of the random steps"),
  rewardScale: rate().default(1).describe("what rewards are multiplied with"),
  targetEntropy: z
    .number()
    .nullable()
    .default(null)
    .describe("of the actor, which the temperature keeps; null: minus the size of an action"),
  evalEvery: count().default(20_000).describe("environment steps from one evaluation to the next"),
  evalEpisodes: count().default(20).describe("episodes of an evaluation per task, always the same"),
  seed: z.int().nonnegative().default(0).describe("fixes episodes, noise, first weights and batches"),
});
export type SacConfig = Readonly<z.infer<typeof SacConfig>>;

/** What differs where a laptop is to fill a replay in minutes; docs/log.md has the trials. */
export const sacPresets = {
  laptop: {
    envSteps: 100_000,
    episodes: 4,
    learningStarts: 4000,
    batchSize: 128,
    discount: 0.98,
    normalize: true,
    evalEpisodes: 50,
  },
} as const satisfies Record<string, z.input<typeof SacConfig>>;

/** Where a training stands, beside its weights and its replay. */
const Standing = z.strictObject({
  envSteps: z.int(),
  round: z.int(),
  updates: z.int(),
  evaluatedAt: z.int().describe("environment steps at the last evaluation; -1: none yet"),
  episodes: z.int().describe("in the replay"),
  randomEpisodes: z.int().describe("of these, how many were played by chance"),
});

/** Where a run keeps its replay: a data set in order of collection. */
export const replayOf = (runFolder: string): string => join(runFolder, "replay");

/**
 * Trains one agent on the tasks of `stages` and keeps all that it lives through. Goes on from the run's last checkpoint,
 * bit for bit on the processor. Returns false if the run was interrupted, after a checkpoint.
 */
export async function sac(
  input: z.input<typeof SacConfig>,
  pools: readonly EnvPool[],
  run: Run,
  { device = cpu() }: { readonly device?: CpuDevice } = {},
): Promise<boolean> {
  const config = parse(SacConfig, input, "sac");
  const sizes = sizesOf(pools);
  const { tasks } = sizes;
  const random = new Random(config.seed);
  const first = initSac(config, sizes, random.split("weights"));
  await using learner = await createLearner(config, sizes, first, device);
  const batchSize = Math.max(...pools.map((pool) => pool.batchSize));
  const encoder = new ObservationEncoder(sizes.observationSize, tasks);
  const { layout } = learner;
  const { actionSize } = sizes;
  await using actor = await ActorPolicy.compile({ layout, encoder, actionSize, batchSize, device });
  const replay = new Replay(encoder);
  let now: z.infer<typeof Standing> = {
    envSteps: 0,
    round: 0,
    updates: 0,
    evaluatedAt: -1,
    episodes: 0,
    randomEpisodes: 0,
  };
  if (run.last !== undefined) {
    const { tensors, json } = await readState(run.last);
    now = parse(Standing, json, run.last);
    await learner.restore(tensors, now.updates);
  }
  const writer = await openReplay(replayOf(run.folder), replay, now.episodes, {
    agent: "sac",
    ...config,
    hiddenSizes: [...config.hiddenSizes],
  });
  /** Once chance has played, its steps say how observations are seen. */
  const adaptEncoder = () => {
    if (config.normalize) encoder.fit(replay.episodes.slice(0, now.randomEpisodes));
  };
  if (now.randomEpisodes > 0 && now.envSteps >= config.learningStarts) adaptEncoder();
  const batch = replay.emptyBatch(config.batchSize, actionSize);
  /** What a metric's name ends with where there are several tasks. */
  const suffixOf = (task: number) => (tasks.length > 1 ? `/${tasks[task]}` : "");
  const chance = randomPolicy(actionSize);

  const save = async (score?: number) => {
    await writer.flush();
    await run.checkpoint(
      now.envSteps,
      async (folder) => {
        const standing = { ...now, updates: learner.steps, episodes: replay.episodes.length };
        await writeState(folder, await learner.tensors(), standing);
      },
      score === undefined ? {} : { score },
    );
  };

  /** Every task's next episodes, into the replay. */
  const collect = async () => {
    const stream = random.split(`round ${now.round}`);
    const byChance = now.envSteps < config.learningStarts;
    for (const [task, pool] of pools.entries()) {
      const policy = byChance ? chance : actor.playing(learner.theta, task, true);
      const requests = trainingRequests(config.episodes, stream.split(tasks[task]));
      const played = await pool.play(policy, requests, { stopAtSuccess: false });
      for (const episode of played.filter(({ fault }) => fault === undefined)) {
        replay.add(episode);
        if (replay.episodes.length > writer.episodes) await writer.add(episode); // else an interrupted run has written it
      }
      if (replay.episodes.length === 0)
        throw new UserError(
          `${tasks[task]}: the simulator gave up in all of the first ${played.length} episodes: ${played[0].fault}`,
        );
      now = { ...now, envSteps: now.envSteps + stepsOf(played) };
      const metrics = Object.entries(rolloutMetrics(played)).map(([name, value]) => [
        name + suffixOf(task),
        value,
      ]);
      run.log({ env_steps: now.envSteps }, Object.fromEntries(metrics));
    }
    now = { ...now, round: now.round + 1 };
    if (!byChance) return;
    now = { ...now, randomEpisodes: replay.episodes.length };
    if (now.envSteps >= config.learningStarts) adaptEncoder();
  };

  /** Makes the updates that the steps so far call for. */
  const learn = async () => {
    const owed = Math.floor(Math.max(0, now.envSteps - config.learningStarts) * config.utdRatio);
    if (learner.steps >= owed) return;
    let losses = { criticLoss: 0, actorLoss: 0 };
    while (learner.steps < owed) {
      const stream = random.split(`update ${learner.steps}`);
      replay.draw(stream, batch);
      losses = await learner.step(batch, stream);
    }
    const temperatures = await learner.temperatures();
    run.log(
      { env_steps: now.envSteps, grad_steps: learner.steps },
      {
        "train/critic_loss": losses.criticLoss,
        "train/actor_loss": losses.actorLoss,
        "train/temperature": average(temperatures),
      },
    );
  };

  /** Judges the actor's modes on episodes that are always the same. */
  const evaluate = async () => {
    const rates: number[] = [];
    for (const [task, pool] of pools.entries()) {
      const requests = trainingRequests(config.evalEpisodes, random.split(`evaluation ${tasks[task]}`));
      const policy = actor.playing(learner.theta, task, false);
      rates.push(successRate(await pool.play(policy, requests, { stopAtSuccess: true })));
    }
    now = { ...now, evaluatedAt: now.envSteps };
    const each = rates.map((rate, task) => [`eval/success_rate${suffixOf(task)}`, rate]);
    const success = average(rates);
    run.log({ env_steps: now.envSteps }, { ...Object.fromEntries(each), "eval/success_rate": success });
    run.progress(now.envSteps, config.envSteps, { success });
    await save(success);
  };

  for (;;) {
    const over = now.envSteps >= config.envSteps;
    const sinceEvaluation = now.evaluatedAt < 0 ? Number.POSITIVE_INFINITY : now.envSteps - now.evaluatedAt;
    if (sinceEvaluation >= config.evalEvery || (over && sinceEvaluation > 0)) await evaluate();
    if (over) return true;
    if (run.interrupted) {
      if (now.evaluatedAt < now.envSteps) await save();
      return false;
    }
    await collect();
    await learn();
    run.progress(now.envSteps, config.envSteps, {});
  }
}

/** The sizes that all worlds share. Throws UserError if they differ, or a task comes twice. */
function sizesOf(pools: readonly EnvPool[]): SacSizes {
  const [{ observationSize, actionSize }] = pools;
  const tasks = pools.map(({ task }) => task);
  const other = pools.find(
    (pool) => pool.observationSize !== observationSize || pool.actionSize !== actionSize,
  );
  if (other !== undefined)
    throw new UserError(
      `One agent sees and acts in equal sizes everywhere: ${tasks[0]} has ${observationSize} and ${actionSize}, ` +
        `${other.task} ${other.observationSize} and ${other.actionSize}.`,
    );
  refuseRepeated(tasks);
  return { observationSize, actionSize, tasks };
}

/** The data set of a replay, new or as an interrupted run left it, whose first `episodes` are put into `replay`. */
async function openReplay(
  folder: string,
  replay: Replay,
  episodes: number,
  origin: Origin,
): Promise<DatasetWriter> {
  if ((await findManifest(folder)) === undefined) return DatasetWriter.create(folder, origin);
  using dataset = await Dataset.open(folder);
  if (dataset.damage.length > 0)
    throw new UserError(`${dataset.damage[0].reason} Its run cannot go on; start it anew.`);
  for (let i = 0; i < episodes; i++) replay.add(dataset.episode(i));
  return DatasetWriter.append(folder);
}
