/**
 * @file RLPD: soft actor-critic whose batches are half data, with many normalized critics and many steps of them.
 * Symbols: B batch, N tasks, O observation size, A action size, E critics, M critics of a target, S numbers seen.
 * Source: Ball et al. 2023, arXiv:2302.02948, as in ikostrikov/rlpd (c90fd4b), sac_learner.py.
 */
import { z } from "zod";
import { countTo, type Random, UserError } from "../base/index.ts";
import type { CpuDevice } from "../devices/index.ts";
import { initMlp, initNormedMlp, initXavier, type Mlp, mlp, type NormedMlp, normedMlp } from "../nn/index.ts";
import {
  add,
  concat,
  float32,
  layoutOf,
  mean,
  mul,
  type Parameter,
  reshape,
  square,
  stopGradient,
  sub,
  type Value,
} from "../tensor/index.ts";
import type { Context, Online, OnlineGiven, OnlineLearner } from "./algorithm.ts";
import { ActorCritic } from "./online/actor-critic.ts";
import { criticSteps, dataReplaySettings, offlineShare, targetEntropy } from "./online/config.ts";
import { gaussianAgent } from "./online/gaussian-agent.ts";
import {
  type Agent,
  encoderOf,
  ReplayLearner,
  sizesOf,
  type TransitionReadings,
  transitionReadings,
} from "./online/learner.ts";
import {
  actorAndTemperature,
  lowest,
  type TransitionValues,
  tdTarget,
  temperatureLoss,
  temperatureOf,
} from "./online/losses.ts";
import { encodedSize } from "./online/observation-encoder.ts";
import { clippedGaussian, type TanhGaussian } from "./online/tanh-gaussian.ts";
import { type Transitions, transitionSpecs } from "./online/transitions.ts";
import { type SacModel, sacPolicy } from "./sac/policy.ts";

const mostCritics = 100;

export const RlpdConfig = z.strictObject({
  ...dataReplaySettings({
    envSteps: 1_000_000,
    utdRatio: 20,
    hiddenSizes: [256, 256],
    learningRate: 3e-4,
    tau: 0.005,
  }),
  learningStarts: z
    .int()
    .nonnegative()
    .default(10_000)
    .describe("environment steps in which actions are uniformly random"),
  offlineShare: offlineShare(0.5),
  criticSteps: criticSteps(20),
  critics: countTo(mostCritics).default(10).describe("critics, E"),
  targetCritics: countTo(mostCritics)
    .default(2)
    .describe("critics, drawn at each step, whose lowest value is the next state's, M"),
  backupEntropy: z.boolean().default(true).describe("whether the next state's value has the entropy in it"),
  targetEntropy: targetEntropy("minus half the size of an action"),
});
export type RlpdConfig = Readonly<z.infer<typeof RlpdConfig>>;

/** Settings with which a laptop learns a task in minutes. */
const presets = {
  laptop: {
    envSteps: 40_000,
    episodes: 2,
    learningStarts: 2000,
    utdRatio: 1,
    criticSteps: 1,
    critics: 4,
    batchSize: 128,
    hiddenSizes: [128, 128],
    learningRate: 1e-3,
    discount: 0.98,
    normalize: true,
    evalEvery: 10_000,
  },
} as const satisfies Record<string, z.input<typeof RlpdConfig>>;

/** Parameters of the actor's optimizer: the actor, and the logarithm of each task's temperature, (N,). */
export interface RlpdActor<T> {
  readonly actor: Mlp<T>;
  readonly logTemperature: T;
}
/** Critics, each from (B, S + A) to (B, 1). */
export type RlpdCritics<T> = readonly NormedMlp<T>[];

export interface RlpdInputs extends TransitionValues {
  /** Standard normal, (B, A). */
  readonly noise: Value;
}

/** Settings of the losses; the published codes differ in what is optional. */
export interface RlpdLossOptions
  extends Pick<RlpdConfig, "discount" | "rewardScale" | "backupEntropy" | "targetEntropy"> {
  readonly observationSize: number;
  readonly actionSize: number;
  /** Default: the authors'. */
  readonly gaussian?: TanhGaussian;
  /** Added to the variance in the critics' norms. Default: the authors' 1e-6. */
  readonly epsilon?: number;
}

const authors = clippedGaussian();

const draw = (actor: Mlp<Value>, observations: Value, noise: Value, gaussian: TanhGaussian = authors) =>
  gaussian(mlp(actor, observations, "relu"), noise);

/** Values by each critic. returns: (B,) each */
const valuesOf = (
  critics: RlpdCritics<Value>,
  observations: Value,
  actions: Value,
  epsilon = 1e-6,
): Value[] =>
  critics.map((critic) =>
    reshape(normedMlp(critic, concat([observations, actions], 1), "relu", epsilon), [observations.shape[0]]),
  );

/** Mean over critics and rows of the squared error against the lowest of the `targets`.   returns: () */
export function rlpdCriticLoss(
  critics: RlpdCritics<Value>,
  { actor, logTemperature }: RlpdActor<Value>,
  targets: RlpdCritics<Value>,
  inputs: RlpdInputs,
  options: RlpdLossOptions,
): Value {
  const { observations, actions, nextObservations, noise } = inputs;
  const { observationSize, backupEntropy, gaussian, epsilon } = options;
  const { action, logProb } = draw(actor, nextObservations, noise, gaussian);
  const value = lowest(valuesOf(targets, nextObservations, action, epsilon));
  const temperature = temperatureOf(logTemperature, nextObservations, observationSize);
  const target = tdTarget(inputs, backupEntropy ? sub(value, mul(temperature, logProb)) : value, options);
  const errors = valuesOf(critics, observations, actions, epsilon).map((q) => mean(square(sub(q, target))));
  return mul(1 / critics.length, errors.reduce(add));
}

/** The actor's loss, by the mean of all critics, and the temperature's.   returns: () each */
export function rlpdActorLosses(
  { actor, logTemperature }: RlpdActor<Value>,
  critics: RlpdCritics<Value>,
  { observations, noise }: Pick<RlpdInputs, "observations" | "noise">,
  { observationSize, actionSize, targetEntropy, gaussian, epsilon }: RlpdLossOptions,
): { actor: Value; temperature: Value } {
  const { action, logProb } = draw(actor, observations, noise, gaussian);
  const temperature = temperatureOf(logTemperature, observations, observationSize);
  const value = mul(1 / critics.length, valuesOf(critics, observations, action, epsilon).reduce(add));
  return {
    actor: mean(sub(mul(stopGradient(temperature), logProb), value)),
    temperature: temperatureLoss(temperature, logProb, targetEntropy ?? -actionSize / 2),
  };
}

/** First weights: Xavier's, each critic's its own, and temperatures of 1. width: S */
export function initRlpd(
  { hiddenSizes, critics }: Pick<RlpdConfig, "hiddenSizes" | "critics">,
  width: number,
  actionSize: number,
  tasks: number,
  random: Random,
): { readonly actor: RlpdActor<Parameter>; readonly critics: RlpdCritics<Parameter> } {
  return {
    actor: {
      actor: initMlp([width, ...hiddenSizes, 2 * actionSize], random.split("actor"), initXavier),
      logTemperature: { shape: [tasks], data: new Float32Array(tasks) },
    },
    critics: Array.from({ length: critics }, (_, i) =>
      initNormedMlp([width + actionSize, ...hiddenSizes, 1], random.split(`critic ${i}`), initXavier),
    ),
  };
}

type Networks = ActorCritic<
  RlpdActor<Parameter>,
  RlpdCritics<Parameter>,
  "observations" | "noise",
  keyof Transitions | "noise"
>;

/** The networks under training. width: S */
export function compileRlpd(
  config: RlpdConfig,
  first: ReturnType<typeof initRlpd>,
  {
    observationSize,
    actionSize,
    width,
  }: Readonly<Record<"observationSize" | "actionSize" | "width", number>>,
  device: CpuDevice,
): Promise<Networks> {
  const { batchSize, targetCritics, tau } = config;
  const noise = float32(batchSize, actionSize);
  const options = { ...config, observationSize, actionSize };
  const [actorOf, criticsOf] = [
    (a: unknown) => a as RlpdActor<Value>,
    (c: unknown) => c as RlpdCritics<Value>,
  ];
  return ActorCritic.compile({
    first,
    actorInputs: { observations: float32(batchSize, width), noise },
    criticInputs: { ...transitionSpecs(batchSize, width, actionSize), noise },
    targets: layoutOf(first.critics.slice(0, targetCritics)),
    criticLoss: (critics, actor, targets, inputs) =>
      rlpdCriticLoss(criticsOf(critics), actorOf(actor), criticsOf(targets), inputs, options),
    actorLoss: (actor, critics, inputs) =>
      actorAndTemperature(rlpdActorLosses(actorOf(actor), criticsOf(critics), inputs, options)),
    tau,
    criticSteps: config.criticSteps,
    device,
  });
}

/** One update: steps of the critics, each on a batch of its own, then one of actor and temperature on the last. */
export function updateRlpd(
  networks: Networks,
  config: RlpdConfig,
  actionSize: number,
): Agent<SacModel>["update"] {
  const { criticSteps: steps, critics, targetCritics, batchSize, learningRate } = config;
  const noise = new Float32Array(batchSize * actionSize);
  const size = networks.criticsAverage.length / critics; // all critics have the same form
  const targets = new Float32Array(targetCritics * size);
  return async (draw, random) => {
    let criticLoss = 0;
    let observations: Float32Array = new Float32Array();
    for (let step = 0; step < steps; step++) {
      const stream = random.split(`critics ${step}`);
      const { transitions } = await draw(stream);
      const chosen = stream.permutation(critics).subarray(0, targetCritics);
      for (const [at, critic] of chosen.entries())
        targets.set(networks.criticsAverage.subarray(critic * size, (critic + 1) * size), at * size);
      const batch = { ...transitions, noise: stream.fillNormal(noise) };
      criticLoss = await networks.stepCritics(batch, learningRate, { targets });
      observations = transitions.observations;
    }
    const batch = { observations, noise: random.split("actor").fillNormal(noise) };
    const actorLoss = await networks.stepActor(batch, learningRate);
    return { "train/critic_loss": criticLoss, "train/actor_loss": actorLoss };
  };
}

export const rlpd: Online<RlpdConfig, SacModel, undefined, TransitionReadings> = {
  kind: "online",
  name: "rlpd",
  summary:
    "RLPD: soft actor-critic whose batches are half of a data set and half of its own episodes, with an ensemble of critics.",
  config: RlpdConfig,
  presets,
  check: checkRlpd,
  metrics: ["train/critic_loss", "train/actor_loss", "train/temperature"],
  policy: sacPolicy,
  envs: "several",
  reads: (config, _, tasks) => transitionReadings(config, tasks),
  needsData: true,
  start,
};

function checkRlpd({ critics, targetCritics }: RlpdConfig): void {
  if (targetCritics > critics)
    throw new UserError(`targetCritics ${targetCritics} are more than the ${critics} critics there are.`);
}

async function start(
  settings: RlpdConfig,
  { envs, data }: OnlineGiven<undefined, TransitionReadings>,
  context: Context<CpuDevice>,
): Promise<OnlineLearner<SacModel>> {
  const { random, device } = context;
  const sizes = sizesOf(envs);
  const { observationSize, actionSize, tasks } = sizes;
  const width = encodedSize(observationSize, tasks);
  const first = initRlpd(settings, width, actionSize, tasks.length, random.split("weights"));
  const networks = await compileRlpd(settings, first, { observationSize, actionSize, width }, device);
  const encoder = await encoderOf(sizes, settings, data, random);
  const { hiddenSizes } = settings;
  const agent = await gaussianAgent({
    networks,
    update: updateRlpd(networks, settings, actionSize),
    draw: ({ actor }, observations, noise) => draw(actor as Mlp<Value>, observations, noise),
    encoder,
    sizes,
    hiddenSizes,
    device,
  });
  const { eval: _, ...config } = settings;
  const origin = { agent: "rlpd", ...config, hiddenSizes: [...hiddenSizes] };
  return new ReplayLearner({ settings, envs, data, context, agent, encoder, origin });
}
