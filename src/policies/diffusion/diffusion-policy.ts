/**
 * @file A planner that acts in environments.
 * Symbols: N rows, B rows of the compiled sampler, T_o observations an action sequence depends on, H horizon, T_a actions
 * executed of it, O observation size, A action size, S denoising steps, P parameters.
 */
import { UserError } from "../../base/index.ts";
import { type DenoisingOptions, denoisingSteps } from "../../diffusion/index.ts";
import { observationsOf, type Policy, type PolicyOutput, type Row } from "../../rollout/index.ts";
import type { DeviceArray } from "../../tensor/index.ts";
import { type Planner, thetaOf } from "./planner.ts";
import { diffusionOf, sizesOf } from "./planner-config.ts";
import { compileSampler, type SamplerOptions } from "./sampler.ts";

/** A prediction with all that led to it. */
export interface DenoisingChain {
  /** From noise to the predicted actions, normalized. (S + 1, H, A) */
  readonly samples: Float32Array;
  /** Observations as they were, so that learning from the chain reaches the encoders. (T_o, O) */
  readonly observations: Float32Array;
}

/** The trace of each chunk is its denoising chain. Holds device memory until disposed. */
export class DiffusionPolicy implements Policy<undefined, DenoisingChain>, AsyncDisposable {
  readonly nObsSteps: number;
  readonly nActionSteps: number;
  /** The parameters it acts with, (P,): set them to follow a training. */
  theta: Float32Array | DeviceArray;
  readonly #sampler: Awaited<ReturnType<typeof compileSampler>>;
  readonly #batchSize: number;
  readonly #sizes: {
    readonly sample: number;
    readonly steps: number;
    readonly chunk: number;
    readonly seen: number;
  };

  /** batchSize: the most rows at once. Throws UserError for denoising options that the planner does not allow. */
  static async compile(planner: Planner, options: SamplerOptions): Promise<DiffusionPolicy> {
    return new DiffusionPolicy(planner, await compileSampler(planner, options), options);
  }

  private constructor(
    planner: Planner,
    sampler: Awaited<ReturnType<typeof compileSampler>>,
    { batchSize, denoising }: { batchSize: number; denoising?: DenoisingOptions },
  ) {
    const { config } = planner;
    const { actionSize, sampleSize, seenSize } = sizesOf(config);
    this.nObsSteps = config.nObsSteps;
    this.nActionSteps = config.nActionSteps;
    this.theta = thetaOf(planner);
    this.#sampler = sampler;
    this.#batchSize = batchSize;
    this.#sizes = {
      sample: sampleSize,
      steps: denoisingSteps(diffusionOf(config), denoising).timesteps.length,
      chunk: config.nActionSteps * actionSize,
      seen: seenSize,
    };
  }

  start(): undefined {}

  async act(
    rows: readonly Row[],
  ): Promise<PolicyOutput<undefined, DenoisingChain> & { readonly traces: readonly DenoisingChain[] }> {
    const { sample, steps, chunk, seen } = this.#sizes;
    const most = this.#batchSize;
    if (rows.length > most)
      throw new UserError(`This policy acts in at most ${most} environments at once, not in ${rows.length}.`);
    const observations = new Float32Array(most * seen);
    observations.set(observationsOf(rows));
    const start = new Float32Array(most * sample);
    const noise = new Float32Array(steps * most * sample);
    for (const [row, { episode }] of rows.entries()) {
      const { random } = episode;
      random.fillNormal(start.subarray(row * sample, (row + 1) * sample));
      for (let step = 0; step < steps; step++)
        random.fillNormal(noise.subarray((step * most + row) * sample, (step * most + row + 1) * sample));
    }
    const { theta } = this;
    const { actions, chain } = await this.#sampler.run({ theta, observations, start, noise });
    const traces = rows.map((_, row) => {
      const samples = new Float32Array((steps + 1) * sample);
      for (let step = 0; step <= steps; step++)
        samples.set(
          chain.subarray((step * most + row) * sample, (step * most + row + 1) * sample),
          step * sample,
        );
      return { samples, observations: observations.slice(row * seen, (row + 1) * seen) };
    });
    return { actions: actions.slice(0, rows.length * chunk), traces };
  }

  /** The same as its disposal, for who has no `await using`. */
  close(): Promise<void> {
    return this[Symbol.asyncDispose]();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#sampler[Symbol.asyncDispose]();
  }
}
