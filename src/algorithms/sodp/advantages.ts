/** @file Advantage estimators: what the reward of an action chunk is compared with, an entry each. */
import { z } from "zod";
import { parse, type Random } from "../../base/index.ts";
import type { Planner } from "../../policies/index.ts";
import type { Device } from "../../tensor/index.ts";
import type { LearnerState, Metrics } from "../algorithm.ts";
import {
  generalizedAdvantages,
  type RunningScale,
  scaled,
  standardized,
  standardizedByTime,
} from "./advantage.ts";
import { observationsBefore, type PlayedChunk } from "./chunks.ts";
import { Critic } from "./critic.ts";
import { FiniteHorizonEstimator } from "./finite-horizon.ts";

/** What estimators may be made of. */
export interface EstimatorOptions {
  readonly planner: Planner;
  /** Steps after which an episode is truncated. */
  readonly maxSteps: number;
  readonly config: {
    readonly discount: number;
    readonly gaeLambda: number;
    readonly criticLearningRate: number;
    readonly epochs: number;
  };
  /** Of the whole training. */
  readonly random: Random;
  readonly device: Device;
}

/** An iteration's chunks, by episode, and the scale of all chunk rewards seen so far, theirs included. */
export interface Iteration {
  readonly episodes: readonly (readonly PlayedChunk[])[];
  readonly scale: RunningScale;
  readonly random: Random;
}

/** Estimates the advantages of an iteration's chunks. Holds device memory until disposed. */
export interface AdvantageEstimator extends AsyncDisposable {
  /** Learns from the chunks of the first episodes, which the pre-trained planner played. */
  begin?(episodes: Iteration["episodes"]): Promise<void>;
  estimate(iteration: Iteration): Promise<Estimate>;
  state(): Promise<LearnerState>;
  restore(state: LearnerState): Promise<void>;
}

interface Estimate {
  /** Of all chunks, in the order of the episodes. (chunks,) */
  readonly advantages: Float32Array;
  readonly metrics?: Metrics;
}

interface EstimatorKind {
  /** In `--help`. */
  readonly summary: string;
  start(options: EstimatorOptions): Promise<AdvantageEstimator>;
}

export const advantages = {
  none: {
    summary: "none (paper, Eq. 10)",
    start: plain(({ chunks }) => Float32Array.from(rewardsOf(chunks))),
  },
  batch: { summary: "the batch (DDPO)", start: plain(({ chunks }) => standardized(rewardsOf(chunks))) },
  running: { summary: "all so far", start: plain(({ chunks, scale }) => scaled(rewardsOf(chunks), scale)) },
  "time-step": {
    summary: "chunks of the same time step",
    start: plain(({ chunks }) => standardizedByTime(chunks)),
  },
  gae: {
    summary: "a critic's values, where an episode that is solved goes on as the critic says (DPPO)",
    start: startGae,
  },
  "finite-horizon": {
    summary:
      "a ridge-regression critic's values, where an episode that is solved goes on with the largest reward so far, to its limit",
    start: (options) => FiniteHorizonEstimator.start(options),
  },
} as const satisfies Record<string, EstimatorKind>;
export type AdvantageName = keyof typeof advantages;

const rewardsOf = (chunks: readonly PlayedChunk[]) => chunks.map(({ reward }) => reward);

/** An estimator that remembers nothing. */
function plain(
  estimate: (iteration: {
    readonly chunks: readonly PlayedChunk[];
    readonly scale: RunningScale;
  }) => Float32Array,
): () => Promise<AdvantageEstimator> {
  return async () => ({
    estimate: async ({ episodes, scale }) => ({ advantages: estimate({ chunks: episodes.flat(), scale }) }),
    state: async () => ({ tensors: {}, json: { criticUpdates: 0 } }),
    async restore() {},
    async [Symbol.asyncDispose]() {},
  });
}

const GaeState = z.object({ criticUpdates: z.int() });

/**
 * Generalised advantages by a critic that learns the iteration's returns.
 * Source: DPPO: rewards over their running standard deviation, advantages standardised over the batch.
 */
async function startGae({ planner, config, random, device }: EstimatorOptions): Promise<AdvantageEstimator> {
  const { nObsSteps, nActionSteps } = planner.config;
  const { discount, gaeLambda, criticLearningRate: learningRate, epochs } = config;
  const critic = await Critic.create(planner, { learningRate, random: random.split("critic"), device });
  return {
    async estimate({ episodes, scale, random: own }) {
      const states: Float32Array[] = [];
      const found: number[] = [];
      const returns: number[] = [];
      for (const chunks of episodes.filter(({ length }) => length > 0)) {
        const [{ episode }] = chunks;
        const steps = [...chunks.map(({ step }) => step), chunks[chunks.length - 1].next];
        const seen = steps.map((step) => observationsBefore(episode, step, nObsSteps));
        const values = await critic.values(seen);
        if (episode.terminated) values[values.length - 1] = 0;
        const earned = scaled(rewardsOf(chunks), { ...scale, mean: 0 });
        const estimate = generalizedAdvantages(earned, values, discount ** nActionSteps, gaeLambda);
        states.push(...seen.slice(0, -1));
        found.push(...estimate.advantages);
        returns.push(...estimate.returns);
      }
      await critic.fit(states, Float32Array.from(returns), epochs, own);
      return { advantages: standardized(found) };
    },
    state: async () => ({ tensors: await critic.tensors(), json: { criticUpdates: critic.steps } }),
    async restore({ tensors, json }) {
      await critic.restore(tensors, parse(GaeState, json, "training state").criticUpdates);
    },
    [Symbol.asyncDispose]: () => critic[Symbol.asyncDispose](),
  };
}
