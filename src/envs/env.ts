/** @file The contract of environments: Gymnasium's meaning, in typed arrays. */

import { type Closable, type Spaces, UserError } from "../base/index.ts";
import type { Image } from "./picture/render.ts";
import type { View } from "./picture/view.ts";

/** Constant facts about an environment. */
export interface EnvSpec {
  /** "metaworld/drawer-open" */
  readonly name: string;
  readonly spaces: Spaces;
  /** Steps after which an episode is truncated. */
  readonly maxSteps: number;
  /** Seconds of simulated time per step. */
  readonly controlPeriod: number;
}

/** Numbers worth drawing, by name. */
export type Info = Readonly<Record<string, number>>;

export interface ResetOptions {
  /** The numbers that place objects and goal, in the order the environment documents; drawn if absent. */
  readonly vector?: readonly number[];
  /** Number of one of the environment's goals; drawn if absent. */
  readonly goal?: number;
}

export interface Reset {
  /** (O,), one row of the observation space. A fresh array: keep it, change it. */
  readonly observation: Float64Array;
  readonly info: Info;
}

export interface Step {
  /** (O,), one row of the observation space. A fresh array: keep it, change it. */
  readonly observation: Float64Array;
  readonly reward: number;
  /** Solved at this instant; an episode succeeds if any of its steps did. */
  readonly success: boolean;
  /** Nothing follows: value targets end. */
  readonly terminated: boolean;
  /** Out of time: value targets bootstrap. */
  readonly truncated: boolean;
  /** Reason, in a sentence, if the simulation diverged; the step ends the episode and must not be learned from. */
  readonly fault?: string;
  readonly info: Info;
}

/** An environment with one task in it. Holds simulator memory until disposed: `using env = ...`. */
export interface Env extends Disposable {
  readonly spec: EnvSpec;
  /**
   * Starts an episode. With a seed, equal seeds and actions give equal episodes from here on; without one the
   * environment's own stream goes on.
   */
  reset(seed?: number, options?: ResetOptions): Reset;
  /** Advances one control period. `action`: (A,), a row of the action space, in [-1, 1]. Throws UserError if no episode is running. */
  step(action: ArrayLike<number>): Step;
  /**
   * Everything about the running episode and the stream that draws the next ones; `restore` continues both bit for
   * bit, in this environment or one like it. Throws UserError where that cannot be had.
   */
  save(): EnvState;
  restore(state: EnvState): void;
  /** A picture of the present moment. Absent: there are none. Throws UserError for a camera that is not there. */
  render?(options: RenderOptions): Image;
}

/** An environment as `makeEnv` hands it out. */
export type OpenEnv = Env & Closable;

export interface RenderOptions {
  /** A camera by name, or a view of one's own; the one from which the task is best seen if absent. */
  readonly camera?: string | View;
  /** Pixels. */
  readonly width?: number;
  readonly height?: number;
}

/** A running episode and the stream of later ones, put aside. Plain data, the kind of environment's own: it may cross threads. */
export interface EnvState {
  /** Of the task: "metaworld/drawer-open". */
  readonly name: string;
}

/** Throws UserError unless `action` is `size` numbers in [-1, 1]. */
export function checkAction(action: ArrayLike<number>, size: number): void {
  if (action.length !== size) throw new UserError(`An action has ${size} numbers, got ${action.length}.`);
  for (let i = 0; i < size; i++) {
    if (!(Math.abs(action[i]) <= 1)) {
      throw new UserError(`Actions lie in [-1, 1]; number ${i} is ${action[i]}. Clip them first.`);
    }
  }
}
