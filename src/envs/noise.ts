/** @file Noise: sub-optimal behavior of a chosen quality, made from a scripted policy's. */

import { type Random, UserError } from "../base/index.ts";
import type { Env } from "./env.ts";
import { type Mistake, playScripted, type ScriptedPolicy } from "./scripted-policy.ts";

/** Maps an observation, (O,), to an action, (A,) in [-1, 1]. May remember what it did before. */
export type Actor = (observation: ArrayLike<number>) => Float32Array;

/** Faults of a policy's actions, by kind; none where absent. */
export interface Noise {
  /** Standard deviation of what is added to each number of each action. */
  readonly gaussian?: number;
  /** Probability, at each step, of a random action instead of the policy's. */
  readonly random?: number;
  /** Probability, at each step, that one random action is held for `burstSteps` steps. */
  readonly bursts?: number;
  readonly burstSteps?: number;
  /** Added to each action, (A,). */
  readonly bias?: readonly number[];
  /** Probability, at each step, that it stops for the rest of the episode. */
  readonly stop?: number;
  /** Standard deviation, metres per axis, of where it believes the goal to be, all episode long. */
  readonly wrongGoal?: number;
  /** The same of the objects, for tasks whose policy never looks at the goal. */
  readonly wrongObject?: number;
}

/**
 * A noisy version of the policy, for one episode: make another for the next, with a stream of its own
 * (`random.split("episode 7")`). Equal streams and observations give equal actions; each kind of noise has its own
 * part of the stream, so a change of one leaves what the others draw. Throws UserError if the noise makes no sense.
 */
export function withNoise(policy: ScriptedPolicy, noise: Noise, random: Random): Actor {
  const size = policy.actionSize;
  checkNoise(noise, size);
  const { gaussian = 0, random: chance = 0, bursts = 0, burstSteps = 10, stop = 0 } = noise;
  const { bias = new Float32Array(size), wrongGoal = 0, wrongObject = 0 } = noise;
  const streams = {
    gaussian: random.split("gaussian"),
    random: random.split("random"),
    bursts: random.split("bursts"),
    stop: random.split("stop"),
  };
  const mistake: Mistake = {
    goal: displacement(wrongGoal, random.split("goal")),
    object: displacement(wrongObject, random.split("object")),
  };
  let burst: { readonly action: Float32Array; left: number } = { action: new Float32Array(size), left: 0 };
  let stopped = false;
  let last = new Float32Array(size);
  return (observation) => {
    const jitter = streams.gaussian.fillNormal(new Float64Array(size));
    const random = { drawn: streams.random.uniform(), action: anyAction(streams.random, size) };
    const bursting = { drawn: streams.bursts.uniform(), action: anyAction(streams.bursts, size) };
    stopped ||= streams.stop.uniform() < stop;
    if (stopped) return policy.rest?.(last) ?? new Float32Array(size);
    if (burst.left === 0 && bursting.drawn < bursts) burst = { action: bursting.action, left: burstSteps };
    const seen = policy.misread?.(observation, mistake) ?? observation;
    let action = random.drawn < chance ? random.action : policy.act(seen);
    if (burst.left > 0) {
      action = burst.action;
      burst.left--;
    }
    last = action.map((x, i) => Math.min(Math.max(x + bias[i] + gaussian * jitter[i], -1), 1));
    return last;
  };
}

/** A noise that was found, and the success rate it was found to give. */
export interface Calibration {
  /** 0 to 1. */
  readonly level: number;
  readonly noise: Noise;
  readonly success: number;
}

export interface CalibrationOptions {
  /** Goals and noise; equal streams give equal results. */
  readonly random: Random;
  /** Episodes per level that is tried, always with the same goals. */
  readonly episodes?: number;
  /** Levels that are tried. */
  readonly rounds?: number;
}

/**
 * The level of noise at which a policy succeeds about as often as `wanted` (0 to 1), by bisection.
 * noiseOf: the noise of a level in [0, 1], the worse the higher: `(level) => ({ gaussian: 3 * level })`
 */
export function calibrateNoise(
  env: Env,
  policy: ScriptedPolicy,
  noiseOf: (level: number) => Noise,
  wanted: number,
  { random, episodes = 20, rounds = 6 }: CalibrationOptions,
): Calibration {
  let [low, high] = [0, 1];
  let best: Calibration | undefined;
  for (let round = 0; round < rounds; round++) {
    const level = (low + high) / 2;
    const noise = noiseOf(level);
    const success = successRate(env, policy, noise, episodes, random);
    if (best === undefined || Math.abs(success - wanted) < Math.abs(best.success - wanted)) {
      best = { level, noise, success };
    }
    if (success > wanted) low = level;
    else high = level;
  }
  if (best !== undefined) return best;
  throw new UserError(`Calibration needs at least one round, got ${rounds}.`);
}

/** Success rate of a policy with noise, 0 to 1, over episodes whose goals and noise `random` draws. */
export function successRate(
  env: Env,
  policy: ScriptedPolicy,
  noise: Noise,
  episodes: number,
  random: Random,
): number {
  let successes = 0;
  for (let episode = 0; episode < episodes; episode++) {
    const own = random.split(`episode ${episode}`);
    const act = withNoise(policy, noise, own);
    const { success } = playScripted(env, { act }, { seed: own.split("reset").integer(2 ** 32) });
    successes += Number(success);
  }
  return successes / episodes;
}

function displacement(deviation: number, random: Random): Float64Array {
  return random.fillNormal(new Float64Array(3)).map((x) => deviation * x);
}

function anyAction(random: Random, size: number): Float32Array {
  return random.fillUniform(new Float32Array(size)).map((x) => 2 * x - 1);
}

function checkNoise(noise: Noise, actionSize: number): void {
  for (const name of ["random", "bursts", "stop"] as const) {
    const probability = noise[name] ?? 0;
    if (probability >= 0 && probability <= 1) continue;
    throw new UserError(`Noise "${name}" is a probability from 0 to 1, got ${probability}.`);
  }
  for (const name of ["gaussian", "wrongGoal", "wrongObject"] as const) {
    const deviation = noise[name] ?? 0;
    if (deviation >= 0 && deviation < Number.POSITIVE_INFINITY) continue;
    throw new UserError(`Noise "${name}" is a standard deviation from 0, got ${deviation}.`);
  }
  const { burstSteps = 1, bias } = noise;
  if (!Number.isInteger(burstSteps) || burstSteps < 1) {
    throw new UserError(`Noise "burstSteps" is a whole number from 1, got ${burstSteps}.`);
  }
  if (bias === undefined || (bias.length === actionSize && bias.every(Number.isFinite))) return;
  throw new UserError(`Noise "bias" is ${actionSize} finite numbers, got [${bias.join(", ")}].`);
}
