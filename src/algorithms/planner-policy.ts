/**
 * @file A planner that acts in worlds.
 * Symbols: N rows, B rows of the compiled sampler, T_o observations a plan depends on, H horizon, T_a actions executed of
 * a plan, O observation size, A action size, S denoising steps, P parameters.
 */
import { UserError } from "../base/index.ts";
import { type DenoisingOptions, denoisingSteps } from "../diffusion/index.ts";
import type { Decisions, EpisodeRequest, Policy } from "../rollout/index.ts";
import { type DeviceArray, flatten, layoutOf } from "../tensor/index.ts";
import { compileSampler, diffusionOf, type Planner, type SamplerOptions } from "./planner.ts";

/** How a plan came about. */
export interface DenoisingChain {
  /** From noise to the plan, normalised. (S + 1, H, A) */
  readonly plans: Float32Array;
  /** What they were conditioned on: the observations, normalised. (T_o O,) */
  readonly condition: Float32Array;
}

/** Remembers of each decision its denoising chain. Holds device memory until disposed. */
export class PlannerPolicy implements Policy<DenoisingChain>, AsyncDisposable {
  readonly nObsSteps: number;
  readonly nActionSteps: number;
  /** The parameters it acts with, (P,): set them to follow a training. */
  theta: Float32Array | DeviceArray;
  readonly #sampler: Awaited<ReturnType<typeof compileSampler>>;
  readonly #batchSize: number;
  readonly #sizes: {
    readonly plan: number;
    readonly steps: number;
    readonly chunk: number;
    readonly seen: number;
  };

  /** batchSize: the most rows of a decision. Throws UserError for denoising options that the planner does not allow. */
  static async compile(planner: Planner, options: SamplerOptions): Promise<PlannerPolicy> {
    return new PlannerPolicy(planner, await compileSampler(planner, options), options);
  }

  private constructor(
    { config, network }: Planner,
    sampler: Awaited<ReturnType<typeof compileSampler>>,
    { batchSize, denoising }: { batchSize: number; denoising?: DenoisingOptions },
  ) {
    const { nObsSteps, nActionSteps, actionSize, horizon, observationSize } = config;
    this.nObsSteps = nObsSteps;
    this.nActionSteps = nActionSteps;
    const theta = new Float32Array(layoutOf(network).size);
    flatten(network, theta);
    this.theta = theta;
    this.#sampler = sampler;
    this.#batchSize = batchSize;
    this.#sizes = {
      plan: horizon * actionSize,
      steps: denoisingSteps(diffusionOf(config), denoising).levels.length,
      chunk: nActionSteps * actionSize,
      seen: nObsSteps * observationSize,
    };
  }

  async decide(
    observations: Float32Array,
    episodes: readonly EpisodeRequest[],
  ): Promise<Decisions<DenoisingChain>> {
    const { plan, steps, chunk, seen } = this.#sizes;
    const rows = this.#batchSize;
    if (episodes.length > rows)
      throw new UserError(
        `This policy decides in at most ${rows} worlds at once, not in ${episodes.length}.`,
      );
    const given = new Float32Array(rows * seen);
    given.set(observations);
    const start = new Float32Array(rows * plan);
    const noise = new Float32Array(steps * rows * plan);
    for (const [row, { random }] of episodes.entries()) {
      random.fillNormal(start.subarray(row * plan, (row + 1) * plan));
      for (let step = 0; step < steps; step++)
        random.fillNormal(noise.subarray((step * rows + row) * plan, (step * rows + row + 1) * plan));
    }
    const { actions, chain, condition } = await this.#sampler.run({
      theta: this.theta,
      observations: given,
      start,
      noise,
    });
    const memories = episodes.map((_, row) => {
      const plans = new Float32Array((steps + 1) * plan);
      for (let step = 0; step <= steps; step++)
        plans.set(chain.subarray((step * rows + row) * plan, (step * rows + row + 1) * plan), step * plan);
      return { plans, condition: condition.slice(row * seen, (row + 1) * seen) };
    });
    return { actions: actions.slice(0, episodes.length * chunk), memories };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#sampler[Symbol.asyncDispose]();
  }
}
