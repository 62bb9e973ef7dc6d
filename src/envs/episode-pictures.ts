/** @file The pictures of an episode. */
import { UserError } from "../base/index.ts";
import type { Env, RenderOptions } from "./env.ts";
import type { Image } from "./picture/render.ts";

export interface EpisodeOptions extends RenderOptions {
  /** The policy: from an observation, (O,), to an action, (A,). */
  readonly act: (observation: Float64Array) => ArrayLike<number>;
  readonly seed?: number;
  /** Control periods per picture. */
  readonly every?: number;
  /** Control periods after which the episode is broken off; the environment's own if absent. */
  readonly maxSteps?: number;
}

export interface EpisodePictures {
  readonly frames: readonly Image[];
  /** Seconds of simulated time per picture. */
  readonly period: number;
  readonly success: boolean;
  readonly steps: number;
  /** Of each step. */
  readonly rewards: readonly number[];
}

/** The pictures of an episode, until it is solved or ends. Throws UserError if the environment draws none. */
export function recordEpisode(env: Env, options: EpisodeOptions): EpisodePictures {
  const { act, seed = 0, every = 2, maxSteps = env.spec.maxSteps, ...view } = options;
  let { observation } = env.reset(seed);
  const frames = [pictureOf(env, view)];
  const rewards: number[] = [];
  for (let steps = 1; ; steps++) {
    const step = env.step(act(observation));
    observation = step.observation;
    rewards.push(step.reward);
    const over = step.success || step.terminated || step.truncated || steps >= maxSteps;
    if (over || steps % every === 0) frames.push(pictureOf(env, view));
    if (over)
      return { frames, period: every * env.spec.controlPeriod, success: step.success, steps, rewards };
  }
}

/** The present moment. Throws UserError if the environment draws no pictures. */
export function pictureOf(env: Env, options: RenderOptions = {}): Image {
  if (env.render !== undefined) return env.render(options);
  throw new UserError(`${env.spec.name} draws no pictures.`);
}
