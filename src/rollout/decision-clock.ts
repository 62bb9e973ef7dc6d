/** @file How long policies take to decide. */
import { quantile } from "../base/index.ts";
import type { Policy } from "./policy.ts";

export interface Latency {
  /** The most rows there were in one decision. */
  readonly batch_size: number;
  readonly decisions: number;
  /** Milliseconds from question to answer; where threads ask at the same time, waiting for each other included. */
  readonly median_ms: number;
  readonly p95_ms: number;
}

/** Counts the decisions of the policies it is put beside, and their time. */
export class DecisionClock {
  readonly #times: number[] = [];
  #batchSize = 0;

  /** The policy as it was, timed. */
  beside<Memory>(policy: Policy<Memory>): Policy<Memory> {
    return {
      nObsSteps: policy.nObsSteps,
      nActionSteps: policy.nActionSteps,
      decide: async (observations, episodes) => {
        const asked = performance.now();
        const decisions = await policy.decide(observations, episodes);
        this.#times.push(performance.now() - asked);
        this.#batchSize = Math.max(this.#batchSize, episodes.length);
        return decisions;
      },
    };
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
