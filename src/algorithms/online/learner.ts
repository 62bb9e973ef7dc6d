/**
 * @file Learning by episodes that are remembered: soft actor-critic and what was made of it, with data beside or without.
 * Symbols: N tasks.
 */
import { z } from "zod";
import {
  maximum,
  parse,
  type Random,
  refuseRepeated,
  requireSameSpaces,
  type Spaces,
  type StoredTensors,
  sizeOfSpace,
} from "../../base/index.ts";
import { type Origin, ofTasks, samplerOf } from "../../data/index.ts";
import { taskOf } from "../../envs/index.ts";
import { type EnvPool, type Policy, randomPolicy } from "../../rollout/index.ts";
import type {
  Context,
  Data,
  LearnerState,
  Metrics,
  OnlineLearner,
  OnlineSettings,
  Reading,
  Rollouts,
} from "../algorithm.ts";
import { type TransitionColumns, transitionColumns } from "../transition-columns.ts";
import { ObservationEncoder } from "./observation-encoder.ts";
import { Replay } from "./replay.ts";
import { TransitionBatch } from "./transitions.ts";

/** What learns of the batches. Holds device memory until disposed. */
export interface Agent<Model> extends AsyncDisposable {
  /** Updates so far. */
  readonly steps: number;
  /** One update. draw: a new batch, which fills the arrays of the last   random: of this update alone   returns: losses */
  update(draw: (random: Random) => Promise<TransitionBatch>, random: Random): Promise<Metrics>;
  /** Metrics of its present state. */
  measure(): Promise<Metrics>;
  /** The policy that collects, in environment `env`. */
  behaviorPolicy(env: number): Policy<unknown, unknown>;
  evaluationPolicy(env: number): Policy<unknown, unknown>;
  model(spaces: Spaces): Promise<Model>;
  tensors(): Promise<StoredTensors>;
  restore(tensors: StoredTensors, steps: number): Promise<void>;
}

export interface ReplaySettings extends OnlineSettings {
  /** Episodes of each task per iteration. */
  readonly episodes: number;
  /** Environment steps of the first policy. */
  readonly learningStarts?: number;
  /** Steps of the critics per environment step after those. */
  readonly utdRatio: number;
  /** Of these, how many belong to one update. Default: 1. */
  readonly criticSteps?: number;
  readonly batchSize: number;
  readonly normalize: boolean;
  readonly discount: number;
  /** Environment steps of a transition. Default: 1. */
  readonly nSteps?: number;
  /** Share of a batch that is data; null: that of the data's transitions among all. */
  readonly offlineShare?: number | null;
  /** Updates on data alone before the first episode. Default: 0. */
  readonly offlineSteps?: number;
}

/** Readings of a data set beside an agent's episodes. */
export interface TransitionReadings {
  readonly [name: string]: Reading;
  readonly transitions: Reading<TransitionColumns>;
}

/** Transitions of these tasks. returns: whether their episodes' earnings are read, too */
export function transitionReadings(
  { nSteps = 1, discount }: Pick<ReplaySettings, "nSteps" | "discount">,
  tasks: readonly string[],
  { returns = false } = {},
): TransitionReadings {
  return {
    transitions: { columns: transitionColumns({ nSteps, returns }), where: ofTasks(tasks), discount },
  };
}

/** The sizes that all environments share. Throws UserError if they differ, or a task comes twice. */
export function sizesOf(envs: readonly EnvPool[]) {
  const [first, ...others] = envs;
  for (const other of others) requireSameSpaces(first.task, first.spaces, other.task, other.spaces);
  const tasks = envs.map(({ task }) => task);
  refuseRepeated(tasks);
  const { observation, action } = first.spaces;
  return {
    observationSize: sizeOfSpace(observation),
    actionSize: sizeOfSpace(action),
    tasks,
    /** The most rows that act at once. */
    rows: maximum(envs.map((env) => env.batchSize)),
  };
}

/** Transitions that an encoder is fitted to, where there is data. */
const fittedRows = 4096;

/** An encoder of what these environments show; fitted to the data, where there is some and the settings say so. */
export async function encoderOf(
  { observationSize, tasks }: Pick<ReturnType<typeof sizesOf>, "observationSize" | "tasks">,
  { normalize }: Pick<ReplaySettings, "normalize">,
  data: Data<TransitionReadings> | undefined,
  random: Random,
): Promise<ObservationEncoder> {
  const encoder = new ObservationEncoder(observationSize, tasks);
  if (normalize && data) {
    const rows = data.transitions.train.emptyBatch(fittedRows);
    await data.transitions.train.sample(random.split("scaling"), rows);
    encoder.fit([rows.observation]);
  }
  return encoder;
}

/** Train state beside the weights. */
const Counters = z.object({
  envSteps: z.int(),
  updates: z.int(),
  episodes: z.int().describe("in the replay"),
  randomEpisodes: z.int().describe("of these, how many were of random actions"),
});

export interface ReplayLearnerOptions<Model> {
  readonly settings: ReplaySettings;
  readonly envs: readonly EnvPool[];
  readonly data?: Data<TransitionReadings> | undefined;
  readonly context: Pick<Context, "random" | "folder">;
  readonly agent: Agent<Model>;
  readonly encoder: ObservationEncoder;
  /** Of the replay as a data set. */
  readonly origin: Origin;
  /** The policy of the first `learningStarts` steps, in environment `env`. Default: random actions. */
  firstPolicy?(env: number): Policy<unknown, unknown>;
  /** Whether an episode's earnings are asked for. */
  readonly returns?: boolean;
}

/** Updates on data alone between two lines of the log. */
const offlineChunk = 1000;

/** An agent with its replay, in memory and on disk. */
export class ReplayLearner<Model> implements OnlineLearner<Model> {
  readonly #options: ReplayLearnerOptions<Model>;
  readonly #replay: Replay;
  readonly #batch: TransitionBatch;
  readonly #firstPolicy: (env: number) => Policy<unknown, unknown>;
  #randomEpisodes = 0;

  constructor(options: ReplayLearnerOptions<Model>) {
    const { settings, envs, data, context, encoder, origin, returns = false } = options;
    const { batchSize: size, discount, nSteps = 1 } = settings;
    const [{ spaces }] = envs;
    this.#options = options;
    this.#replay = new Replay(context.folder, spaces, encoder.tasks, origin);
    const replay = samplerOf(this.#replay.list, transitionColumns({ nSteps, returns }), { discount });
    this.#batch = new TransitionBatch({ replay, data: data?.transitions.train, encoder, size, discount });
    const random = randomPolicy(sizeOfSpace(spaces.action));
    this.#firstPolicy = options.firstPolicy ?? (() => random as Policy<unknown, unknown>);
  }

  get gradSteps(): number {
    return this.#options.agent.steps;
  }

  get offline() {
    const { settings, agent } = this.#options;
    const { offlineSteps: steps = 0 } = settings;
    return { steps, done: Math.min(agent.steps, steps) };
  }

  async begin(): Promise<void> {
    await this.#replay.open(0);
  }

  /** Episodes of every task, into the replay; then the updates that the environment steps so far call for. */
  async iterate(rollouts: Rollouts, iteration: number): Promise<Metrics> {
    const { settings, envs, agent, context } = this.#options;
    const { episodes, learningStarts = 0, utdRatio, criticSteps = 1, evalEvery } = settings;
    const { steps, done } = this.offline;
    if (done < steps) return this.#learn(Math.min(steps, done + Math.min(offlineChunk, evalEvery)));
    const stream = context.random.split(`round ${iteration}`);
    const isFirst = rollouts.envSteps < learningStarts;
    for (const [env, { task }] of envs.entries()) {
      const policy = isFirst ? this.#firstPolicy(env) : agent.behaviorPolicy(env);
      const played = await rollouts.collect(env, policy, episodes, stream.split(taskOf(task)), {
        stopAtSuccess: false,
      });
      await this.#replay.add(played as never);
    }
    if (isFirst) this.#randomEpisodes = this.#replay.list.episodes;
    if (rollouts.envSteps < learningStarts) return {};
    if (isFirst) this.#adaptEncoder();
    return this.#learn(steps + Math.floor(((rollouts.envSteps - learningStarts) * utdRatio) / criticSteps));
  }

  evaluationPolicy(env: number): Policy<unknown, unknown> {
    return this.#options.agent.evaluationPolicy(env);
  }

  model(): Promise<Model> {
    return this.#options.agent.model(this.#replay.list.spaces);
  }

  async state(): Promise<LearnerState> {
    await this.#replay.flush();
    const { agent } = this.#options;
    const counters = { episodes: this.#replay.list.episodes, randomEpisodes: this.#randomEpisodes };
    return { tensors: await agent.tensors(), json: { updates: agent.steps, ...counters } };
  }

  async restore({ tensors, json }: LearnerState): Promise<void> {
    const { envSteps, updates, episodes, randomEpisodes } = parse(Counters, json, "training state");
    await this.#options.agent.restore(tensors, updates);
    await this.#replay.open(episodes);
    this.#randomEpisodes = randomEpisodes;
    if (randomEpisodes > 0 && envSteps >= (this.#options.settings.learningStarts ?? 0)) this.#adaptEncoder();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#options.agent[Symbol.asyncDispose]();
  }

  /** Once random actions have been tried, their steps say how observations are scaled, unless data has. */
  #adaptEncoder(): void {
    const { settings, data, encoder } = this.#options;
    if (!settings.normalize || data) return;
    const tried = this.#replay.list.items.slice(0, this.#randomEpisodes);
    encoder.fit(tried.map(({ observations }) => observations));
  }

  /** Updates until there are `owed`. */
  async #learn(owed: number): Promise<Metrics> {
    const { agent, context } = this.#options;
    if (agent.steps >= owed) return {};
    let losses: Metrics = {};
    const rows = this.#dataRows();
    while (agent.steps < owed) {
      const stream = context.random.split(`update ${agent.steps}`);
      losses = await agent.update((random) => this.#batch.draw(random, rows), stream);
    }
    return { ...losses, ...(await agent.measure()) };
  }

  /** Rows of a batch that are data. */
  #dataRows(): number {
    const { settings, data } = this.#options;
    const { batchSize, offlineShare = 0 } = settings;
    if (!data) return 0;
    const { steps } = this.#replay.list;
    if (steps === 0) return batchSize;
    const { count } = data.transitions.train;
    return Math.floor(batchSize * (offlineShare ?? count / (count + steps)));
  }
}
