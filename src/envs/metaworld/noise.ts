/** @file Makes sub-optimal behaviour of a chosen quality from an expert's. */

import { type Random, UserError } from "../../base/index.ts";
import type { MetaworldEnv } from "./environment.ts";
import { act, type Expert } from "./expert.ts";

/** Maps an observation, (39,), to an action, (4,) in [-1, 1]. */
export type Actor = (observation: ArrayLike<number>) => Float32Array;

/** What is wrong with an actor. All that is absent is right. */
export interface Noise {
  /** Standard deviation of what is added to each number of each action. */
  readonly gaussian?: number;
  /** Probability, at each step, of a random action instead of the actor's. */
  readonly random?: number;
  /** Probability, at each step, that one random action is held for `burstSteps` steps. */
  readonly bursts?: number;
  readonly burstSteps?: number;
  /** Added to each action, (4,). */
  readonly bias?: readonly number[];
  /** Probability, at each step, that the arm stops for the rest of the episode; the fingers stay as they are. */
  readonly stop?: number;
  /** Standard deviation, metres per axis, of where the actor believes the goal to be, all episode long. */
  readonly wrongGoal?: number;
  /** The same of the objects, for tasks whose expert never looks at the goal. */
  readonly wrongObject?: number;
}

/**
 * The actor with something wrong, for one episode: make another for the next, with a stream of its own
 * (`random.split("episode 7")`). Equal streams and observations give equal actions; each kind of noise has its own
 * part of the stream, so a change of one leaves what the others draw. Throws UserError if the noise makes no sense.
 */
export function withNoise(actor: Actor, noise: Noise, random: Random): Actor {
  checkNoise(noise);
  const { gaussian = 0, random: chance = 0, bursts = 0, burstSteps = 10, stop = 0 } = noise;
  const { bias = [0, 0, 0, 0], wrongGoal = 0, wrongObject = 0 } = noise;
  const streams = {
    gaussian: random.split("gaussian"),
    random: random.split("random"),
    bursts: random.split("bursts"),
    stop: random.split("stop"),
  };
  const goal = displacement(wrongGoal, random.split("goal"));
  const object = displacement(wrongObject, random.split("object"));
  let burst: { readonly action: Float32Array; left: number } = { action: new Float32Array(4), left: 0 };
  let stopped = false;
  let grip = 0;
  return (observation) => {
    const jitter = streams.gaussian.fillNormal(new Float64Array(4));
    const random = { drawn: streams.random.uniform(), action: anyAction(streams.random) };
    const bursting = { drawn: streams.bursts.uniform(), action: anyAction(streams.bursts) };
    stopped ||= streams.stop.uniform() < stop;
    if (stopped) return Float32Array.of(0, 0, 0, grip);
    if (burst.left === 0 && bursting.drawn < bursts) burst = { action: bursting.action, left: burstSteps };
    let action = random.drawn < chance ? random.action : actor(misled(observation, goal, object));
    if (burst.left > 0) {
      action = burst.action;
      burst.left--;
    }
    const spoilt = action.map((x, i) => Math.min(Math.max(x + bias[i] + gaussian * jitter[i], -1), 1));
    grip = spoilt[3];
    return spoilt;
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
 * The level of noise at which an expert succeeds about as often as `wanted` (0 to 1), by bisection.
 * family: the noise of a level in [0, 1], the worse the higher: `(level) => ({ gaussian: 3 * level })`
 */
export function calibrateNoise(
  env: MetaworldEnv,
  expert: Expert,
  family: (level: number) => Noise,
  wanted: number,
  { random, episodes = 20, rounds = 6 }: CalibrationOptions,
): Calibration {
  let [low, high] = [0, 1];
  let best: Calibration | undefined;
  for (let round = 0; round < rounds; round++) {
    const level = (low + high) / 2;
    const noise = family(level);
    const success = successRate(env, expert, noise, episodes, random);
    if (best === undefined || Math.abs(success - wanted) < Math.abs(best.success - wanted)) {
      best = { level, noise, success };
    }
    if (success > wanted) low = level;
    else high = level;
  }
  if (best !== undefined) return best;
  throw new UserError(`Calibration needs at least one round, got ${rounds}.`);
}

/** How often an expert with noise succeeds, 0 to 1, over episodes whose goals and noise `random` draws. */
export function successRate(
  env: MetaworldEnv,
  expert: Expert,
  noise: Noise,
  episodes: number,
  random: Random,
): number {
  let successes = 0;
  for (let episode = 0; episode < episodes; episode++) {
    const own = random.split(`episode ${episode}`);
    const actor = withNoise((observation) => act(expert, observation), noise, own);
    let { observation } = env.reset(own.split("reset").integer(2 ** 32));
    for (let over = false; !over; ) {
      const step = env.step(actor(observation));
      observation = step.observation;
      successes += Number(step.success);
      over = step.success || step.terminated || step.truncated;
    }
  }
  return successes / episodes;
}

/** Numbers of an observation: the goal's place is its last three, the objects' begin here. */
const objectPlaces = [4, 11];

/** An observation with goal and objects elsewhere. */
function misled(observation: ArrayLike<number>, goal: Float64Array, object: Float64Array): ArrayLike<number> {
  const seen = Float64Array.from(observation);
  for (let axis = 0; axis < 3; axis++) {
    seen[seen.length - 3 + axis] += goal[axis];
    for (const place of objectPlaces) seen[place + axis] += object[axis];
  }
  return seen;
}

function displacement(deviation: number, random: Random): Float64Array {
  return random.fillNormal(new Float64Array(3)).map((x) => deviation * x);
}

function anyAction(random: Random): Float32Array {
  return random.fillUniform(new Float32Array(4)).map((x) => 2 * x - 1);
}

function checkNoise(noise: Noise): void {
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
  const { burstSteps = 1, bias = [0, 0, 0, 0] } = noise;
  if (!Number.isInteger(burstSteps) || burstSteps < 1) {
    throw new UserError(`Noise "burstSteps" is a whole number from 1, got ${burstSteps}.`);
  }
  if (bias.length !== 4 || !bias.every(Number.isFinite)) {
    throw new UserError(`Noise "bias" is 4 finite numbers, got [${bias.join(", ")}].`);
  }
}
