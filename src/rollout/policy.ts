/**
 * @file What acts in worlds. A policy knows nothing of worlds, a world nothing of policies.
 * Symbols: N rows, T_o observations a decision is made on, T_a actions it consists of, O observation size, A action size.
 */
import type { Random } from "../base/index.ts";

/** An episode to be played. */
export interface EpisodeRequest {
  /** What the world is reset with. */
  readonly seed: number;
  /** The episode's own stream: its draws are the same whoever plays beside it. */
  readonly random: Random;
}

export interface Policy<Memory = undefined> {
  /** T_o */
  readonly nObsSteps: number;
  /** T_a */
  readonly nActionSteps: number;
  /**
   * Decides in every row at once.
   * observations: (N, T_o, O), raw, oldest first; before there are so many, the first repeats
   * episodes: whose they are, (N,)
   */
  decide(observations: Float32Array, episodes: readonly EpisodeRequest[]): Promise<Decisions<Memory>>;
}

export interface Decisions<Memory> {
  /** (N, T_a, A). What lies outside [-1, 1] is clipped when it is executed. */
  readonly actions: Float32Array;
  /** What the policy wants to remember of each row's decision. */
  readonly memories: readonly Memory[];
}
