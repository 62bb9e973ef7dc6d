/** @file How long a policy takes to decide. */
import type { Decisions, EpisodeRequest, Policy } from "./policy.ts";
import { quantile } from "./statistics.ts";

export interface Latency {
  /** The most rows there were in one decision. */
  readonly batch_size: number;
  readonly decisions: number;
  /** Milliseconds from question to answer; where threads ask at the same time, waiting for each other included. */
  readonly median_ms: number;
  readonly p95_ms: number;
}

/** A policy with a clock beside it. */
export class TimedPolicy<Memory> implements Policy<Memory> {
  readonly observationSteps: number;
  readonly actionSteps: number;
  readonly #policy: Policy<Memory>;
  readonly #times: number[] = [];
  #batchSize = 0;

  constructor(policy: Policy<Memory>) {
    this.observationSteps = policy.observationSteps;
    this.actionSteps = policy.actionSteps;
    this.#policy = policy;
  }

  async decide(observations: Float32Array, episodes: readonly EpisodeRequest[]): Promise<Decisions<Memory>> {
    const asked = performance.now();
    const decisions = await this.#policy.decide(observations, episodes);
    this.#times.push(performance.now() - asked);
    this.#batchSize = Math.max(this.#batchSize, episodes.length);
    return decisions;
  }

  /** Of all decisions so far, of which there must be one. */
  latency(): Latency {
    return {
      batch_size: this.#batchSize,
      decisions: this.#times.length,
      median_ms: quantile(this.#times, 0.5),
      p95_ms: quantile(this.#times, 0.95),
    };
  }
}
