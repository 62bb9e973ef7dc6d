/**
 * @file What acts in environments. A policy knows nothing of environments, an environment nothing of policies.
 * Symbols: N rows, T_o observations an action chunk depends on, T_a actions of a chunk, O observation size, A action size.
 */
import type { Random } from "../base/index.ts";

/** An episode to be played. */
export interface EpisodeRequest {
  /** Seed of the environment's reset. */
  readonly seed: number;
  /** The episode's own stream: its draws are the same whoever plays beside it. */
  readonly random: Random;
}

/** One running episode, when its next action chunk is due. */
export interface Row<State = undefined> {
  readonly episode: EpisodeRequest;
  /** The latest observations, raw, oldest first; before there are so many, the first repeats. (T_o, O) */
  readonly observations: Float32Array;
  /** Outcome of the last chunk; absent at an episode's start. */
  readonly feedback?: Feedback;
  /** The policy's own, as its last `act` returned it for this episode, or `start` did. */
  readonly state: State;
}

/** Actions that were executed, and what they earned. */
export interface Feedback {
  /** (executed, A), clipped to [-1, 1] */
  readonly actions: Float32Array;
  /** (executed,) */
  readonly rewards: Float32Array;
}

/**
 * A map from rows to action chunks. All that it remembers of an episode is that row's state, so rows may come and go in
 * any order.
 * State: of an episode under way   Trace: what is kept of each chunk, for learning
 */
export interface Policy<State = undefined, Trace = undefined> {
  /** T_o */
  readonly nObsSteps: number;
  /** T_a */
  readonly nActionSteps: number;
  /** The state of an episode that begins. */
  start(episode: EpisodeRequest): State;
  /** The next action chunk of every row. */
  act(rows: readonly Row<State>[]): Promise<PolicyOutput<State, Trace>>;
}

export interface PolicyOutput<State, Trace> {
  /** (N, T_a, A). What lies outside [-1, 1] is clipped when it is executed. */
  readonly actions: Float32Array;
  /** The new state of each row, (N,). Absent: all stay as they were. */
  readonly states?: readonly State[];
  /** Trace of each row's chunk, (N,). Absent: none is kept. */
  readonly traces?: readonly Trace[];
}

/** The observations of all rows, (N, T_o, O). */
export function observationsOf(rows: readonly Row<unknown>[]): Float32Array {
  const size = rows[0]?.observations.length ?? 0;
  const all = new Float32Array(rows.length * size);
  for (const [row, { observations }] of rows.entries()) all.set(observations, row * size);
  return all;
}
