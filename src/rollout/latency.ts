/** @file The time that policies take to act. */
import { quantile } from "../base/index.ts";
import type { Policy } from "./policy.ts";

export interface Latency {
  /** The most rows there were in one call. */
  readonly batch_size: number;

  readonly calls: number;
  /** Milliseconds of a call; where threads call at the same time, waiting for each other included. */
  readonly median_ms: number;
  readonly p95_ms: number;
}

/** Measures the calls of the policies it wraps. */
export class LatencyMeter {
  readonly #times: number[] = [];
  #batchSize = 0;

  /** The policy as it was, timed. */
  wrap<State, Trace>(policy: Policy<State, Trace>): Policy<State, Trace> {
    return {
      nObsSteps: policy.nObsSteps,
      nActionSteps: policy.nActionSteps,
      start: (episode) => policy.start(episode),
      act: async (rows) => {
        const called = performance.now();
        const output = await policy.act(rows);
        this.#times.push(performance.now() - called);
        this.#batchSize = Math.max(this.#batchSize, rows.length);
        return output;
      },
    };
  }

  /** Of all calls so far, of which there must be one. */
  latency(): Latency {
    return {
      batch_size: this.#batchSize,
      calls: this.#times.length,
      median_ms: quantile(this.#times, 0.5),
      p95_ms: quantile(this.#times, 0.95),
    };
  }
}
