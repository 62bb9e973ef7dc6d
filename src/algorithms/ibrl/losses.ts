/**
 * @file The losses of IBRL, and its choice between two proposals.
 * Symbols: B rows, A action size.
 * Source: Hu et al. 2024, arXiv:2311.02198, as in hengyuan-hu/ibrl (3c457da), q_agent.py.
 */
import {
  add,
  clip,
  greater,
  mean,
  mul,
  neg,
  reshape,
  sigmoid,
  square,
  stopGradient,
  sub,
  type Value,
  where,
} from "../../tensor/index.ts";
import { lowest, type TransitionValues, tdTarget } from "../online/losses.ts";
import type { Valuing } from "./networks.ts";

/** Actions are kept that far from their limits. */
const margin = 1e-6;

/** Actions within their limits; the gradient passes as if there were none.   x: (B, A) */
export const withinLimits = (x: Value): Value =>
  add(x, stopGradient(sub(clip(x, margin - 1, 1 - margin), x)));

/** Actions with noise that is clipped. noise: standard normal, (B, A)   deviation, limit: of the noise */
export const noisyActions = (means: Value, noise: Value, deviation: number, limit: number): Value =>
  withinLimits(add(means, clip(mul(deviation, noise), -limit, limit)));

/**
 * 1 where the actor's action is taken, else 0: the imitation's.   values: (B,) each   returns: (B,)
 * softBeta: null: the better one; else drawn by the exponentials of softBeta times the values, with uniform numbers in [0, 1), (B,)
 */
export const prefersActor = (
  ofActor: Value,
  ofImitation: Value,
  softBeta: number | null,
  uniform: Value,
): Value =>
  softBeta === null
    ? greater(ofActor, ofImitation)
    : greater(sigmoid(mul(softBeta, sub(ofActor, ofImitation))), uniform);

/** Proposals for the next state, and what chooses between them. */
export interface Proposals {
  /** Of the averaged actor, with noise, and of the imitation. (B, A) each */
  readonly actor: Value;
  readonly imitation: Value;
  /** (B,) */
  readonly uniform: Value;
}

/** Averaged critics that choose the next action, and others that value it. */
export interface Targets {
  readonly choice: Valuing;
  readonly value: Valuing;
}

/** Squared errors against the value of the better proposal, mean over rows, sum over critics.   returns: () */
export function ibrlCriticLoss(
  critics: Valuing,
  { choice, value }: Targets,
  proposals: Proposals,
  inputs: TransitionValues,
  options: { readonly discount: number; readonly rewardScale: number; readonly softBeta: number | null },
): Value {
  const { observations, actions, nextObservations } = inputs;
  const { actor, imitation, uniform } = proposals;
  const [ofActor, ofImitation] = [actor, imitation].map((each) => lowest(choice(nextObservations, each)));
  const taken = prefersActor(ofActor, ofImitation, options.softBeta, uniform);
  const next = where(reshape(taken, [taken.shape[0], 1]), actor, imitation);
  const target = tdTarget(inputs, lowest(value(nextObservations, next)), options);
  return critics(observations, actions)
    .map((q) => mean(square(sub(q, target))))
    .reduce(add);
}

/** Minus the lowest value by all critics.   actions: of the actor, with noise, (B, A)   returns: () */
export const ibrlActorLoss = (critics: Valuing, observations: Value, actions: Value): Value =>
  neg(mean(lowest(critics(observations, actions))));
