/** @file Scripted policies: the contract of those that act by rules, and episodes of them. */
import type { Env, ResetOptions } from "./env.ts";

/** Acts on single observations and remembers nothing. */
export interface ScriptedPolicy {
  readonly actionSize: number;
  /** observation: (O,)   returns: (A,) in [-1, 1] */
  act(observation: ArrayLike<number>): Float32Array;
  /** The observation as it would be if things were elsewhere, (O,). Absent: mistakes about places change nothing. */
  misread?(observation: ArrayLike<number>, mistake: Mistake): ArrayLike<number>;
  /** The action from which it stops for good, (A,); zeros if absent.   last: its last action */
  rest?(last: ArrayLike<number>): Float32Array;
  /** Standard deviation of a constant error of each number of an action at full strength, (A,); 0.7 each if absent. */
  readonly biasDeviation?: readonly number[];
}

/** By how much the goal, and the objects, are believed to be elsewhere: (3,) each, metres; in a plane the first two. */
export interface Mistake {
  readonly goal: Float64Array;
  readonly object: Float64Array;
}

/** Outcome of an episode. */
export interface Played {
  /** Sum of the rewards. */
  readonly total: number;
  readonly success: boolean;
  readonly steps: number;
  /** Reason, in a sentence, if the simulation diverged. */
  readonly fault?: string;
}

/** One episode of a scripted policy until it succeeds or ends. start: the seed, or what else `reset` is given */
export function playScripted(
  env: Env,
  policy: Pick<ScriptedPolicy, "act">,
  start: { readonly seed?: number } & ResetOptions,
): Played {
  const { seed, ...options } = start;
  let { observation } = env.reset(seed, options);
  let total = 0;
  for (let steps = 1; ; steps++) {
    const step = env.step(policy.act(observation));
    observation = step.observation;
    total += step.reward;
    if (!step.success && !step.terminated && !step.truncated) continue;
    const { success, fault } = step;
    return { total, success, steps, ...(fault !== undefined && { fault }) };
  }
}
