/**
 * @file Soft actor-critic: what collects the mixed, sub-optimal data that planners are pre-trained on. Its replay, kept in
 * order of collection, begins with random actions and ends with what the agent learned.
 * Symbols: N tasks.
 * Source: Haarnoja et al. 2018, arXiv:1812.05905, as in CleanRL sac_continuous_action.py (vwxyzjn/cleanrl, 004f8a0).
 */
import { join } from "node:path";
import { z } from "zod";
import {
  maximum,
  mean,
  parse,
  type Random,
  refuseRepeated,
  requireSameSpaces,
  sizeOfSpace,
  UserError,
} from "../../base/index.ts";
import {
  Dataset,
  DatasetWriter,
  EpisodeList,
  findManifest,
  type Origin,
  samplerOf,
} from "../../data/index.ts";
import type { CpuDevice } from "../../devices/index.ts";
import { taskOf } from "../../envs/index.ts";
import { type EnvPool, type PlayedEpisode, type Policy, randomPolicy } from "../../rollout/index.ts";
import type {
  Context,
  LearnerState,
  Metrics,
  Online,
  OnlineGiven,
  OnlineLearner,
  Rollouts,
} from "../algorithm.ts";
import { transitionColumns } from "../transition-columns.ts";
import { ActorPolicy } from "./actor.ts";
import { SacConfig, sacPresets } from "./config.ts";
import { initSac } from "./losses.ts";
import { ObservationEncoder } from "./observation-encoder.ts";
import { type SacModel, sacPolicy } from "./policy.ts";
import { TransitionBatch } from "./transitions.ts";
import { SacUpdate } from "./update.ts";

export const sac: Online<SacConfig, SacModel, undefined> = {
  kind: "online",
  name: "sac",
  summary:
    "Soft actor-critic, of one task or told which of several it is in. All that it lives through is kept as a data set, in " +
    "order of collection: RUN/replay.",
  config: SacConfig,
  presets: sacPresets,
  metrics: ["train/critic_loss", "train/actor_loss", "train/temperature"],
  policy: sacPolicy,
  envs: "several",
  start: (config, given, context) => SacLearner.start(config, given, context),
};

/** Folder of a run's replay: a data set in order of collection. */
export const replayOf = (runFolder: string): string => join(runFolder, "replay");

/** Train state beside the weights. */
const Counters = z.object({
  envSteps: z.int(),
  updates: z.int(),
  episodes: z.int().describe("in the replay"),
  randomEpisodes: z.int().describe("of these, how many were of random actions"),
});

/** An agent with its replay, in memory and on disk. */
class SacLearner implements OnlineLearner<SacModel> {
  readonly #config: SacConfig;
  readonly #envs: readonly EnvPool[];
  readonly #random: Random;
  readonly #folder: string;
  readonly #update: SacUpdate;
  readonly #actor: ActorPolicy;
  readonly #encoder: ObservationEncoder;
  readonly #replay: EpisodeList;
  readonly #batch: TransitionBatch;
  readonly #randomPolicy: Policy;
  #writer: DatasetWriter | undefined;
  #randomEpisodes = 0;

  static async start(
    config: SacConfig,
    { envs }: OnlineGiven,
    { random, device, folder }: Context<CpuDevice>,
  ): Promise<SacLearner> {
    const sizes = sizesOf(envs);
    const first = initSac(config, sizes, random.split("weights"));
    const update = await SacUpdate.compile(config, sizes, first, device);
    const encoder = new ObservationEncoder(sizes.observationSize, sizes.tasks);
    const batchSize = maximum(envs.map((env) => env.batchSize));
    const { layout } = update;
    const actor = await ActorPolicy.compile({
      layout,
      encoder,
      actionSize: sizes.actionSize,
      batchSize,
      device,
    });
    return new SacLearner(config, envs, random, folder, update, actor, encoder);
  }

  private constructor(
    config: SacConfig,
    envs: readonly EnvPool[],
    random: Random,
    folder: string,
    update: SacUpdate,
    actor: ActorPolicy,
    encoder: ObservationEncoder,
  ) {
    const [{ spaces }] = envs;
    this.#config = config;
    this.#envs = envs;
    this.#random = random;
    this.#folder = folder;
    this.#update = update;
    this.#actor = actor;
    this.#encoder = encoder;
    this.#replay = new EpisodeList(spaces, { tasks: encoder.tasks });
    this.#batch = new TransitionBatch(samplerOf(this.#replay, transitionColumns), encoder, config.batchSize);
    this.#randomPolicy = randomPolicy(sizeOfSpace(spaces.action));
  }

  get gradSteps(): number {
    return this.#update.steps;
  }

  async begin(): Promise<void> {
    await this.#openReplay(0);
  }

  /** Episodes of every task, into the replay; then the updates that the environment steps so far call for. */
  async iterate(rollouts: Rollouts, iteration: number): Promise<Metrics> {
    const stream = this.#random.split(`round ${iteration}`);
    const { episodes, learningStarts, utdRatio } = this.#config;
    const isRandom = rollouts.envSteps < learningStarts;
    for (const [env, { task }] of this.#envs.entries()) {
      const policy = isRandom ? this.#randomPolicy : this.#actor.playing(this.#update.theta, env, true);
      const played = await rollouts.collect(env, policy, episodes, stream.split(taskOf(task)), {
        stopAtSuccess: false,
      });
      await this.#remember(played);
    }
    if (isRandom) this.#randomEpisodes = this.#replay.episodes;
    if (rollouts.envSteps < learningStarts) return {};
    if (isRandom) this.#adaptEncoder();
    return this.#learn(Math.floor((rollouts.envSteps - learningStarts) * utdRatio));
  }

  evaluationPolicy(env: number): Policy {
    return this.#actor.playing(this.#update.theta, env, false);
  }

  async model(): Promise<SacModel> {
    const { actor } = await this.#update.network();
    const { hiddenSizes } = this.#config;
    const { tasks, scaling } = this.#encoder;
    return { config: { spaces: this.#replay.spaces, tasks, hiddenSizes, scaling }, network: { actor } };
  }

  async state(): Promise<LearnerState> {
    await this.#writer?.flush();
    const counters = { episodes: this.#replay.episodes, randomEpisodes: this.#randomEpisodes };
    return { tensors: await this.#update.tensors(), json: { updates: this.#update.steps, ...counters } };
  }

  async restore({ tensors, json }: LearnerState): Promise<void> {
    const { envSteps, updates, episodes, randomEpisodes } = parse(Counters, json, "training state");
    await this.#update.restore(tensors, updates);
    await this.#openReplay(episodes);
    this.#randomEpisodes = randomEpisodes;
    if (randomEpisodes > 0 && envSteps >= this.#config.learningStarts) this.#adaptEncoder();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#update[Symbol.asyncDispose]();
    await this.#actor[Symbol.asyncDispose]();
  }

  /** Puts episodes into the replay, but those that broke the simulation. */
  async #remember(played: readonly PlayedEpisode[]): Promise<void> {
    for (const episode of played.filter(({ fault }) => fault === undefined)) {
      this.#replay.add(episode);
      // else an interrupted run has written it
      if (this.#replay.episodes > (this.#writer?.episodes ?? 0)) {
        await this.#writer?.add(episode, this.#replay.spaces);
      }
    }
    if (this.#replay.episodes === 0)
      throw new UserError(
        `${played[0].task}: the simulation diverged in all of the first ${played.length} episodes: ${played[0].fault}`,
      );
  }

  /** Once random actions have been tried, their steps say how observations are scaled. */
  #adaptEncoder(): void {
    if (this.#config.normalize) this.#encoder.fit(this.#replay.items.slice(0, this.#randomEpisodes));
  }

  /** Updates until there are `owed`. */
  async #learn(owed: number): Promise<Metrics> {
    if (this.#update.steps >= owed) return {};
    let losses = { criticLoss: 0, actorLoss: 0 };
    while (this.#update.steps < owed) {
      const stream = this.#random.split(`update ${this.#update.steps}`);
      losses = await this.#update.step(await this.#batch.draw(stream), stream);
    }
    const { logTemperature } = await this.#update.network();
    return {
      "train/critic_loss": losses.criticLoss,
      "train/actor_loss": losses.actorLoss,
      "train/temperature": mean(logTemperature.data.map(Math.exp)),
    };
  }

  /** Opens the replay on disk, new or as an interrupted run left it; its first `episodes` are remembered. */
  async #openReplay(episodes: number): Promise<void> {
    const folder = replayOf(this.#folder);
    if ((await findManifest(folder)) === undefined) {
      const { eval: _, ...config } = this.#config;
      const origin: Origin = { agent: "sac", ...config, hiddenSizes: [...config.hiddenSizes] };
      this.#writer = await DatasetWriter.create(folder, origin);
      return;
    }
    using dataset = await Dataset.open(folder);
    if (dataset.damage.length > 0)
      throw new UserError(`${dataset.damage[0].reason} Its run cannot go on; start it anew.`);
    for (let i = 0; i < episodes; i++) this.#replay.add(dataset.episode(i));
    this.#writer = await DatasetWriter.append(folder);
  }
}

/** The sizes that all environments share. Throws UserError if they differ, or a task comes twice. */
function sizesOf(envs: readonly EnvPool[]) {
  const [first, ...others] = envs;
  for (const other of others) requireSameSpaces(first.task, first.spaces, other.task, other.spaces);
  const tasks = envs.map(({ task }) => task);
  refuseRepeated(tasks);
  const { observation, action } = first.spaces;
  return { observationSize: sizeOfSpace(observation), actionSize: sizeOfSpace(action), tasks };
}
