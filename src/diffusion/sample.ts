/**
 * @file From noise to samples: denoising steps, as one graph.
 * Symbols: K diffusion timesteps, S denoising steps; step j in [0, S) counts them as they run, the noisiest first;
 * B batch; abar the schedule's alphaBar, abar' that of the timestep a step leads to. A sample is (B, ...): of a planner
 * (B, H, A), horizon and action size.
 */
import { type Random, UserError } from "../base/index.ts";
import type { Condition } from "../nn/index.ts";
import {
  add,
  concat,
  constant,
  gather,
  loop,
  mul,
  reshape,
  type Shape,
  showShape,
  sizeOf,
  type Value,
} from "../tensor/index.ts";
import { cleanPrediction, type Denoise, type Diffusion, entryAt } from "./schedule.ts";

export interface DenoisingOptions {
  /** Denoising steps S, from 1 to K. Fewer than K skip timesteps evenly. Default: K. */
  readonly numInferenceSteps?: number | undefined;
  /** Share of the noise that a step takes away and then adds anew, in [0, 1]: 1 is DDPM, 0 is DDIM. Default: 1. */
  readonly eta?: number;
  /** Least standard deviation of the noise a step adds. DPPO explores with 0.1. Default: 0. */
  readonly minSamplingStd?: number;
  /** True: the last step adds noise, where `minSamplingStd` gives it any. Default: true. */
  readonly lastNoise?: boolean;
}

/**
 * The steps of a sampler, each a Gaussian with mean clean x0 + noisy x, where x0 is the clean sample that the network
 * predicts. The chain's log-probabilities are computed from the same object, hence with the same clip and the same noise.
 * Arrays: (S,), by step.
 */
export interface DenoisingSteps {
  readonly diffusion: Diffusion;
  /** Diffusion timestep of the samples that the step starts from. */
  readonly timesteps: Int32Array;
  readonly clean: Float64Array;
  readonly noisy: Float64Array;
  /** Standard deviation of the noise that the step adds. */
  readonly std: Float64Array;
}

/**
 * Throws UserError for more steps than timesteps, and for options out of range.
 * Source: Song et al. 2021, arXiv:2010.02502, eq. 12 and 16; over all timesteps with eta = 1 it is Ho et al. 2020,
 * arXiv:2006.11239, eq. 7. Where x0 is clipped, eps follows it. Timesteps: Lin et al. 2024, arXiv:2305.08891, "trailing",
 * so that sampling starts at pure noise. minSamplingStd is DPPO's (diffusion_vpg.py, 2ddf63b): it leaves the mean alone.
 */
export function denoisingSteps(
  diffusion: Diffusion,
  {
    numInferenceSteps: steps = diffusion.schedule.numTrainTimesteps,
    eta = 1,
    minSamplingStd = 0,
    lastNoise = true,
  }: DenoisingOptions = {},
): DenoisingSteps {
  const { numTrainTimesteps: most, alphaBar } = diffusion.schedule;
  if (steps > most)
    throw new UserError(
      `The planner was trained with ${most} denoising steps; sampling asked for ${steps}. Use at most ${most}.`,
    );
  if (!Number.isSafeInteger(steps) || steps < 1)
    throw new UserError(`Sampling takes a whole number of denoising steps, at least 1; got ${steps}.`);
  if (!(eta >= 0 && eta <= 1)) throw new UserError(`eta is in [0, 1], got ${eta}.`);
  if (!(minSamplingStd >= 0 && minSamplingStd < Number.POSITIVE_INFINITY))
    throw new UserError(`minSamplingStd is a standard deviation of at least 0, got ${minSamplingStd}.`);

  const timesteps = Int32Array.from(
    { length: steps },
    (_, j) => Math.round(((steps - j) * most) / steps) - 1,
  );
  const abar = Float64Array.from(timesteps, (timestep) => alphaBar[timestep]);
  const after = Float64Array.from(timesteps, (_, j) => (j + 1 < steps ? abar[j + 1] : 1)); // abar'
  const added = abar.map((a, j) => eta * Math.sqrt(((1 - after[j]) / (1 - a)) * (1 - a / after[j])));
  const noisy = abar.map((a, j) => Math.sqrt(Math.max(1 - after[j] - added[j] ** 2, 0) / (1 - a)));
  return {
    diffusion,
    timesteps,
    clean: abar.map((a, j) => Math.sqrt(after[j]) - noisy[j] * Math.sqrt(a)),
    noisy,
    std: added.map((std, j) => (j + 1 < steps || lastNoise ? Math.max(std, minSamplingStd) : 0)),
  };
}

/** Mean of what a step makes of `sample`, (B, ...).   step: int32 () or (B,)   returns: (B, ...) */
export function stepMean(
  { diffusion, timesteps, clean, noisy }: DenoisingSteps,
  denoise: Denoise,
  sample: Value,
  step: Value,
  condition: Condition,
): Value {
  const rank = sample.shape.length;
  const timestep = gather(constant(timesteps), step);
  const predicted = cleanPrediction(diffusion, sample, denoise(sample, timestep, condition), timestep);
  return add(mul(entryAt(clean, step, rank), predicted), mul(entryAt(noisy, step, rank), sample));
}

/** Inputs of a sampler beside the network. */
export interface SamplerInputs {
  readonly condition: Condition;
  /** Standard normal draws that the chain starts from. (B, ...) */
  readonly start: Value;
  /** Standard normal draws that the steps add. (S, B, ...); not needed where every std is 0. */
  readonly noise?: Value;
}

/** Samples from noise, (B, ...): all steps in one loop of the graph. */
export function sampleFromNoise(steps: DenoisingSteps, denoise: Denoise, inputs: SamplerInputs): Value {
  return run(steps, denoise, inputs, false).carry[0];
}

/**
 * The same samples with all that led to them.
 * chain: (S + 1, B, ...), chain[0] the start, chain[S] the samples   means: (S, B, ...), means[j] that of chain[j + 1]
 */
export function sampleChain(
  steps: DenoisingSteps,
  denoise: Denoise,
  inputs: SamplerInputs,
): { readonly chain: Value; readonly means: Value } {
  const [chain, means] = run(steps, denoise, inputs, true).records;
  const { start } = inputs;
  return { chain: concat([reshape(start, [1, ...start.shape]), chain], 0), means };
}

function run(
  steps: DenoisingSteps,
  denoise: Denoise,
  { condition, start, noise }: SamplerInputs,
  record: boolean,
): { readonly carry: readonly Value[]; readonly records: readonly Value[] } {
  const added = scaledNoise(steps, start.shape, noise);
  return loop(steps.timesteps.length, [start], (step, [sample]) => {
    const mean = stepMean(steps, denoise, sample, step, condition);
    const next = added === null ? mean : add(mean, gather(added, step));
    return { carry: [next], records: record ? [next, mean] : [] };
  });
}

/** The noise each step adds, scaled outside the loop; null if none does. returns: (S, B, ...) */
function scaledNoise({ std }: DenoisingSteps, sample: Shape, noise: Value | undefined): Value | null {
  if (std.every((each) => each === 0)) return null;
  const shape = [std.length, ...sample];
  if (noise === undefined)
    throw new UserError(`These denoising steps add noise: give the sampler its draws, ${showShape(shape)}.`);
  if (showShape(noise.shape) !== showShape(shape))
    throw new UserError(`The sampler's noise has shape ${showShape(shape)}, got ${showShape(noise.shape)}.`);
  return mul(noise, constant([...std], [std.length, ...sample.map(() => 1)]));
}

/** Standard normal draws, cut off at ±limit as DPPO does with 3. */
export function drawNoise(shape: Shape, random: Random, limit = Number.POSITIVE_INFINITY): Float32Array {
  const noise = random.fillNormal(new Float32Array(sizeOf(shape)));
  return noise.map((draw) => Math.min(Math.max(draw, -limit), limit));
}
