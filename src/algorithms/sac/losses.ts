/**
 * @file The losses of soft actor-critic, and its networks.
 * Symbols: B batch, N tasks, O observation size, A action size, C numbers that tell tasks apart (N, or 0 of a single task).
 * Source: Haarnoja et al. 2018, arXiv:1812.05905, as in CleanRL sac_continuous_action.py (vwxyzjn/cleanrl, 004f8a0).
 */
import type { Random } from "../../base/index.ts";
import { initMlp, type Mlp, mlp } from "../../nn/index.ts";
import {
  add,
  concat,
  mean,
  mul,
  type Parameter,
  reshape,
  square,
  stopGradient,
  sub,
  type Value,
} from "../../tensor/index.ts";
import { lowest, type TransitionValues, tdTarget, temperatureLoss, temperatureOf } from "../online/losses.ts";
import { encodedSize } from "../online/observation-encoder.ts";
import { type DrawnActions, squeezedGaussian } from "../online/tanh-gaussian.ts";
import type { SacConfig } from "./config.ts";

export interface SacSizes {
  readonly observationSize: number;
  readonly actionSize: number;
  readonly tasks: readonly string[];
}

/** Parameters of the actor's optimizer. T is Parameter outside a graph, Value inside. */
export interface ActorNetwork<T> {
  readonly actor: Mlp<T>;
  /** Logarithm of the temperature alpha of each task. (N,) */
  readonly logTemperature: T;
}
/** Two critics, each from (B, O + C + A) to (B, 1). */
export type Critics<T> = readonly [Mlp<T>, Mlp<T>];

/** All that an agent learns. */
export interface SacNetworks {
  readonly actor: ActorNetwork<Parameter>;
  readonly critics: Critics<Parameter>;
}

/** Batch of the losses, and the noise that actions are drawn with: standard normal, (B, A). */
export interface SacInputs extends TransitionValues {
  readonly noise: Value;
}

const gaussian = squeezedGaussian();

/** observations: (B, O + C)   noise: standard normal, (B, A) */
export const drawAction = (actor: Mlp<Value>, observations: Value, noise: Value): DrawnActions =>
  gaussian(mlp(actor, observations, "relu"), noise);

/** The smaller of what two critics expect. returns: (B,) */
const minQValue = (critics: Critics<Value>, observations: Value, actions: Value): Value =>
  lowest(critics.map((critic) => qValue(critic, observations, actions)));

function qValue(critic: Mlp<Value>, observations: Value, actions: Value): Value {
  return reshape(mlp(critic, concat([observations, actions], 1), "relu"), [observations.shape[0]]);
}

/**
 * Mean squared error of both critics against the reward and the averaged critics' value of the next state.   returns: ()
 * Source: Haarnoja et al. 2018, Eq. 5 and 6, without the halves, as in CleanRL.
 */
export function criticLoss(
  critics: Critics<Value>,
  { actor, logTemperature }: ActorNetwork<Value>,
  targets: Critics<Value>,
  inputs: SacInputs,
  config: Pick<SacConfig, "discount" | "rewardScale">,
  { observationSize }: Pick<SacSizes, "observationSize">,
): Value {
  const { observations, actions, nextObservations, noise } = inputs;
  const { action, logProb } = drawAction(actor, nextObservations, noise);
  const temperature = temperatureOf(logTemperature, nextObservations, observationSize);
  const next = sub(minQValue(targets, nextObservations, action), mul(temperature, logProb));
  const target = tdTarget(inputs, next, config);
  const errorOf = (critic: Mlp<Value>) => mean(square(sub(qValue(critic, observations, actions), target)));
  return add(errorOf(critics[0]), errorOf(critics[1]));
}

/**
 * The actor's loss, Eq. 7 of Haarnoja et al. 2018, and the temperature's, Eq. 18. returns: () each
 * Differs: the temperature learns from the action that the actor learns from, where CleanRL draws another, and at the
 * actor's learning rate, where CleanRL's has the critics'.
 */
export function actorLosses(
  { actor, logTemperature }: ActorNetwork<Value>,
  critics: Critics<Value>,
  { observations, noise }: Pick<SacInputs, "observations" | "noise">,
  config: Pick<SacConfig, "targetEntropy">,
  { observationSize, actionSize }: Pick<SacSizes, "observationSize" | "actionSize">,
): { actor: Value; temperature: Value } {
  const { action, logProb } = drawAction(actor, observations, noise);
  const temperature = temperatureOf(logTemperature, observations, observationSize);
  return {
    actor: mean(sub(mul(stopGradient(temperature), logProb), minQValue(critics, observations, action))),
    temperature: temperatureLoss(temperature, logProb, config.targetEntropy ?? -actionSize),
  };
}

/** First weights: PyTorch's, and temperatures of 1. */
export function initSac(
  config: SacConfig,
  { observationSize, actionSize, tasks }: SacSizes,
  random: Random,
): SacNetworks {
  const width = encodedSize(observationSize, tasks);
  const critic = (name: string): Mlp<Parameter> =>
    initMlp([width + actionSize, ...config.hiddenSizes, 1], random.split(name));
  const actor: ActorNetwork<Parameter> = {
    actor: initMlp([width, ...config.hiddenSizes, 2 * actionSize], random.split("actor")),
    logTemperature: { shape: [tasks.length], data: new Float32Array(tasks.length) },
  };
  const critics: Critics<Parameter> = [critic("first critic"), critic("second critic")];
  return { actor, critics };
}
