/** @file Advantage estimators: what the reward of an action chunk is compared with, an entry each. */
import { z } from "zod";
import { parse, type Random } from "../../base/index.ts";
import type { Planner } from "../../policies/index.ts";
import type { Device } from "../../tensor/index.ts";
import type { LearnerState, Metrics } from "../algorithm.ts";
import {
  emptyScale,
  generalizedAdvantages,
  grown,
  RunningScale,
  scaled,
  standardized,
  standardizedByTime,
} from "./advantage.ts";
import { observationsBefore, type PlayedChunk } from "./chunks.ts";
import { Critic } from "./critic.ts";
import { FiniteHorizonEstimator } from "./finite-horizon.ts";
import type { RewardBounds } from "./reward-bounds.ts";

/** Materials of an estimator. */
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
  /** Of all rewards seen so far, theirs included. */
  readonly bounds: RewardBounds;
  readonly random: Random;
}

/** Estimates the advantages of an iteration's chunks. Holds device memory until disposed. */
export interface AdvantageEstimator extends AsyncDisposable {
  /** Learns from the chunks of the first episodes, which the pre-trained planner played. */
  begin?(first: Pick<Iteration, "episodes" | "bounds">): Promise<void>;
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
    summary: "a critic's values, 0 after the end of an episode, whatever it is (DPPO)",
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

/** Per chunk, of the rewards' running sums by whose deviation they are scaled. */
const scalingDiscount = 0.99;
/** Scaled rewards are clipped to it. */
const rewardLimit = 10;

const GaeState = z.object({
  criticUpdates: z.int(),
  /** Absent in states of 0.1, which scaled rewards otherwise. */
  returnScale: RunningScale.default(emptyScale),
});

/**
 * Generalised advantages by a critic that learns the iteration's returns. Nothing follows an episode's end, whatever it is.
 * Source: DPPO train_ppo_diffusion_agent.py (irom-lab/dppo, 1aaa6c2, where time running out ends an episode like anything
 * else; at 7b10df6 the sum runs on into the next one), with the rewards of its util/reward_scaling.py: over the running
 * standard deviation of the discounted sum of an episode's rewards so far. Differs: rewards within a chunk are discounted;
 * the advantages are standardised over the iteration, not over each minibatch; the critic is fitted after them.
 */
async function startGae({ planner, config, random, device }: EstimatorOptions): Promise<AdvantageEstimator> {
  const { nObsSteps, nActionSteps } = planner.config;
  const { discount, gaeLambda, criticLearningRate: learningRate, epochs } = config;
  const critic = await Critic.create(planner, { learningRate, random: random.split("critic"), device });
  let returnScale = emptyScale;
  return {
    async estimate({ episodes, random: own }) {
      const states: Float32Array[] = [];
      const found: number[] = [];
      const returns: number[] = [];
      returnScale = grown(returnScale, episodes.flatMap(sumsSoFar));
      for (const chunks of episodes.filter(({ length }) => length > 0)) {
        const [{ episode }] = chunks;
        const steps = [...chunks.map(({ step }) => step), chunks[chunks.length - 1].next];
        const seen = steps.map((step) => observationsBefore(episode, step, nObsSteps));
        const values = await critic.values(seen);
        if (episode.fault === undefined) values[values.length - 1] = 0;
        const earned = scaled(rewardsOf(chunks), { ...returnScale, mean: 0 }).map((reward) =>
          Math.min(Math.max(reward, -rewardLimit), rewardLimit),
        );
        const estimate = generalizedAdvantages(earned, values, discount ** nActionSteps, gaeLambda);
        for (const state of seen.slice(0, -1)) states.push(state);
        for (const advantage of estimate.advantages) found.push(advantage);
        for (const value of estimate.returns) returns.push(value);
      }
      await critic.fit(states, Float32Array.from(returns), epochs, own);
      return { advantages: standardized(found) };
    },
    state: async () => ({
      tensors: await critic.tensors(),
      json: { criticUpdates: critic.steps, returnScale },
    }),
    async restore({ tensors, json }) {
      const state = parse(GaeState, json, "training state");
      await critic.restore(tensors, state.criticUpdates);
      returnScale = state.returnScale;
    },
    [Symbol.asyncDispose]: () => critic[Symbol.asyncDispose](),
  };
}

/** Discounted sums of an episode's rewards up to each chunk. */
function sumsSoFar(chunks: readonly PlayedChunk[]): number[] {
  let sum = 0;
  return chunks.map(({ reward }) => {
    sum = reward + scalingDiscount * sum;
    return sum;
  });
}
