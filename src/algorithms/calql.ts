/**
 * @file Cal-QL: conservative Q-learning on data, then on data and episodes of its own, whose values of actions that the data
 * does not show are pushed down no further than what its episodes really earned.
 * Symbols: B batch, N tasks, O observation size, A action size, K sampled actions, S numbers seen.
 * Source: Nakamoto et al. 2023, arXiv:2303.05479, as in nakamotoo/Cal-QL (ac6eafe) and tinkoff-ai/CORL cal_ql.py (6afec90).
 */
import { z } from "zod";
import { countTo, type Random } from "../base/index.ts";
import type { CpuDevice } from "../devices/index.ts";
import { initMlp, initOrthogonal, type Mlp, mlp } from "../nn/index.ts";
import {
  add,
  broadcastTo,
  concat,
  constant,
  float32,
  logSumExp,
  max,
  maximum,
  mean,
  mul,
  type Parameter,
  reshape,
  slice,
  square,
  stopGradient,
  sub,
  type Value,
} from "../tensor/index.ts";
import type { Context, Online, OnlineGiven, OnlineLearner } from "./algorithm.ts";
import { ActorCritic } from "./online/actor-critic.ts";
import { dataReplaySettings, hiddenSizes, offlineShare, rate, targetEntropy } from "./online/config.ts";
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
  logTemperatureOf,
  lowest,
  type TransitionValues,
  tdTarget,
  temperatureLoss,
  temperatureOf,
} from "./online/losses.ts";
import { encodedSize } from "./online/observation-encoder.ts";
import { clippedGaussian, type DrawnActions } from "./online/tanh-gaussian.ts";
import { type Transitions, transitionSpecs } from "./online/transitions.ts";
import { type SacModel, sacPolicy } from "./sac/policy.ts";

export const CalqlConfig = z.strictObject({
  ...dataReplaySettings({
    envSteps: 1_000_000,
    utdRatio: 1,
    hiddenSizes: [256, 256],
    learningRate: 1e-4,
    tau: 0.005,
  }),
  actorHiddenSizes: hiddenSizes([256, 256]).describe("widths of the hidden layers of the actor"),
  criticLearningRate: rate().default(3e-4).describe("Adam step size of the critics"),
  offlineSteps: z
    .int()
    .nonnegative()
    .default(1_000_000)
    .describe("gradient steps on the data alone, before the first episode"),
  offlineShare: offlineShare(0.5),
  conservatism: z
    .number()
    .nonnegative()
    .default(5)
    .describe("weight of the conservative part of the critics' loss, alpha"),
  calibration: z
    .enum(["always", "offline", "never"])
    .default("always")
    .describe("when values are bounded from below by what was earned; never: CQL; offline: as CORL"),
  sampledActions: countTo(1000)
    .default(10)
    .describe("actions of each kind that the conservative part is estimated with, K"),
  maxTargetBackup: z
    .boolean()
    .default(true)
    .describe("whether the next state's value is that of the best of K actions; else of one"),
  targetEntropy: targetEntropy("minus the size of an action"),
});
export type CalqlConfig = Readonly<z.infer<typeof CalqlConfig>>;

/** Settings with which a laptop learns a task in minutes. */
const presets = {
  laptop: {
    envSteps: 10_000,
    episodes: 2,
    offlineSteps: 10_000,
    batchSize: 128,
    hiddenSizes: [128, 128],
    actorHiddenSizes: [128, 128],
    learningRate: 3e-4,
    criticLearningRate: 1e-3,
    discount: 0.98,
    normalize: true,
    rewardScale: 0.1,
    sampledActions: 4,
    evalEvery: 5000,
  },
} as const satisfies Record<string, z.input<typeof CalqlConfig>>;

/** Parameters of the actor's optimizer. */
export interface CalqlActor<T> {
  readonly actor: Mlp<T>;
  /** Factor of the log-deviations, and what is added to them. (1,) each */
  readonly deviation: { readonly scale: T; readonly shift: T };
  /** Logarithm of the temperature of each task. (N,) */
  readonly logTemperature: T;
}
/** Two critics, each from (B, S + A) to (B, 1). */
export type CalqlCritics<T> = readonly Mlp<T>[];

export interface CalqlInputs extends TransitionValues {
  /** Discounted returns of the episodes from the transitions on: the bound. (B,) */
  readonly returns: Value;
  /** Uniform in [-1, 1]. (B, K, A) */
  readonly randomActions: Value;
  /** Standard normal, for actions at the present and at the next state. (B, K, A) each */
  readonly noiseNow: Value;
  readonly noiseNext: Value;
  /** Standard normal, for the next state's value. (B, 1, A), or (B, K, A) where the best of K counts */
  readonly noiseTarget: Value;
}

export type CalqlLossOptions = Pick<
  CalqlConfig,
  "discount" | "rewardScale" | "conservatism" | "targetEntropy"
> & {
  readonly observationSize: number;
};

/** One action of each row. observations: (B, S)   noise: (B, A) */
const draw = (actor: CalqlActor<Value>, observations: Value, noise: Value): DrawnActions =>
  gaussianOf(actor)(mlp(actor.actor, observations, "relu"), noise);

const gaussianOf = ({ deviation: { scale, shift } }: CalqlActor<Value>) =>
  clippedGaussian((logDeviation) => add(mul(scale, logDeviation), shift));

/** Several actions of each row. noise: (B, K, A)   returns: action (B, K, A), logProb (B, K) */
function drawSeveral(actor: CalqlActor<Value>, observations: Value, noise: Value) {
  const [rows, count, size] = noise.shape;
  const output = repeated(mlp(actor.actor, observations, "relu"), count);
  const { action, logProb } = gaussianOf(actor)(output, reshape(noise, [rows * count, size]));
  return { action: reshape(action, noise.shape), logProb: reshape(logProb, [rows, count]) };
}

/** Each row `count` times, one after another.   x: (B, D)   returns: (B count, D) */
function repeated(x: Value, count: number): Value {
  const [rows, size] = x.shape;
  return reshape(broadcastTo(reshape(x, [rows, 1, size]), [rows, count, size]), [rows * count, size]);
}

/** Values of K actions of each row by a critic.   actions: (B, K, A)   returns: (B, K) */
function values(critic: Mlp<Value>, observations: Value, actions: Value): Value {
  const [rows, count, size] = actions.shape;
  const flat = reshape(actions, [rows * count, size]);
  return reshape(mlp(critic, concat([repeated(observations, count), flat], 1), "relu"), [rows, count]);
}

/** Value of one action of each row. returns: (B,) */
const oneValue = (critic: Mlp<Value>, observations: Value, actions: Value): Value =>
  reshape(mlp(critic, concat([observations, actions], 1), "relu"), [observations.shape[0]]);

/**
 * Squared error against the target without entropy, and `conservatism` times how far the soft maximum over actions lies above
 * the data's: of both critics.   returns: ()
 * Random actions are not bounded by the returns.
 */
export function calqlCriticLoss(
  critics: CalqlCritics<Value>,
  actor: CalqlActor<Value>,
  targets: CalqlCritics<Value>,
  inputs: CalqlInputs,
  { conservatism, ...options }: CalqlLossOptions,
): Value {
  const { observations, actions, nextObservations, returns, randomActions } = inputs;
  const [rows, count, size] = randomActions.shape;
  const best = drawSeveral(actor, nextObservations, inputs.noiseTarget).action;
  const next = max(lowest(targets.map((critic) => values(critic, nextObservations, best))), { axes: 1 });
  const target = tdTarget(inputs, next, options);
  const now = drawSeveral(actor, observations, inputs.noiseNow);
  const later = drawSeveral(actor, nextObservations, inputs.noiseNext);
  const sampled = stopGradient(concat([randomActions, later.action, now.action], 1)); // (B, 3 K, A)
  const uniform = constant(new Float32Array(rows * count).fill(-size * Math.LN2), [rows, count]);
  const logProbs = stopGradient(concat([uniform, later.logProb, now.logProb], 1)); // (B, 3 K)
  const bound = reshape(mul(options.rewardScale, returns), [rows, 1]);
  const losses = critics.map((critic) => {
    const ofData = oneValue(critic, observations, actions);
    const ofSampled = values(critic, observations, sampled);
    const random = slice(ofSampled, 1, 0, count);
    const bounded = maximum(slice(ofSampled, 1, count, 3 * count), bound);
    const soft = logSumExp(sub(concat([random, bounded], 1), logProbs), 1);
    return add(mean(square(sub(ofData, target))), mul(conservatism, mean(sub(soft, ofData))));
  });
  return losses.reduce(add);
}

/** The actor's loss, and the temperature's, which is on its logarithm.   returns: () each */
export function calqlActorLosses(
  actor: CalqlActor<Value>,
  critics: CalqlCritics<Value>,
  { observations, noise }: Readonly<Record<"observations" | "noise", Value>>,
  { observationSize, targetEntropy }: CalqlLossOptions,
): { actor: Value; temperature: Value } {
  const { action, logProb } = draw(actor, observations, noise);
  const value = lowest(critics.map((critic) => oneValue(critic, observations, action)));
  const temperature = temperatureOf(actor.logTemperature, observations, observationSize);
  const factor = logTemperatureOf(actor.logTemperature, observations, observationSize);
  return {
    actor: mean(sub(mul(stopGradient(temperature), logProb), value)),
    temperature: temperatureLoss(factor, logProb, targetEntropy ?? -noise.shape[1]),
  };
}

/** First weights: orthogonal with gain √2; log-deviations are the actor's less 1, temperatures 1. width: S */
export function initCalql(
  config: Pick<CalqlConfig, "hiddenSizes" | "actorHiddenSizes">,
  width: number,
  actionSize: number,
  tasks: number,
  random: Random,
): { readonly actor: CalqlActor<Parameter>; readonly critics: CalqlCritics<Parameter> } {
  const init = initOrthogonal(Math.SQRT2);
  const scalar = (value: number): Parameter => ({ shape: [1], data: Float32Array.of(value) });
  return {
    actor: {
      actor: initMlp([width, ...config.actorHiddenSizes, 2 * actionSize], random.split("actor"), init),
      deviation: { scale: scalar(1), shift: scalar(-1) },
      logTemperature: { shape: [tasks], data: new Float32Array(tasks) },
    },
    critics: ["first critic", "second critic"].map((name) =>
      initMlp([width + actionSize, ...config.hiddenSizes, 1], random.split(name), init),
    ),
  };
}

type Networks = ActorCritic<
  CalqlActor<Parameter>,
  CalqlCritics<Parameter>,
  "observations" | "noise",
  keyof Transitions | Exclude<keyof CalqlInputs, keyof TransitionValues>
>;

/** The networks under training. width: S */
export function compileCalql(
  config: CalqlConfig,
  first: ReturnType<typeof initCalql>,
  {
    observationSize,
    actionSize,
    width,
  }: Readonly<Record<"observationSize" | "actionSize" | "width", number>>,
  device: CpuDevice,
): Promise<Networks> {
  const { batchSize, sampledActions, maxTargetBackup, tau } = config;
  const sampled = float32(batchSize, sampledActions, actionSize);
  const options = { ...config, observationSize };
  const [actorOf, criticsOf] = [
    (a: unknown) => a as CalqlActor<Value>,
    (c: unknown) => c as CalqlCritics<Value>,
  ];
  return ActorCritic.compile({
    first,
    actorInputs: { observations: float32(batchSize, width), noise: float32(batchSize, actionSize) },
    criticInputs: {
      ...transitionSpecs(batchSize, width, actionSize),
      returns: float32(batchSize),
      randomActions: sampled,
      noiseNow: sampled,
      noiseNext: sampled,
      noiseTarget: maxTargetBackup ? sampled : float32(batchSize, 1, actionSize),
    },
    criticLoss: (critics, actor, targets, inputs) =>
      calqlCriticLoss(criticsOf(critics), actorOf(actor), criticsOf(targets), inputs, options),
    actorLoss: (actor, critics, inputs) =>
      actorAndTemperature(calqlActorLosses(actorOf(actor), criticsOf(critics), inputs, options)),
    tau,
    device,
  });
}

/** No bound: the lowest of numbers. */
const boundless = -3e38;

/** One update: actor and temperature, and the critics, each by the others as they were before it. */
export function updateCalql(
  networks: Networks,
  config: CalqlConfig,
  actionSize: number,
): Agent<SacModel>["update"] {
  const { batchSize, sampledActions, maxTargetBackup, calibration, offlineSteps } = config;
  const room = (count: number) => new Float32Array(batchSize * count * actionSize);
  const noise = room(1);
  const draws = {
    randomActions: room(sampledActions),
    noiseNow: room(sampledActions),
    noiseNext: room(sampledActions),
    noiseTarget: room(maxTargetBackup ? sampledActions : 1),
  };
  const before = new Float32Array(networks.theta.length);
  const unbounded = new Float32Array(batchSize).fill(boundless);
  return async (draw, random) => {
    const { transitions, returns } = await draw(random);
    const { observations } = transitions;
    const { randomActions, ...normal } = draws;
    random.fillNormal(noise);
    random.fillUniform(randomActions);
    for (let i = 0; i < randomActions.length; i++) randomActions[i] = 2 * randomActions[i] - 1;
    for (const array of Object.values(normal)) random.fillNormal(array);
    const isBounded =
      calibration === "always" || (calibration === "offline" && networks.steps < offlineSteps);
    const batch = { ...transitions, ...draws, returns: isBounded ? returns : unbounded };
    before.set(networks.theta);
    const actorLoss = await networks.stepActor({ observations, noise }, config.learningRate);
    const criticLoss = await networks.stepCritics(batch, config.criticLearningRate, { actor: before });
    return { "train/critic_loss": criticLoss, "train/actor_loss": actorLoss };
  };
}

export const calql: Online<CalqlConfig, SacModel, undefined, TransitionReadings> = {
  kind: "online",
  name: "calql",
  summary:
    "Cal-QL: conservative Q-learning on a data set, then on it and on its own episodes, with values that are bounded by what " +
    "episodes really earned.",
  config: CalqlConfig,
  presets,
  metrics: ["train/critic_loss", "train/actor_loss", "train/temperature"],
  policy: sacPolicy,
  envs: "several",
  reads: (config, _, tasks) => transitionReadings(config, tasks, { returns: true }),
  needsData: true,
  start,
};

async function start(
  settings: CalqlConfig,
  { envs, data }: OnlineGiven<undefined, TransitionReadings>,
  context: Context<CpuDevice>,
): Promise<OnlineLearner<SacModel>> {
  const { random, device } = context;
  const sizes = sizesOf(envs);
  const { observationSize, actionSize, tasks } = sizes;
  const width = encodedSize(observationSize, tasks);
  const first = initCalql(settings, width, actionSize, tasks.length, random.split("weights"));
  const networks = await compileCalql(settings, first, { observationSize, actionSize, width }, device);
  const encoder = await encoderOf(sizes, settings, data, random);
  const { hiddenSizes: critics, actorHiddenSizes } = settings;
  const agent = await gaussianAgent({
    networks,
    update: updateCalql(networks, settings, actionSize),
    draw: (actor, observations, noise) => draw(actor as never, observations, noise),
    encoder,
    sizes,
    hiddenSizes: actorHiddenSizes,
    device,
  });
  const { eval: _, ...config } = settings;
  const origin = {
    agent: "calql",
    ...config,
    hiddenSizes: [...critics],
    actorHiddenSizes: [...actorHiddenSizes],
  };
  return new ReplayLearner({ settings, envs, data, context, agent, encoder, origin, returns: true });
}
