/**
 * @file All that an agent has lived through, in order of collection, from which its gradient steps draw transitions.
 * Symbols: B batch, A action size, S numbers that the networks see of an observation.
 */
import type { Random } from "../base/index.ts";
import type { Episode } from "../data/index.ts";
import type { ObservationEncoder } from "./observation-encoder.ts";

/** Transitions, one per row. */
export interface Transitions {
  /** (B, S) */
  readonly observations: Float32Array;
  /** (B, A) in [-1, 1] */
  readonly actions: Float32Array;
  /** (B,) */
  readonly rewards: Float32Array;
  /** (B, S) */
  readonly nextObservations: Float32Array;
  /** 0 where nothing follows, else 1: out of time is not the end. (B,) */
  readonly continues: Float32Array;
}

/** Nothing is ever dropped: an episode of 500 steps of Meta-World takes 90 kB. */
export class Replay {
  readonly episodes: Episode[] = [];
  readonly #encoder: ObservationEncoder;
  /** Transitions before each episode. */
  readonly #begins: number[] = [];
  #steps = 0;

  constructor(encoder: ObservationEncoder) {
    this.#encoder = encoder;
  }

  /** Transitions in all. */
  get steps(): number {
    return this.#steps;
  }

  /** Throws Error for an episode of a task that the encoder does not know. */
  add(episode: Episode): void {
    if (!this.#encoder.tasks.includes(episode.task))
      throw new Error(`A replay of other tasks than ${episode.task}.`);
    this.episodes.push(episode);
    this.#begins.push(this.#steps);
    this.#steps += episode.rewards.length;
  }

  /** A batch to be filled by `draw`. */
  emptyBatch(size: number, actionSize: number): Transitions {
    return {
      observations: new Float32Array(size * this.#encoder.size),
      actions: new Float32Array(size * actionSize),
      rewards: new Float32Array(size),
      nextObservations: new Float32Array(size * this.#encoder.size),
      continues: new Float32Array(size),
    };
  }

  /** Fills `batch` with transitions, each as likely as any other. There must be one. */
  draw(random: Random, batch: Transitions): void {
    const encoder = this.#encoder;
    const rows = batch.rewards.length;
    const actionSize = batch.actions.length / rows;
    for (let row = 0; row < rows; row++) {
      const pick = random.integer(this.#steps);
      const index = this.#episodeOf(pick);
      const { task, observations, finalObservation, actions, rewards, terminated } = this.episodes[index];
      const size = finalObservation.length;
      const step = pick - this.#begins[index];
      const last = step === rewards.length - 1;
      const next = last ? finalObservation : observations.subarray((step + 1) * size, (step + 2) * size);
      const number = encoder.tasks.indexOf(task);
      const offset = row * encoder.size;
      encoder.write(
        batch.observations,
        offset,
        observations.subarray(step * size, (step + 1) * size),
        number,
      );
      encoder.write(batch.nextObservations, offset, next, number);
      batch.actions.set(actions.subarray(step * actionSize, (step + 1) * actionSize), row * actionSize);
      batch.rewards[row] = rewards[step];
      batch.continues[row] = Number(!(last && terminated));
    }
  }

  /** The episode that transition `pick` is of: the last that begins at or before it. */
  #episodeOf(pick: number): number {
    let low = 0;
    let high = this.#begins.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.#begins[middle] <= pick) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
