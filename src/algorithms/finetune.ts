/**
 * @file Stage 2: make the planner good at one task, by reward: the paper's Algorithm 1. Denoising is a decision process of
 * its own, improved by PPO on what the executed actions earn, while the planner is kept close to the best trajectories met.
 * Symbols: H horizon, T_o observations a plan depends on, T_a actions executed of a plan, K noise levels, S denoising
 * steps, B_target the buffer of proficient trajectories, L steps after which an episode is truncated, P parameters.
 */
import { z } from "zod";
import { mean, parse, Random, requireSameSpaces, UserError, vectorSpaces } from "../base/index.ts";
import type { Windows } from "../data/index.ts";
import { type CpuDevice, cpu } from "../devices/index.ts";
import { savePlanner } from "../policies/files/index.ts";
import {
  type DenoisingChain,
  DiffusionPolicy,
  initPlanner,
  type Planner,
  type PlannerConfig,
  thetaOf,
  windowSampler,
} from "../policies/index.ts";
import {
  type EnvPool,
  type PlayedEpisode,
  rolloutMetrics,
  stepsOf,
  successRate,
  trainingRequests,
} from "../rollout/index.ts";
import { type Run, readState, writeState } from "../runs/index.ts";
import { layoutOf, unflatten } from "../tensor/index.ts";
import {
  type Chunk,
  emptyScale,
  generalizedAdvantages,
  grown,
  type RunningScale,
  scaled,
  standardized,
  standardizedByTime,
} from "./advantage.ts";
import { Critic } from "./critic.ts";
import { PolicyUpdate, type UpdateOptions, type UpdateReport } from "./sodp/policy-update.ts";
import { ppoLoss } from "./sodp/ppo.ts";
import type { Regularizer } from "./sodp/update-programs.ts";
import { TargetBuffer } from "./target-buffer.ts";
import { floats, vector } from "./training-state.ts";

const share = () => z.number().min(0).max(1);
const count = () => z.int().positive();
const weight = () => z.number().nonnegative();

/** "Paper" names what the paper states; where it states nothing, the source of the default follows. */
export const FinetuneConfig = z.strictObject({
  envSteps: count().default(1_000_000).describe("environment steps of training (paper)"),
  episodes: count().default(32).describe("episodes per iteration (DPPO: 40 to 50 worlds)"),
  initialEpisodes: z
    .int()
    .nonnegative()
    .default(32)
    .describe("of the pre-trained planner, for the buffer: N_init"),
  stopAtSuccess: z
    .boolean()
    .default(true)
    .describe("whether a training episode ends when its task is solved"),
  start: z
    .enum(["pretrained", "scratch"])
    .default("pretrained")
    .describe("first weights (paper: pretrained)"),

  policyGradient: z
    .boolean()
    .default(true)
    .describe("whether the reward is followed, Eq. 12; false: imitation alone"),
  advantage: z
    .enum(["none", "batch", "running", "time-step", "gae"])
    .default("none")
    .describe(
      "what a chunk's reward is compared with: none (paper, Eq. 10), the batch (DDPO), all so far, chunks of the same " +
        "time step, or a critic (DPPO)",
    ),
  discount: share().default(0.99).describe("of rewards, per environment step (DPPO, gym)"),
  gaeLambda: share().default(0.95).describe("lambda of generalised advantages (DPPO)"),
  criticLearningRate: z.number().positive().default(1e-3).describe("Adam step size of the critic (DPPO)"),
  clip: z
    .tuple([z.number().positive(), z.number().positive()])
    .default([0.01, 0.01])
    .describe("clip range of the ratio at the noisiest and at the last denoising step (DPPO, gym)"),
  logProb: z
    .enum(["mean", "sum"])
    .default("mean")
    .describe(
      "over the executed numbers of a plan: the ratio compares their mean (DDPO, DPPO) or the true density",
    ),
  ftDenoisingSteps: count()
    .nullable()
    .default(null)
    .describe("last denoising steps that are tuned; null: all (paper)"),
  denoising: z
    .strictObject({
      numInferenceSteps: count()
        .optional()
        .describe("denoising steps S; absent: as many as diffusion timesteps"),
      eta: share().default(1).describe("1: DDPM (paper), 0: DDIM"),
      minSamplingStd: weight()
        .default(0.1)
        .describe("least standard deviation of a step's noise in rollouts (DPPO)"),
    })
    .prefault({}),

  regularizer: z
    .enum(["bc", "kl", "pl", "none"])
    .default("bc")
    .describe(
      "bc: imitate the buffer (paper); kl: stay near the pre-trained planner (DPOK); pl: pre-training's loss (DLPO)",
    ),
  regularizerWeight: weight().default(1).describe("lambda, the regularizer's weight in Eq. 15"),
  regularizerBatchSize: count().default(256).describe("windows per gradient step"),
  bufferSize: count().default(50).describe("trajectories in B_target"),

  epochs: count().default(5).describe("passes over an iteration's denoising steps (DPPO: 5 to 10)"),
  minibatchSize: count().default(2048).describe("denoising steps per gradient step, of any chunk and step"),
  learningRate: z.number().positive().default(1e-4).describe("Adam step size (DPPO, gym)"),
  emaDecay: share()
    .default(0.99)
    .describe("per gradient step, of the averaged weights that are judged and kept"),
  maxGradientNorm: z.number().positive().default(1).describe("longer gradients are scaled down to it"),
  targetKl: z
    .number()
    .positive()
    .default(1)
    .describe("nats from the planner that acted: beyond, the update stops (DPPO)"),

  evalEvery: count().default(10_000).describe("environment steps from one evaluation to the next"),
  evalEpisodes: count().default(32).describe("episodes of an evaluation, always the same"),
  rollbackBelow: share()
    .default(0.5)
    .describe("share of the best success rate; below, the best weights come back"),
  seed: z.int().nonnegative().default(0).describe("fixes episodes, noise and the order of updates"),
});
export type FinetuneConfig = Readonly<z.infer<typeof FinetuneConfig>>;

/** What differs where a laptop is to solve a task in minutes; docs/log.md has the trials. */
export const finetunePresets = {
  laptop: {
    envSteps: 100_000,
    episodes: 16,
    advantage: "gae",
    clip: [0.02, 0.02],
    bufferSize: 100,
    epochs: 4,
    minibatchSize: 512,
    learningRate: 3e-4,
  },
} as const satisfies Record<string, z.input<typeof FinetuneConfig>>;

export interface FinetuneOptions {
  /** A processor: rollouts go to and fro between worlds and planner all the time. */
  readonly device?: CpuDevice;
  /** Windows of the pre-training data, which the regularizer "pl" needs. */
  readonly data?: Windows;
}

/** Where a fine-tuning stands, beside its weights and its buffer. */
const Standing = z.strictObject({
  envSteps: z.int(),
  iteration: z.int(),
  evaluatedAt: z.int().describe("environment steps at the last evaluation; -1: none yet"),
  best: z.number().describe("success rate of the best weights; -1: none yet"),
  scale: z.strictObject({ count: z.int(), mean: z.number(), squares: z.number() }),
  updates: z.int(),
  criticUpdates: z.int(),
});

/**
 * Fine-tunes `pretrained` on the task of `stage`. Goes on from the run's last checkpoint, bit for bit on the processor.
 * Returns the planner with the highest success rate in the run's evaluations; null if the run was interrupted, after a
 * checkpoint.
 */
export async function finetune(
  input: z.input<typeof FinetuneConfig>,
  pretrained: Planner,
  pool: EnvPool,
  run: Run,
  { device = cpu(), data }: FinetuneOptions = {},
): Promise<Planner | null> {
  const config = parse(FinetuneConfig, input, "finetune");
  check(config, pretrained, pool, data);
  const random = new Random(config.seed);
  const layout = layoutOf(pretrained.network);
  const first =
    config.start === "pretrained"
      ? pretrained
      : initPlanner(pretrained.config, pretrained.normalizers, random.split("weights"));
  const plannerWith = (theta: Float32Array): Planner => ({
    ...pretrained,
    network: unflatten(layout, theta),
  });

  const { batchSize } = pool;
  const startTheta = thetaOf(pretrained);
  await using update = await PolicyUpdate.compile(updateOptions(config), first, startTheta, device);
  await using explorer = await DiffusionPolicy.compile(pretrained, {
    batchSize,
    device,
    denoising: config.denoising,
  });
  await using judge = await DiffusionPolicy.compile(first, {
    batchSize,
    device,
    denoising: { ...config.denoising, minSamplingStd: 0 },
  });
  await using critic =
    config.advantage === "gae" ? await createCritic(config, pretrained, random, device) : null;
  const buffer = new TargetBuffer(config.bufferSize, pool.maxSteps, pretrained.config);
  let now: z.infer<typeof Standing> = {
    envSteps: 0,
    iteration: 0,
    evaluatedAt: -1,
    best: -1,
    scale: emptyScale,
    updates: 0,
    criticUpdates: 0,
  };
  let bestTheta = thetaOf(first);

  /** Plays new episodes with the explorer. */
  const explore = async (episodes: number, stream: Random) => {
    const requests = trainingRequests(episodes, stream.split("episodes"));
    const played = await pool.play(explorer, requests, { stopAtSuccess: config.stopAtSuccess });
    buffer.add(played.filter(({ fault }) => fault === undefined));
    now = { ...now, envSteps: now.envSteps + stepsOf(played) };
    return played;
  };

  const save = (score?: number) =>
    run.checkpoint(
      now.envSteps,
      async (folder) => {
        await savePlanner(plannerWith(update.average), run.policyIn(folder));
        const standing = { ...now, updates: update.steps, criticUpdates: critic?.steps ?? 0 };
        const tensors = { ...(await update.tensors()), ...(await critic?.tensors()), ...buffer.tensors() };
        await writeState(folder, { ...tensors, best: vector(bestTheta) }, standing);
      },
      score === undefined ? {} : { score },
    );

  /** Judges the planner on episodes that are always the same; keeps the best weights, returns to them on collapse. */
  const evaluate = async () => {
    const requests = trainingRequests(config.evalEpisodes, random.split("evaluation"));
    const played = await pool.play(judge, requests, { stopAtSuccess: true });
    const success = successRate(played);
    const collapsed = success < config.rollbackBelow * now.best;
    if (success >= now.best) bestTheta = update.average.slice();
    if (collapsed) await update.restart(bestTheta);
    now = { ...now, evaluatedAt: now.envSteps, best: Math.max(success, now.best) };
    run.log(
      { env_steps: now.envSteps },
      {
        "eval/success_rate": success,
        "eval/best_success_rate": now.best,
        "eval/rolled_back": Number(collapsed),
      },
    );
    await save(collapsed ? now.best : success);
  };

  // Algorithm 1: the planner and its buffer start from what pre-training left, or from the last checkpoint.
  if (run.last === undefined) {
    await explore(config.initialEpisodes, random.split("initial"));
  } else {
    const { tensors, json } = await readState(run.last);
    now = parse(Standing, json, run.last);
    if (floats(tensors, "pretrained").some((weight, i) => weight !== startTheta[i]))
      throw new UserError(`${run.folder} started from another planner than the one it is to go on with.`);
    await update.restore(tensors, now.updates);
    await critic?.restore(tensors, now.criticUpdates);
    buffer.restore(tensors, pool.task);
    bestTheta = floats(tensors, "best");
  }
  explorer.theta = update.theta;
  judge.theta = update.average;

  for (;;) {
    const over = now.envSteps >= config.envSteps;
    const sinceEvaluation = now.evaluatedAt < 0 ? Number.POSITIVE_INFINITY : now.envSteps - now.evaluatedAt;
    if (sinceEvaluation >= config.evalEvery || (over && sinceEvaluation > 0)) await evaluate();
    if (over) return plannerWith(bestTheta);
    if (run.interrupted) {
      if (now.evaluatedAt < now.envSteps) await save();
      return null;
    }
    const stream = random.split(`iteration ${now.iteration}`);
    const played = await explore(config.episodes, stream);
    const byEpisode = played.map((episode) => chunksOf(episode, config, pretrained.config.nActionSteps));
    const chunks = byEpisode.flat();
    if (chunks.length === 0)
      throw new UserError(`The simulation diverged at the first actions of all episodes: ${played[0].fault}`);
    const rewards = chunks.map(({ reward }) => reward);
    now = { ...now, iteration: now.iteration + 1, scale: grown(now.scale, rewards) };
    const judgement = { scale: now.scale, critic, random: stream.split("critic") };
    const advantages = await advantagesOf(byEpisode, config, pretrained.config, judgement);
    const credited = chunks.map(({ chain }, i) => ({ chain, advantage: advantages[i] }));
    const windows = config.regularizer === "bc" ? buffer.windows() : data;
    const sampler = windows && windowSampler(windows, pretrained.config);
    const report = await update.update(credited, sampler, stream.split("update"));
    run.log(
      { env_steps: now.envSteps },
      {
        ...rolloutMetrics(played),
        "rollout/chunk_rew_mean": mean(rewards),
        ...bufferMetrics(buffer),
        ...updateMetrics(report),
      },
    );
    run.progress(now.envSteps, config.envSteps, { success: successRate(played), best: now.best });
  }
}

/** What each regularizer is made of. */
const regularizers: Readonly<Record<FinetuneConfig["regularizer"], Regularizer["loss"]>> = {
  bc: ({ imitation }) => imitation(),
  pl: ({ imitation }) => imitation(),
  kl: ({ kl }) => kl(),
  none: undefined,
};

function updateOptions(config: FinetuneConfig): UpdateOptions {
  const { regularizer, regularizerWeight: weight, regularizerBatchSize: batchSize } = config;
  return {
    ...config,
    policyGradient: config.policyGradient ? ppoLoss : null,
    regularizer: { weight, batchSize, loss: regularizers[regularizer] },
  };
}

function check(config: FinetuneConfig, planner: Planner, pool: EnvPool, data: Windows | undefined): void {
  const { spaces } = planner.config;
  requireSameSpaces("The planner", spaces, pool.task, pool.spaces);
  if (config.regularizer === "pl" && data === undefined)
    throw new UserError('Regularizer "pl" learns from the pre-training data: give its folder.');
  if (data !== undefined)
    requireSameSpaces("The planner", spaces, "the data", vectorSpaces(data.observationSize, data.actionSize));
  if (config.regularizer === "bc" && config.initialEpisodes === 0)
    throw new UserError(
      'Regularizer "bc" imitates a buffer of trajectories: initialEpisodes must be at least 1.',
    );
  if (!config.policyGradient && !["bc", "pl"].includes(config.regularizer))
    throw new UserError(
      `Without the policy gradient, regularizer "${config.regularizer}" leaves nothing to learn.`,
    );
  if (config.denoising.minSamplingStd === 0)
    throw new UserError(
      "Rollouts explore by the noise of denoising, and its last step has none: minSamplingStd must be above 0.",
    );
}

function createCritic(
  { criticLearningRate }: FinetuneConfig,
  planner: Planner,
  random: Random,
  device: CpuDevice,
) {
  return Critic.create(planner, { learningRate: criticLearningRate, random: random.split("critic"), device });
}

/** A decision with all that it is credited by. */
interface PlayedChunk extends Chunk {
  /** Steps of the episode at which it began, and after which the next decision was made. */
  readonly step: number;
  readonly next: number;
  readonly chain: DenoisingChain;
  readonly episode: PlayedEpisode<DenoisingChain>;
}

/** The decisions of an episode, without one in which the simulation diverged. */
function chunksOf(
  episode: PlayedEpisode<DenoisingChain>,
  { discount }: FinetuneConfig,
  nActionSteps: number,
): PlayedChunk[] {
  const chunks = episode.fault === undefined ? episode.chunks : episode.chunks.slice(0, -1);
  return chunks.map(({ step, executed, trace }, index) => {
    // Eq. 10's reward of a plan. A chunk cut short by success counts as if its last reward had gone on.
    const own = Array.from(
      { length: nActionSteps },
      (_, i) => episode.rewards[step + Math.min(i, executed - 1)],
    );
    const reward = own.reduce((sum, each, i) => sum + discount ** i * each, 0);
    return { reward, index, step, next: step + executed, chain: trace, episode };
  });
}

/** What each chunk is credited with. (chunks,) */
async function advantagesOf(
  episodes: readonly (readonly PlayedChunk[])[],
  config: FinetuneConfig,
  { nObsSteps, nActionSteps }: PlannerConfig,
  { scale, critic, random }: { scale: RunningScale; critic: Critic | null; random: Random },
): Promise<Float32Array> {
  const chunks = episodes.flat();
  const rewards = chunks.map(({ reward }) => reward);
  if (config.advantage === "none") return Float32Array.from(rewards);
  if (config.advantage === "batch") return standardized(rewards);
  if (config.advantage === "running") return scaled(rewards, scale);
  if (config.advantage === "time-step") return standardizedByTime(chunks);
  if (critic === null) throw new Error("Generalised advantages need a critic.");

  // Source: DPPO: rewards over their running standard deviation, advantages standardised over the batch.
  const { discount, gaeLambda, epochs } = config;
  const states: Float32Array[] = [];
  const advantages: number[] = [];
  const returns: number[] = [];
  for (const own of episodes.filter(({ length }) => length > 0)) {
    const [{ episode }] = own;
    const steps = [...own.map(({ step }) => step), own[own.length - 1].next];
    const seen = steps.map((step) => stateAt(episode, step, nObsSteps));
    const values = await critic.values(seen);
    if (episode.terminated) values[values.length - 1] = 0;
    const earned = scaled(
      own.map(({ reward }) => reward),
      { ...scale, mean: 0 },
    );
    const estimate = generalizedAdvantages(earned, values, discount ** nActionSteps, gaeLambda);
    states.push(...seen.slice(0, -1));
    advantages.push(...estimate.advantages);
    returns.push(...estimate.returns);
  }
  await critic.fit(states, Float32Array.from(returns), epochs, random);
  return standardized(advantages);
}

/** The latest `count` observations before step `step`, oldest first, (count, O); the first repeats. */
function stateAt(
  { observations, finalObservation }: PlayedEpisode<unknown>,
  step: number,
  count: number,
): Float32Array {
  const size = finalObservation.length;
  const state = new Float32Array(count * size);
  for (let i = 0; i < count; i++) {
    const at = Math.max(step - count + 1 + i, 0) * size;
    state.set(at < observations.length ? observations.subarray(at, at + size) : finalObservation, i * size);
  }
  return state;
}

function bufferMetrics(buffer: TargetBuffer) {
  const { success, score } = buffer.quality;
  return { "buffer/size": buffer.episodes.length, "buffer/success_rate": success, "buffer/return": score };
}

function updateMetrics(report: UpdateReport) {
  return {
    "train/loss": report.loss,
    "train/gradient_norm": report.gradientNorm,
    "train/epochs": report.epochs,
    "train/ratio_mean": report.mean,
    "train/ratio_max": report.max,
    "train/clip_fraction": report.clipFraction,
    "train/approx_kl": report.approximateKl,
    "train/kl_to_pretrained": report.klToPretrained,
  };
}
