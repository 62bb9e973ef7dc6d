/**
 * @file The contract of an algorithm: a record that the loop runs (loop.ts) and `sodp train` lists. An offline algorithm
 * learns from a data set, one gradient step at a time; an online one from episodes that it asks for, one iteration at a time.
 */
import { z } from "zod";
import type { Random, Spaces, StoredTensors } from "../base/index.ts";
import type { BatchSpec, Sampler, SamplerOptions } from "../data/index.ts";
import type { CpuDevice } from "../devices/index.ts";
import type { DenoisingOptions } from "../diffusion/index.ts";
import type { ExportOptions, ParityReport } from "../policies/files/index.ts";
import type { EnvPool, PlayedEpisode, Policy } from "../rollout/index.ts";
import type { Device } from "../tensor/index.ts";

/** Numbers by slash names, such as "train/loss". */
export type Metrics = Readonly<Record<string, number>>;

const count = () => z.int().positive();
const seed = z.int().nonnegative().default(0).describe("fixes data order, noise, episodes and first weights");

/** Settings that the loop reads of an offline algorithm: its schema begins with them. Given: their defaults. */
export const offlineSettings = (defaults: { readonly steps: number; readonly batchSize: number }) => ({
  steps: count().default(defaults.steps).describe("gradient steps"),
  batchSize: count().default(defaults.batchSize).describe("rows of data per gradient step, B"),
  logEvery: count().default(100).describe("gradient steps from one line of the log to the next"),
  evalEvery: count().default(5000).describe("gradient steps from one evaluation to the next"),
  saveEvery: count().default(5000).describe("gradient steps from one checkpoint to the next"),
  seed,
});

/** Settings that the loop reads of an online algorithm: its schema begins with them. Given: their defaults. */
export const onlineSettings = (defaults: {
  readonly envSteps: number;
  readonly evalEvery: number;
  readonly evalEpisodes: number;
}) => ({
  envSteps: count()
    .default(defaults.envSteps)
    .describe("environment steps of training, all environments together"),
  evalEvery: count()
    .default(defaults.evalEvery)
    .describe("environment steps from one evaluation to the next"),
  eval: z
    .strictObject({
      nEpisodes: count().default(defaults.evalEpisodes).describe("episodes of an evaluation, per task"),
    })
    .prefault({}),
  seed,
});

type Settings<Shape extends z.ZodRawShape> = Readonly<z.infer<z.ZodObject<Shape>>>;
export type OfflineSettings = Settings<ReturnType<typeof offlineSettings>>;
export type OnlineSettings = Settings<ReturnType<typeof onlineSettings>>;

/** A learner's state as a checkpoint keeps it. */
export interface LearnerState {
  readonly tensors: StoredTensors;
  /** Counters and the like, beside the loop's own in one object: no name of theirs is used twice. */
  readonly json: Readonly<Record<string, unknown>>;
}

/** Networks, optimizers and buffers under training. Holds device memory until disposed. */
interface Learner<Model> extends AsyncDisposable {
  /** The present model: of the averaged weights where an average is kept. */
  model(): Promise<Model>;
  state(): Promise<LearnerState>;
  /** Continues from `state`: bit for bit on the processor. Throws UserError if it does not fit. */
  restore(state: LearnerState): Promise<void>;
}

export interface OfflineLearner<Model> extends Learner<Model> {
  /** Warnings about the data, a sentence each. */
  readonly warnings: readonly string[];
  /**
   * One gradient step. random: of this step alone
   * Throws UserError, leaving the parameters as they were, if the loss or its gradient is not finite.
   */
  step(random: Random): Promise<Metrics>;
  /** Metrics on held-out data: always the same rows, with the same noise. None where nothing is held out. */
  evaluate(): Promise<Metrics>;
}

export interface OnlineLearner<Model> extends Learner<Model> {
  /** Gradient steps so far, where the log shall tell them. */
  readonly gradSteps?: number;
  /** Gradient steps on data alone, before the first episode: so many, of which so many are done. They count as environment steps. */
  readonly offline?: { readonly steps: number; readonly done: number };
  /** Collects what the first iteration takes for granted. */
  begin?(rollouts: Rollouts): Promise<void>;
  /** Collects episodes and learns. iteration: from 0   returns: metrics beside those of the rollouts */
  iterate(rollouts: Rollouts, iteration: number): Promise<Metrics>;
  /** The policy to be evaluated. env: index of the environment it acts in */
  evaluationPolicy(env: number): Policy<unknown, unknown>;
  /** With it the loop keeps the best weights, ends with them, and returns to them when success collapses. */
  readonly rollback?: Rollback<Model>;
}

export interface Rollback<Model> {
  /** Share of the best success rate below which the best weights come back, 0 to 1. */
  readonly below: number;
  /** A copy of the weights that are evaluated. (P,) */
  weights(): Float32Array;
  /** Starts anew from `weights`. */
  restart(weights: Float32Array): Promise<void>;
  model(weights: Float32Array): Model;
}

/** Episodes to learn from. Their steps are counted, and the log tells what came of them. */
export interface Rollouts {
  /** Environment steps so far. */
  readonly envSteps: number;
  /**
   * New episodes, of training's half of the seeds: equal streams give equal episodes. Those with a `fault` broke the
   * simulation: their last action chunk must not be learned from.
   * env: index of the environment
   */
  collect<State, Trace>(
    env: number,
    policy: Policy<State, Trace>,
    episodes: number,
    random: Random,
    options: { readonly stopAtSuccess: boolean },
  ): Promise<readonly PlayedEpisode<Trace>[]>;
}

/** A kind of policy: how it is stored, and how it acts. Model is plain data. */
export interface PolicyKind<Model> {
  /** `format` in the config.json of a folder that holds one, such as "sodp planner". */
  readonly format: string;
  /** Writes `config.json` and `model.safetensors`. */
  save(model: Model, folder: string): Promise<void>;
  /** Throws UserError if a file is missing, damaged, or of a newer version. */
  load(folder: string): Promise<Model>;
  describe(model: Model): PolicyDescription;
  /** Throws UserError if the policy cannot act in `env`, or does not denoise as asked. */
  compile(model: Model, options: ActOptions): Promise<Policy<unknown, unknown> & AsyncDisposable>;
  /**
   * Writes the policy as one ONNX file at `path`. Absent: it is none. Throws UserError if it does not denoise as asked, or its
   * actions are not finite.
   */
  export?(model: Model, path: string, options: ExportOptions): Promise<ParityReport>;
}

export interface PolicyDescription {
  readonly spaces: Spaces;
  readonly nObsSteps: number;
  readonly nActionSteps: number;
  /** Denoising steps of its training, where it denoises. */
  readonly numTrainTimesteps?: number;
  /** Tasks that it is told apart, where it is. */
  readonly tasks?: readonly string[];
  /** Numbers that were learned. */
  readonly parameters: number;
  /** All that is stored beside them: plain JSON. */
  readonly config: Readonly<Record<string, unknown>>;
}

export interface ActOptions {
  /** Environment that it acts in. */
  readonly env: Pick<EnvPool, "task" | "spaces">;
  /** The most rows of one call. */
  readonly batchSize: number;
  readonly device: Device;
  readonly denoising?: DenoisingOptions;
}

interface Common<Config, Model> {
  readonly name: string;
  /** A sentence for `--help`. */
  readonly summary: string;
  /** Defaults are the published values. */
  readonly config: z.ZodObject & z.ZodType<Config>;
  /** Departures from the defaults, by name. */
  readonly presets: Readonly<Record<string, object>>;
  /** Throws UserError for values that contradict each other. */
  check?(config: Config): void;
  /** Every metric that it logs, beside those that the loop logs for all of its kind. */
  readonly metrics: readonly string[];
  /** Metrics that it logs under some settings only. */
  readonly optionalMetrics?: readonly string[];
  readonly policy: PolicyKind<Model>;
}

/** Readings of a data set: its columns, at steps relative to the present, and of which episodes. */
export interface Reading<S extends BatchSpec = BatchSpec>
  extends Pick<SamplerOptions, "padAfter" | "where" | "weight" | "discount"> {
  readonly columns: S;
}
export type Readings = Readonly<Record<string, Reading>>;

/** Samplers of each reading, of the episodes that are learned from and of others, that never are. Few have no others. */
export type Data<R extends Readings = Readings> = {
  readonly [Name in keyof R]: {
    readonly train: Sampler<R[Name]["columns"]>;
    readonly heldOut?: Sampler<R[Name]["columns"]>;
  };
};

export interface Context<D extends Device = Device> {
  /** Of the whole training; streams are split from it by name. */
  readonly random: Random;
  readonly device: D;
  /** The run's folder, where a learner may keep what is too large for a checkpoint. */
  readonly folder: string;
}

export interface Offline<
  Config extends OfflineSettings = OfflineSettings,
  Model = unknown,
  R extends Readings = Readings,
> extends Common<Config, Model> {
  readonly kind: "offline";
  /** Readings of the data; nothing else reaches it. */
  reads(config: Config): R;
  /** Settings that follow from a policy of its kind, where it may start from one instead of first weights. */
  startsFrom?(policy: Model): Partial<Config>;
  /** policy: to start from. Throws UserError if the data is of other spaces. */
  start(config: Config, data: Data<R>, context: Context, policy?: Model): Promise<OfflineLearner<Model>>;
}

/** Inputs of an online algorithm. */
export interface OnlineGiven<Start = unknown, R extends Readings = Readings> {
  readonly envs: readonly EnvPool[];
  /** The policy that it starts from, where it starts from one. */
  readonly policy: Start;
  /** Data that it learns from beside its own episodes. */
  readonly data?: Data<R>;
}

export interface Online<
  Config extends OnlineSettings = OnlineSettings,
  Model = unknown,
  Start = unknown,
  R extends Readings = Readings,
> extends Common<Config, Model> {
  readonly kind: "online";
  /** "several": one agent learns in several environments at once. */
  readonly envs: "one" | "several";
  /** The kind of policy that it starts from. */
  readonly startsFrom?: PolicyKind<Start>;
  /** Throws UserError if the policy cannot be started from as configured. */
  checkStart?(config: Config, policy: Start): void;
  /** Readings of a data set, where it takes one. tasks: of the environments */
  reads?(config: Config, policy: Start, tasks: readonly string[]): R;
  /** True: it does not learn without one. */
  readonly needsData?: true;
  /** Name of the stream of the evaluations' episodes. Default: "evaluation " and the task. */
  readonly evaluationStream?: string;
  start(
    config: Config,
    given: OnlineGiven<Start, R>,
    context: Context<CpuDevice>,
  ): Promise<OnlineLearner<Model>>;
}
