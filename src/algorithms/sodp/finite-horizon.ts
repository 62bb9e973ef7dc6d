/**
 * @file Advantages in episodes of limited length that stop when the task is solved. What stopping there forfeits is counted
 * on: the largest reward so far, at every step that is left. Without that the chunk that solves a task is worth less than
 * one that hovers beside the goal.
 * Symbols: T_a actions of a chunk, L steps after which an episode is truncated, gamma discount per environment step,
 * F(m) worth of one reward per step over m steps.
 */
import { mean } from "../../base/index.ts";
import type { LearnerState, Metrics } from "../algorithm.ts";
import { generalizedAdvantages, standardized } from "./advantage.ts";
import type { AdvantageEstimator, EstimatorOptions, Iteration } from "./advantages.ts";
import { observationsBefore, type PlayedChunk } from "./chunks.ts";
import { compileFeatures, type Features } from "./features.ts";
import type { RewardBounds } from "./reward-bounds.ts";
import { RidgeCritic, type TimedState, worthOfSteps } from "./ridge-critic.ts";

/** An iteration's chunks with the states between them and what they led to. */
interface Path {
  /** Before each chunk. */
  readonly states: readonly TimedState[];
  /** Discounted rewards of each chunk. */
  readonly rewards: readonly number[];
  /** Value of the state after the last chunk. */
  readonly end: number;
  /** Discounted rewards from each chunk on, the end counted. */
  readonly returns: readonly number[];
  readonly solved: boolean;
}

/**
 * Generalised advantages against a ridge-regression critic of Monte-Carlo returns, over a finite horizon: at the limit
 * nothing follows. The critic learns an iteration's returns after its advantages: a baseline that has seen them would
 * take their signal away.
 */
export class FiniteHorizonEstimator implements AdvantageEstimator {
  readonly #options: EstimatorOptions;
  readonly #features: Features;
  readonly #critic: RidgeCritic;

  static async start(options: EstimatorOptions): Promise<FiniteHorizonEstimator> {
    return new FiniteHorizonEstimator(options, await compileFeatures(options.planner, options.device));
  }

  private constructor(options: EstimatorOptions, features: Features) {
    this.#options = options;
    this.#features = features;
    const { maxSteps, config } = options;
    this.#critic = new RidgeCritic({ featureSize: features.size, maxSteps, discount: config.discount });
  }

  async begin({ episodes, bounds }: Pick<Iteration, "episodes" | "bounds">): Promise<void> {
    this.#learn(await this.#paths(episodes, bounds));
  }

  async estimate({ episodes, bounds }: Pick<Iteration, "episodes" | "bounds">) {
    const { nActionSteps } = this.#options.planner.config;
    const { discount, gaeLambda } = this.#options.config;
    const paths = await this.#paths(episodes, bounds);
    const values = paths.map(({ states }) => this.#critic.values(states, bounds));
    const found = paths.flatMap(({ rewards, end }, i) => [
      ...generalizedAdvantages(rewards, [...values[i], end], discount ** nActionSteps, gaeLambda).advantages,
    ]);
    const advantages = standardized(found);
    const metrics = this.#metrics(paths, values, advantages, bounds);
    this.#learn(paths);
    return { advantages, metrics };
  }

  async state(): Promise<LearnerState> {
    return { tensors: this.#critic.tensors(), json: {} };
  }

  async restore({ tensors }: LearnerState): Promise<void> {
    this.#critic.restore(tensors);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#features[Symbol.asyncDispose]();
  }

  /** The paths of episodes that have a chunk. */
  async #paths(episodes: Iteration["episodes"], bounds: RewardBounds): Promise<Path[]> {
    const some = episodes.filter(({ length }) => length > 0);
    const steps = some.map((chunks) => [...chunks.map(({ step }) => step), chunks[chunks.length - 1].next]);
    const seen = await this.#features.of(
      some.flatMap(([{ episode }], i) => steps[i].map((step) => observationsBefore(episode, step, 1))),
    );
    let at = 0;
    return some.map((chunks, i) => {
      const states = steps[i].map((step) => ({ features: seen[at++], step }));
      return this.#path(chunks, states, bounds);
    });
  }

  /** states: before each chunk and after the last */
  #path(chunks: readonly PlayedChunk[], states: readonly TimedState[], bounds: RewardBounds): Path {
    const { discount } = this.#options.config;
    const perChunk = discount ** this.#options.planner.config.nActionSteps;
    const end = this.#endValue(chunks, states[chunks.length], bounds);
    const rewards = chunks.map(({ reward }) => reward);
    const returns: number[] = [];
    for (let i = chunks.length - 1, next = end; i >= 0; i--) {
      next = rewards[i] + perChunk * next;
      returns[i] = next;
    }
    return { states: states.slice(0, -1), rewards, end, returns, solved: isSolved(chunks) };
  }

  #endValue(chunks: readonly PlayedChunk[], after: TimedState, bounds: RewardBounds): number {
    const { maxSteps, planner, config } = this.#options;
    const { episode, step } = chunks[chunks.length - 1];
    if (isSolved(chunks)) {
      const left = maxSteps - step - planner.config.nActionSteps;
      return bounds.high * worthOfSteps(left, config.discount);
    }
    if (episode.terminated || episode.fault === undefined) return 0; // nothing follows, or time is out
    return this.#critic.values([after], bounds)[0];
  }

  #learn(paths: readonly Path[]): void {
    this.#critic.fit(
      paths.flatMap(({ states }) => states),
      paths.flatMap(({ returns }) => returns),
    );
  }

  #metrics(
    paths: readonly Path[],
    values: readonly Float64Array[],
    advantages: Float32Array,
    { high }: RewardBounds,
  ): Metrics {
    const flat = values.flatMap((own) => [...own]);
    const solving: number[] = [];
    let end = 0;
    for (const { states, solved } of paths) {
      end += states.length;
      if (solved) solving.push(advantages[end - 1]);
    }
    return {
      "critic/explained_variance": explainedVariance(
        paths.flatMap(({ returns }) => returns),
        flat,
      ),
      "critic/value_min": flat.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY),
      "critic/value_max": flat.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY),
      "critic/value_bound": high * worthOfSteps(this.#options.maxSteps, this.#options.config.discount),
      ...(solving.length > 0 && {
        "rollout/solving_advantage": mean(solving),
      }),
    };
  }
}

/** True if an episode's last step solved its task, and was not lost with the simulation. */
const isSolved = (chunks: readonly PlayedChunk[]): boolean => {
  const [{ episode }] = chunks;
  return episode.fault === undefined && episode.successes.at(-1) === 1;
};

/** Share of the returns' variance that the values explain; at most 1, below 0 where they are worse than the mean. */
export function explainedVariance(returns: readonly number[], values: readonly number[]): number {
  const variance = (numbers: readonly number[]) => {
    const center = mean(numbers);
    return mean(numbers.map((each) => (each - center) ** 2));
  };
  const all = variance(returns);
  return all === 0 ? 0 : 1 - variance(returns.map((each, i) => each - values[i])) / all;
}
