/**
 * @file How samples are noised, and how a denoiser learns to tell the noise.
 * Symbols: K diffusion timesteps; i in [0, K) a timestep, 0 the cleanest (the paper's k = i + 1); B batch; x0 a clean
 * sample, eps the noise in it, x = sqrt(abar_i) x0 + sqrt(1 - abar_i) eps the noisy sample. A sample is (B, ...): of a
 * planner (B, H, A), horizon and action size.
 */
import { lookup, UserError } from "../base/index.ts";
import type { Condition } from "../nn/index.ts";
import { add, clip, constant, gather, mean, mul, reshape, square, sub, type Value } from "../tensor/index.ts";

/** Amount of noise at each timestep. Arrays: (K,). */
export interface Schedule {
  /** Diffusion timesteps, K. */
  readonly numTrainTimesteps: number;
  /** Variance of the noise that timestep i adds to timestep i - 1. */
  readonly beta: Float64Array;
  /** Share of the clean sample in the variance at timestep i: the product of 1 - beta up to i. */
  readonly alphaBar: Float64Array;
}

export type ScheduleName = "cosine" | "linear" | "vp";

/** Every schedule: its beta at timestep i of `count`. */
const betas: Readonly<Record<ScheduleName, (i: number, count: number) => number>> = {
  /** Source: Nichol and Dhariwal 2021, arXiv:2102.09672, eq. 17; beta at most 0.999. */
  cosine: (i, count) => Math.min(1 - shareAt((i + 1) / count) / shareAt(i / count), 0.999),
  /** Source: Ho et al. 2020, arXiv:2006.11239. Made for K = 1000: the noisiest of few timesteps still shows the sample. */
  linear: (i, count) => 1e-4 + (0.02 - 1e-4) * (count === 1 ? 0 : i / (count - 1)),
  /**
   * Variance-preserving, for few timesteps: beta_t from 0.1 to 10 in a straight line of continuous time, cut into K.
   * Source: Xiao et al. 2022, arXiv:2112.07804, as in Diffusion-QL helpers.py (d871f5c), vp_beta_schedule.
   */
  vp: (i, count) => 1 - Math.exp(-0.1 / count - (4.95 * (2 * i + 1)) / count ** 2),
};
export const scheduleNames = Object.keys(betas) as ScheduleName[];

const shareAt = (u: number): number => Math.cos((((u + 0.008) / 1.008) * Math.PI) / 2) ** 2;

/** Throws UserError if K is no whole number from 1, or there is no such schedule. */
export function createSchedule(name: ScheduleName, numTrainTimesteps: number): Schedule {
  if (!Number.isSafeInteger(numTrainTimesteps) || numTrainTimesteps < 1)
    throw new UserError(
      `A schedule has a whole number of diffusion timesteps, at least 1; got ${numTrainTimesteps}.`,
    );
  const betaAt = lookup(betas, name, "noise schedule");
  const beta = Float64Array.from({ length: numTrainTimesteps }, (_, i) => betaAt(i, numTrainTimesteps));
  let product = 1;
  return { numTrainTimesteps, beta, alphaBar: beta.map((variance) => (product *= 1 - variance)) };
}

/**
 * A network's prediction for noisy samples.
 * sample: (B, ...)   timestep: int32 in [0, K), one for all () or each its own (B,)   returns: (B, ...)
 */
export type Denoise = (sample: Value, timestep: Value, condition: Condition) => Value;

/** Target of a network: the noise eps, the clean sample x0, or the velocity v of `velocityOf`. */
export type Prediction = "noise" | "sample" | "velocity";

interface Parameterization {
  /** Target of the loss. */
  target(schedule: Schedule, clean: Value, noise: Value, timestep: Value): Value;
  /** The clean sample that a prediction for a noisy one amounts to. */
  clean(schedule: Schedule, sample: Value, predicted: Value, timestep: Value): Value;
}
const parameterizations: Readonly<Record<Prediction, Parameterization>> = {
  noise: { target: (_, __, noise) => noise, clean: removeNoise },
  sample: { target: (_, clean) => clean, clean: (_, __, predicted) => predicted },
  velocity: { target: velocityOf, clean: removeVelocity },
};
export const predictionNames = Object.keys(parameterizations) as Prediction[];

/** A schedule, and what a network's predictions on it mean. */
export interface Diffusion {
  readonly schedule: Schedule;
  readonly prediction: Prediction;
  /** Limit of the clean sample that a prediction amounts to, [-limit, limit]; null leaves it free. */
  readonly clipSampleRange: number | null;
}

/** Samples that a denoiser learns from, with the noise that is put into them. */
export interface DenoisingExample {
  /** Clean samples. (B, ...) */
  readonly clean: Value;
  /** Standard normal draws. (B, ...) */
  readonly noise: Value;
  /** int32 in [0, K): () or (B,) */
  readonly timestep: Value;
  readonly condition: Condition;
}

/**
 * Mean squared error of the network's predictions for samples with noise added. returns: ()
 * Source: Ho et al. 2020, arXiv:2006.11239, eq. 14. Padded steps count like others, as in CleanDiffuser (05f17fc).
 */
export function denoisingLoss(
  { schedule, prediction }: Diffusion,
  denoise: Denoise,
  { clean, noise, timestep, condition }: DenoisingExample,
): Value {
  const predicted = denoise(addNoise(schedule, clean, noise, timestep), timestep, condition);
  const target = parameterizations[prediction].target(schedule, clean, noise, timestep);
  return mean(square(sub(predicted, target)));
}

/** x from x0 and eps.   clean, noise: (B, ...)   timestep: int32 () or (B,)   returns: (B, ...) */
export function addNoise({ alphaBar }: Schedule, clean: Value, noise: Value, timestep: Value): Value {
  const rank = clean.shape.length;
  return add(
    mul(entryAt(alphaBar.map(Math.sqrt), timestep, rank), clean),
    mul(entryAt(alphaBar.map(noiseScale), timestep, rank), noise),
  );
}

/** x0 from x and eps.   sample, noise: (B, ...)   timestep: int32 () or (B,)   returns: (B, ...) */
export function removeNoise({ alphaBar }: Schedule, sample: Value, noise: Value, timestep: Value): Value {
  const rank = sample.shape.length;
  const rest = sub(sample, mul(entryAt(alphaBar.map(noiseScale), timestep, rank), noise));
  const scale = alphaBar.map((share) => 1 / Math.sqrt(share));
  return mul(rest, entryAt(scale, timestep, rank));
}

/**
 * v = sqrt(abar) eps - sqrt(1 - abar) x0. Its squared error is that of eps and that of x0 added up, at every timestep.
 * clean, noise: (B, ...)   timestep: int32 () or (B,)   returns: (B, ...)
 * Source: Salimans and Ho 2022, arXiv:2202.00512, section 4.
 */
export function velocityOf({ alphaBar }: Schedule, clean: Value, noise: Value, timestep: Value): Value {
  const rank = clean.shape.length;
  return sub(
    mul(entryAt(alphaBar.map(Math.sqrt), timestep, rank), noise),
    mul(entryAt(alphaBar.map(noiseScale), timestep, rank), clean),
  );
}

/** x0 from x and v.   sample, velocity: (B, ...)   timestep: int32 () or (B,)   returns: (B, ...) */
function removeVelocity({ alphaBar }: Schedule, sample: Value, velocity: Value, timestep: Value): Value {
  const rank = sample.shape.length;
  return sub(
    mul(entryAt(alphaBar.map(Math.sqrt), timestep, rank), sample),
    mul(entryAt(alphaBar.map(noiseScale), timestep, rank), velocity),
  );
}

/** eps from x and x0.   sample, clean: (B, ...)   timestep: int32 () or (B,)   returns: (B, ...) */
export function noiseBetween({ alphaBar }: Schedule, sample: Value, clean: Value, timestep: Value): Value {
  const rank = sample.shape.length;
  const rest = sub(sample, mul(entryAt(alphaBar.map(Math.sqrt), timestep, rank), clean));
  const scale = alphaBar.map((share) => 1 / noiseScale(share));
  return mul(rest, entryAt(scale, timestep, rank));
}

/** The clean samples that a network's prediction for `sample` amounts to, limited to the diffusion's range. */
export function cleanPrediction(
  { schedule, prediction, clipSampleRange: limit }: Diffusion,
  sample: Value,
  predicted: Value,
  timestep: Value,
): Value {
  const clean = parameterizations[prediction].clean(schedule, sample, predicted, timestep);
  return limit === null ? clean : clip(clean, -limit, limit);
}

const noiseScale = (alphaBar: number): number => Math.sqrt(1 - alphaBar);

/** Entries of a table, to be multiplied with samples of `rank` axes.   index: int32 () or (B,)   returns: () or (B, 1, ...) */
export function entryAt(table: Float64Array, index: Value, rank: number): Value {
  const entries = gather(constant([...table]), index);
  if (index.shape.length === 0) return entries;
  return reshape(entries, [...index.shape, ...new Array<number>(rank - 1).fill(1)]);
}
