/**
 * @file Transitions as an agent's networks see them.
 * Symbols: B batch, O observation size, A action size, S numbers that the networks see of an observation.
 */
import { type Random, requireRoom } from "../../base/index.ts";
import type { Batch, Sampler } from "../../data/index.ts";
import type { transitionColumns } from "../transition-columns.ts";
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

/** A batch of transitions that is filled again and again. */
export class TransitionBatch {
  readonly transitions: Transitions;
  readonly #sampler: Sampler<typeof transitionColumns>;
  readonly #encoder: ObservationEncoder;
  readonly #raw: Batch<typeof transitionColumns>;

  /** size: B. The sampler's tasks are those of the encoder, in the same order. */
  constructor(sampler: Sampler<typeof transitionColumns>, encoder: ObservationEncoder, size: number) {
    this.#sampler = sampler;
    this.#encoder = encoder;
    this.#raw = sampler.emptyBatch(size);
    requireRoom("A batch's observations", 4 * size * encoder.size);
    this.transitions = {
      observations: new Float32Array(size * encoder.size),
      actions: this.#raw.action,
      rewards: this.#raw.reward,
      nextObservations: new Float32Array(size * encoder.size),
      continues: new Float32Array(size),
    };
  }

  /** Draws transitions, each as likely as any other. Throws UserError if there is none. */
  async draw(random: Random): Promise<Transitions> {
    const { observation, terminated, task } = this.#raw;
    await this.#sampler.sample(random, this.#raw);
    const { observations, nextObservations, continues } = this.transitions;
    const rows = continues.length;
    const size = observation.length / rows / 2;
    const encoder = this.#encoder;
    for (let row = 0; row < rows; row++) {
      const [now, next, end] = [0, 1, 2].map((step) => (2 * row + step) * size);
      encoder.write(observations, row * encoder.size, observation.subarray(now, next), task[row]);
      encoder.write(nextObservations, row * encoder.size, observation.subarray(next, end), task[row]);
      continues[row] = 1 - terminated[row];
    }
    return this.transitions;
  }
}
