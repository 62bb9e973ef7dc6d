/**
 * @file Parts that the losses of actors and critics share.
 * Symbols: B rows, N tasks, O observation size.
 */
import {
  add,
  exp,
  matmul,
  mean,
  minimum,
  mul,
  reshape,
  slice,
  stopGradient,
  sub,
  type Value,
} from "../../tensor/index.ts";
import type { Transitions } from "./transitions.ts";

/** A batch of transitions as inputs of a graph. */
export type TransitionValues = Readonly<Record<keyof Transitions, Value>>;

/** The lowest of several values of each row. returns: (B,) */
export const lowest = (values: readonly Value[]): Value => values.reduce((low, each) => minimum(low, each));

/** Reward and what follows it, as a constant.   next: value of the next state, (B,)   returns: (B,) */
export const tdTarget = (
  { rewards, continues }: Pick<TransitionValues, "rewards" | "continues">,
  next: Value,
  { discount, rewardScale }: { readonly discount: number; readonly rewardScale: number },
): Value => stopGradient(add(mul(rewardScale, rewards), mul(mul(discount, continues), next)));

/** Logarithm of the temperature of each row's task. observations: (B, O + N), or (B, O) of a single task   returns: (B,), or (1,) */
export function logTemperatureOf(logTemperature: Value, observations: Value, observationSize: number): Value {
  const tasks = logTemperature.shape[0];
  if (tasks === 1) return logTemperature;
  const code = slice(observations, 1, observationSize, observationSize + tasks);
  return reshape(matmul(code, reshape(logTemperature, [tasks, 1])), [observations.shape[0]]);
}

/** The temperature of each row's task, as above. */
export const temperatureOf = (logTemperature: Value, observations: Value, observationSize: number): Value =>
  exp(logTemperatureOf(logTemperature, observations, observationSize));

/**
 * Mean of -factor (log-probability + entropy to be kept): its gradient in the factor alone.   returns: ()
 * factor: the temperature, as Eq. 18 of Haarnoja et al. 2018 (arXiv:1812.05905), or its logarithm
 */
export const temperatureLoss = (factor: Value, logProb: Value, targetEntropy: number): Value =>
  mean(mul(mul(-1, factor), add(stopGradient(logProb), targetEntropy)));

/** Losses of an actor and its temperature as one: neither has a gradient in what the other is to learn. In value it is the actor's. */
export const actorAndTemperature = (losses: { readonly actor: Value; readonly temperature: Value }): Value =>
  add(losses.actor, sub(losses.temperature, stopGradient(losses.temperature)));
