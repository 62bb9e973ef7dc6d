/**
 * @file Stage 2: make the planner good at one task, by reward: the paper's Algorithm 1. Denoising is a decision process of
 * its own, improved by PPO on what the executed actions earn, while the planner is kept close to the best trajectories so far.
 * Symbols: P parameters, B_target the buffer of proficient trajectories.
 */
import { z } from "zod";
import { mean, parse, type Random, requireSameSpaces, UserError } from "../../base/index.ts";
import type { CpuDevice } from "../../devices/index.ts";
import { denoisingSteps } from "../../diffusion/index.ts";
import {
  type DenoisingChain,
  DiffusionPolicy,
  diffusionOf,
  initPlanner,
  type Planner,
  thetaOf,
} from "../../policies/index.ts";
import type { PlayedEpisode, Policy } from "../../rollout/index.ts";
import { layoutOf, unflatten } from "../../tensor/index.ts";
import type {
  Context,
  Data,
  LearnerState,
  Metrics,
  Online,
  OnlineGiven,
  OnlineLearner,
  Rollback,
  Rollouts,
} from "../algorithm.ts";
import { floats } from "../training-state.ts";
import { emptyScale, grown, RunningScale } from "./advantage.ts";
import { type AdvantageEstimator, advantages } from "./advantages.ts";
import { chunksOf } from "./chunks.ts";
import { FinetuneConfig, finetunePresets } from "./finetune-config.ts";
import { type PlannerReadings, plannerPolicy, plannerWindows } from "./planner-policy.ts";
import { PolicyUpdate, type UpdateOptions, type UpdateReport } from "./policy-update.ts";
import { ppoLoss } from "./ppo.ts";
import { regularizers } from "./regularizers.ts";
import { noRewards, RewardBounds, widened } from "./reward-bounds.ts";
import { bufferedEpisodes, TargetBuffer } from "./target-buffer.ts";

export const finetune: Online<FinetuneConfig, Planner, Planner, PlannerReadings> = {
  kind: "online",
  name: "finetune",
  summary:
    "Make a planner good at one task: reinforcement learning of its denoising steps, kept near its best trajectories.",
  config: FinetuneConfig,
  presets: finetunePresets,
  metrics: [
    "rollout/chunk_rew_mean",
    "buffer/size",
    "buffer/success_rate",
    "buffer/return",
    "train/loss",
    "train/gradient_norm",
    "train/epochs",
    "train/ratio_mean",
    "train/ratio_max",
    "train/clip_fraction",
    "train/approx_kl",
    "train/kl_to_pretrained",
    "eval/rolled_back",
  ],
  optionalMetrics: [
    "critic/explained_variance",
    "critic/value_min",
    "critic/value_max",
    "critic/value_bound",
    "rollout/solving_advantage",
    "train/policy_gradient_norm",
    "train/regularizer_gradient_norm",
    "train/gradient_cosine",
  ],
  policy: plannerPolicy,
  envs: "one",
  startsFrom: plannerPolicy,
  checkStart: ({ denoising }, { config }) => void denoisingSteps(diffusionOf(config), denoising),
  reads: (_, planner) => ({ windows: plannerWindows(planner.config) }),
  evaluationStream: "evaluation",
  start: (config, given, context) => Finetuning.start(config, given, context),
};

/** Train state beside the weights and the buffer. */
const Counters = z.object({
  scale: RunningScale,
  updates: z.int(),
  /** Absent in states of 0.1. */
  rewardBounds: RewardBounds.optional(),
});

/** Programs that a fine-tuning holds on a device. */
interface Programs {
  readonly update: PolicyUpdate;
  readonly behavior: DiffusionPolicy;
  readonly evaluated: DiffusionPolicy;
  readonly estimator: AdvantageEstimator;
}

class Finetuning implements OnlineLearner<Planner> {
  readonly rollback: Rollback<Planner>;
  readonly #config: FinetuneConfig;
  readonly #pretrained: Planner;
  readonly #data: Data<PlannerReadings> | undefined;
  readonly #random: Random;
  readonly #folder: string;
  readonly #task: string;
  readonly #programs: Programs;
  readonly #buffer: TargetBuffer;
  #scale = emptyScale;
  #bounds = noRewards;

  static async start(
    config: FinetuneConfig,
    given: OnlineGiven<Planner, PlannerReadings>,
    context: Context<CpuDevice>,
  ): Promise<Finetuning> {
    const { policy: pretrained, envs } = given;
    check(config, given);
    const { random, device } = context;
    const first =
      config.start === "pretrained"
        ? pretrained
        : initPlanner(pretrained.config, pretrained.normalizers, random.split("weights"));
    const [{ batchSize, maxSteps }] = envs;
    const { denoising } = config;
    const chunks = config.episodes * Math.ceil(maxSteps / pretrained.config.nActionSteps);
    const acting = (planner: Planner, minSamplingStd: number) =>
      DiffusionPolicy.compile(planner, { batchSize, device, denoising: { ...denoising, minSamplingStd } });
    const programs = {
      update: await PolicyUpdate.compile(updateOptions(config, chunks), first, thetaOf(pretrained), device),
      behavior: await acting(pretrained, denoising.minSamplingStd),
      evaluated: await acting(first, 0),
      estimator: await advantages[config.advantage].start({
        planner: pretrained,
        maxSteps,
        config,
        random,
        device,
      }),
    };
    return new Finetuning(config, given, context, programs);
  }

  private constructor(
    config: FinetuneConfig,
    { policy: pretrained, envs: [{ task, maxSteps }], data }: OnlineGiven<Planner, PlannerReadings>,
    { random, folder }: Context<CpuDevice>,
    programs: Programs,
  ) {
    this.#config = config;
    this.#pretrained = pretrained;
    this.#data = data;
    this.#random = random;
    this.#folder = folder;
    this.#task = task;
    this.#programs = programs;
    this.#buffer = new TargetBuffer({
      size: config.bufferSize,
      order: config.bufferOrder,
      draw: config.bufferDraw,
      maxSteps,
      shape: pretrained.config,
    });
    const { update } = programs;
    this.rollback = {
      below: config.rollbackBelow,
      weights: () => update.average.slice(),
      restart: (weights) => update.restart(weights),
      model: (weights) => this.#plannerWith(weights),
    };
  }

  /** Algorithm 1, first lines: the buffer is filled by the pre-trained planner. */
  async begin(rollouts: Rollouts): Promise<void> {
    const { initialEpisodes } = this.#config;
    const played = await this.#explore(rollouts, initialEpisodes, this.#random.split("initial"));
    await this.#programs.estimator.begin?.({ episodes: this.#chunksOf(played), bounds: this.#bounds });
    this.#follow();
  }

  /** Algorithm 1, an iteration: collect, keep the best trajectories, estimate advantages, update. */
  async iterate(rollouts: Rollouts, iteration: number): Promise<Metrics> {
    const stream = this.#random.split(`iteration ${iteration}`);
    const { episodes: count, regularizer } = this.#config;
    const played = await this.#explore(rollouts, count, stream);
    const episodes = this.#chunksOf(played);
    const chunks = episodes.flat();
    if (chunks.length === 0)
      throw new UserError(`The simulation diverged at the first actions of all episodes: ${played[0].fault}`);
    const rewards = chunks.map(({ reward }) => reward);
    this.#scale = grown(this.#scale, rewards);
    const { update, estimator } = this.#programs;
    const random = stream.split("critic");
    const { advantages: estimated, metrics } = await estimator.estimate({
      episodes,
      scale: this.#scale,
      bounds: this.#bounds,
      random,
    });
    const rule = advantageRule(this.#config, played);
    const chains = chunks.map(({ chain }, i) => ({ chain, advantage: rule(estimated[i]) }));
    const windows = {
      buffer: () => this.#buffer.windows(),
      data: () => this.#data?.windows.train,
      none: () => this.#data?.windows.train,
    }[regularizers[regularizer].windows]();
    const report = await update.update(chains, windows, stream.split("update"));
    return {
      "rollout/chunk_rew_mean": mean(rewards),
      ...bufferMetrics(this.#buffer),
      ...updateMetrics(report),
      ...metrics,
    };
  }

  evaluationPolicy(): Policy<unknown, unknown> {
    return this.#programs.evaluated;
  }

  async model(): Promise<Planner> {
    return this.#plannerWith(this.#programs.update.average);
  }

  async state(): Promise<LearnerState> {
    const { update, estimator } = this.#programs;
    const estimated = await estimator.state();
    return {
      tensors: { ...(await update.tensors()), ...estimated.tensors, ...this.#buffer.tensors() },
      json: { ...estimated.json, scale: this.#scale, rewardBounds: this.#bounds, updates: update.steps },
    };
  }

  async restore(state: LearnerState): Promise<void> {
    const { tensors, json } = state;
    const { update, estimator } = this.#programs;
    const counters = parse(Counters, json, "training state");
    const start = thetaOf(this.#pretrained);
    if (floats(tensors, "pretrained").some((weight, i) => weight !== start[i]))
      throw new UserError(`${this.#folder} started from another planner than the one it is to go on with.`);
    await update.restore(tensors, counters.updates);
    await estimator.restore(state);
    this.#bounds = counters.rewardBounds ?? widened(noRewards, bufferedEpisodes(tensors, this.#task));
    this.#buffer.restore(tensors, this.#task, this.#bounds.high);
    this.#scale = counters.scale;
    this.#follow();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of Object.values(this.#programs)) await program[Symbol.asyncDispose]();
  }

  /** From now on the policies act with the weights under training. */
  #follow(): void {
    const { update, behavior, evaluated } = this.#programs;
    behavior.theta = update.theta;
    evaluated.theta = update.average;
  }

  async #explore(
    rollouts: Rollouts,
    episodes: number,
    stream: Random,
  ): Promise<readonly PlayedEpisode<DenoisingChain>[]> {
    const { stopAtSuccess } = this.#config;
    const { behavior } = this.#programs;
    const played = await rollouts.collect(0, behavior, episodes, stream.split("episodes"), { stopAtSuccess });
    this.#bounds = widened(this.#bounds, played);
    this.#buffer.add(
      played.filter(({ fault }) => fault === undefined),
      this.#bounds.high,
    );
    return played;
  }

  #chunksOf(played: readonly PlayedEpisode<DenoisingChain>[]) {
    const { nActionSteps } = this.#pretrained.config;
    return played.map((episode) => chunksOf(episode, this.#config.discount, nActionSteps));
  }

  #plannerWith(theta: Float32Array): Planner {
    return { ...this.#pretrained, network: unflatten(layoutOf(this.#pretrained.network), theta) };
  }
}

/** chunks: the most of an iteration */
function updateOptions(config: FinetuneConfig, chunks: number): UpdateOptions {
  const { regularizer, regularizerWeight: weight, regularizerBatchSize: batchSize } = config;
  return {
    ...config,
    chunks,
    policyGradient: config.policyGradient ? ppoLoss : null,
    regularizer: {
      weight,
      batchSize,
      loss: regularizers[regularizer].loss,
      balanced: config.regularizerBalance === "norm",
    },
  };
}

/** Rule of advantages: 0 while too few of the episodes are solved, and clipped to their limit. */
function advantageRule(
  { policyGradientFrom, advantageClip }: FinetuneConfig,
  played: readonly PlayedEpisode<unknown>[],
): (advantage: number) => number {
  const solved = mean(played.map(({ successes }) => Number(successes.includes(1))));
  if (solved < policyGradientFrom) return () => 0;
  const limit = advantageClip ?? Number.POSITIVE_INFINITY;
  return (advantage) => Math.min(Math.max(advantage, -limit), limit);
}

/** Throws UserError for what cannot work together. */
function check(
  {
    regularizer,
    regularizerBalance,
    initialEpisodes,
    policyGradient,
    policyGradientFrom,
    denoising,
  }: FinetuneConfig,
  { policy, envs: [env], data }: OnlineGiven<Planner, PlannerReadings>,
): void {
  const { spaces } = policy.config;
  const { windows } = regularizers[regularizer];
  requireSameSpaces("The planner", spaces, env.task, env.spaces);
  if (windows === "data" && data === undefined)
    throw new UserError(`Regularizer "${regularizer}" learns from the pre-training data: give its folder.`);
  if (data) requireSameSpaces("The planner", spaces, "the data set", data.windows.train.spaces);
  if (windows === "buffer" && initialEpisodes === 0)
    throw new UserError(
      `Regularizer "${regularizer}" imitates a buffer of trajectories: initialEpisodes must be at least 1.`,
    );
  if (!policyGradient && windows === "none")
    throw new UserError(`Without the policy gradient, regularizer "${regularizer}" leaves nothing to learn.`);
  if (regularizerBalance === "norm" && regularizers[regularizer].loss === undefined)
    throw new UserError(
      `Regularizer "${regularizer}" has no gradient to be as long as the policy gradient: regularizerBalance must be none.`,
    );
  if (policyGradientFrom > 0 && windows === "none")
    throw new UserError(
      `Until rewards are followed, regularizer "${regularizer}" leaves nothing to learn: policyGradientFrom must be 0.`,
    );
  if (denoising.minSamplingStd === 0)
    throw new UserError(
      "Rollouts explore by the noise of denoising, and its last step has none: minSamplingStd must be above 0.",
    );
}

function bufferMetrics(buffer: TargetBuffer): Metrics {
  const { success, score } = buffer.quality;
  return { "buffer/size": buffer.episodes.length, "buffer/success_rate": success, "buffer/return": score };
}

function updateMetrics(report: UpdateReport): Metrics {
  return {
    "train/loss": report.loss,
    "train/gradient_norm": report.gradientNorm,
    "train/epochs": report.epochs,
    "train/ratio_mean": report.mean,
    "train/ratio_max": report.max,
    "train/clip_fraction": report.clipFraction,
    "train/approx_kl": report.approximateKl,
    "train/kl_to_pretrained": report.klToPretrained,
    ...(report.gradients && {
      "train/policy_gradient_norm": report.gradients.policy,
      "train/regularizer_gradient_norm": report.gradients.regularizer,
      "train/gradient_cosine": report.gradients.cosine,
    }),
  };
}
