/**
 * @file The contract of groups: environments of one task that are stepped together, wherever they run.
 * Symbols: n environments of a call, T actions of a chunk, t of them carried out, O observation size, A action size.
 */
import type { EnvSpec } from "./env.ts";

/** Its environments are numbered from 0. One call at a time. */
export interface EnvGroup {
  /** Of each of its environments. */
  readonly spec: EnvSpec;
  readonly numEnvs: number;
  /** Starts episodes, one of each of `envs`. Returns their first observations, (n, O). */
  reset(envs: readonly number[], seeds: readonly number[]): Promise<Float32Array>;
  /**
   * Plays up to T actions in each of `envs`, with the bits of single steps; an environment stops early at its episode's
   * end. Returns what each did, in that order.
   * actions: (n, T, A) in [-1, 1]
   */
  play(
    envs: readonly number[],
    actions: Float32Array,
    options?: GroupPlayOptions,
  ): Promise<readonly PlayedChunk[]>;
}

export interface GroupPlayOptions {
  /** An environment also stops after the step that solves its task; its episode can go on. False if absent. */
  readonly stopAtSuccess?: boolean;
}

/** Steps of one environment in a chunk of T actions: t of them were carried out, 1 <= t <= T. */
export interface PlayedChunk {
  /** Observation after each action, (t, O). */
  readonly observations: Float32Array;
  /** (t,) */
  readonly rewards: Float32Array;
  /** 1 where the task was solved after the action, else 0. (t,) */
  readonly successes: Uint8Array;
  /** State of the episode after the last of the t steps. */
  readonly ending: "running" | "terminated" | "truncated";
  /** Reason, in a sentence, if the simulation diverged or its thread died: the last step must not be learned from. */
  readonly fault?: string;
}
