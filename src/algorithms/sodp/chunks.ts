/**
 * @file Action chunks of played episodes, with what they earned.
 * Symbols: T_o observations an action sequence depends on, T_a actions of a chunk, O observation size.
 */
import type { DenoisingChain } from "../../policies/index.ts";
import type { PlayedEpisode } from "../../rollout/index.ts";

/** An action chunk, in the order they were executed. */
export interface Chunk {
  /** Discounted rewards of its own T_a actions. */
  readonly reward: number;
  /** Which chunk of its episode it is, from 0. */
  readonly index: number;
}

/** A chunk, and how it came about. */
export interface PlayedChunk extends Chunk {
  /** Steps of the episode at which it began, and at which the next one does. */
  readonly step: number;
  readonly next: number;
  readonly chain: DenoisingChain;
  readonly episode: PlayedEpisode<DenoisingChain>;
}

/** The chunks of an episode, but one that broke the simulation. */
export function chunksOf(
  episode: PlayedEpisode<DenoisingChain>,
  discount: number,
  nActionSteps: number,
): PlayedChunk[] {
  const chunks = episode.fault === undefined ? episode.chunks : episode.chunks.slice(0, -1);
  return chunks.map(({ step, executed, trace }, index) => {
    // Eq. 10's reward of a sequence. A chunk cut short by success counts as if its last reward had gone on.
    const own = Array.from(
      { length: nActionSteps },
      (_, i) => episode.rewards[step + Math.min(i, executed - 1)],
    );
    const reward = own.reduce((sum, each, i) => sum + discount ** i * each, 0);
    return { reward, index, step, next: step + executed, chain: trace, episode };
  });
}

/** The latest `count` observations before step `step`, oldest first, (count, O); the first repeats. */
export function observationsBefore(
  { observations, finalObservation }: PlayedEpisode<unknown>,
  step: number,
  count: number,
): Float32Array {
  const size = finalObservation.length;
  const state = new Float32Array(count * size);
  for (let i = 0; i < count; i++) {
    const at = Math.max(step - count + 1 + i, 0) * size;
    state.set(at < observations.length ? observations.subarray(at, at + size) : finalObservation, i * size);
  }
  return state;
}
