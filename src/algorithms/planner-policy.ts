/**
 * @file A planner that acts in worlds.
 * Symbols: N rows, B rows of the compiled sampler, T_o observations a plan depends on, H horizon, T_a actions executed of
 * a plan, O observation size, A action size, S denoising steps, P parameters.
 */
import { UserError } from "../base/index.ts";
import { type DenoisingOptions, denoisingSteps } from "../diffusion/index.ts";
import { observationsOf, type Policy, type PolicyOutput, type Row } from "../rollout/index.ts";
import { type DeviceArray, flatten, layoutOf } from "../tensor/index.ts";
import { compileSampler, diffusionOf, type Planner, type SamplerOptions } from "./planner.ts";

/** How a plan came about. */
export interface DenoisingChain {
  /** From noise to the plan, normalised. (S + 1, H, A) */
  readonly plans: Float32Array;
  /** What they were conditioned on: the observations, normalised. (T_o O,) */
  readonly condition: Float32Array;
}

/** The trace of each chunk is its denoising chain. Holds device memory until disposed. */
export class PlannerPolicy implements Policy<undefined, DenoisingChain>, AsyncDisposable {
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

  /** batchSize: the most rows at once. Throws UserError for denoising options that the planner does not allow. */
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

  start(): undefined {}

  async act(
    rows: readonly Row[],
  ): Promise<PolicyOutput<undefined, DenoisingChain> & { readonly traces: readonly DenoisingChain[] }> {
    const { plan, steps, chunk, seen } = this.#sizes;
    const most = this.#batchSize;
    if (rows.length > most)
      throw new UserError(`This policy acts in at most ${most} environments at once, not in ${rows.length}.`);
    const observations = new Float32Array(most * seen);
    observations.set(observationsOf(rows));
    const start = new Float32Array(most * plan);
    const noise = new Float32Array(steps * most * plan);
    for (const [row, { episode }] of rows.entries()) {
      const { random } = episode;
      random.fillNormal(start.subarray(row * plan, (row + 1) * plan));
      for (let step = 0; step < steps; step++)
        random.fillNormal(noise.subarray((step * most + row) * plan, (step * most + row + 1) * plan));
    }
    const { theta } = this;
    const { actions, chain, condition } = await this.#sampler.run({ theta, observations, start, noise });
    const traces = rows.map((_, row) => {
      const plans = new Float32Array((steps + 1) * plan);
      for (let step = 0; step <= steps; step++)
        plans.set(chain.subarray((step * most + row) * plan, (step * most + row + 1) * plan), step * plan);
      return { plans, condition: condition.slice(row * seen, (row + 1) * seen) };
    });
    return { actions: actions.slice(0, rows.length * chunk), traces };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#sampler[Symbol.asyncDispose]();
  }
}
