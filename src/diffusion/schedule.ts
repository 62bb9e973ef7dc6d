/**
 * @file How plans are noised, and how a denoiser learns to see the noise.
 * Symbols: K noise levels; i in [0, K) a level, 0 the cleanest (the paper's k = i + 1); B batch, H horizon, A action size;
 * x0 a clean plan, eps the noise in it, x = sqrt(abar_i) x0 + sqrt(1 - abar_i) eps the noised plan.
 */
import { lookup, UserError } from "../base/index.ts";
import { add, clip, constant, gather, mean, mul, reshape, square, sub, type Value } from "../tensor/index.ts";

/** How much noise each level holds. Arrays: (K,), by level. */
export interface Schedule {
  /** Noise levels, K. */
  readonly levels: number;
  /** Variance of the noise that level i adds to level i - 1. */
  readonly beta: Float64Array;
  /** Share of the clean plan in the variance of level i: the product of 1 - beta up to i. */
  readonly alphaBar: Float64Array;
}

export type ScheduleName = "cosine" | "linear";

const betas: Readonly<Record<ScheduleName, (i: number, levels: number) => number>> = {
  /** Source: Nichol and Dhariwal 2021, arXiv:2102.09672, eq. 17; beta at most 0.999. */
  cosine: (i, levels) => Math.min(1 - shareAt((i + 1) / levels) / shareAt(i / levels), 0.999),
  /** Source: Ho et al. 2020, arXiv:2006.11239. Made for K = 1000: the noisiest of few levels still shows the plan. */
  linear: (i, levels) => 1e-4 + (0.02 - 1e-4) * (levels === 1 ? 0 : i / (levels - 1)),
};

const shareAt = (u: number): number => Math.cos((((u + 0.008) / 1.008) * Math.PI) / 2) ** 2;

/** Throws UserError if `levels`, K, is no whole number from 1, or there is no such schedule. */
export function createSchedule(name: ScheduleName, levels: number): Schedule {
  if (!Number.isSafeInteger(levels) || levels < 1)
    throw new UserError(`A schedule has a whole number of noise levels, at least 1; got ${levels}.`);
  const betaAt = lookup(betas, name, "noise schedule");
  const beta = Float64Array.from({ length: levels }, (_, i) => betaAt(i, levels));
  let product = 1;
  return { levels, beta, alphaBar: beta.map((variance) => (product *= 1 - variance)) };
}

/**
 * A network's guess for noised plans.
 * plans: (B, H, A)   level: int32 in [0, K), one for all () or each its own (B,)   condition: (B, C)   returns: (B, H, A)
 */
export type Denoise = (plans: Value, level: Value, condition: Value) => Value;

/** A schedule, and what a network's guesses on it mean. */
export interface Diffusion {
  readonly schedule: Schedule;
  /** What the network guesses: the noise eps, or the clean plan x0. */
  readonly prediction: "noise" | "sample";
  /** The clean plan it amounts to is limited to [-clip, clip]; null leaves it free. */
  readonly clip: number | null;
}

/**
 * Mean squared error of the network's guesses at plans noised with `noise`.
 * plans, noise: (B, H, A)   level: int32 () or (B,)   condition: (B, C)   returns: ()
 * Source: Ho et al. 2020, arXiv:2006.11239, eq. 14. Padded steps count like others, as in CleanDiffuser (05f17fc).
 */
export function denoisingLoss(
  { schedule, prediction }: Diffusion,
  denoise: Denoise,
  plans: Value,
  noise: Value,
  level: Value,
  condition: Value,
): Value {
  const guess = denoise(addNoise(schedule, plans, noise, level), level, condition);
  return mean(square(sub(guess, prediction === "noise" ? noise : plans)));
}

/** x from x0 and eps.   plans, noise: (B, H, A)   level: int32 () or (B,)   returns: (B, H, A) */
export function addNoise({ alphaBar }: Schedule, plans: Value, noise: Value, level: Value): Value {
  return add(mul(at(alphaBar.map(Math.sqrt), level), plans), mul(at(alphaBar.map(noiseScale), level), noise));
}

/** x0 from x and eps.   plans, noise: (B, H, A)   level: int32 () or (B,)   returns: (B, H, A) */
export function removeNoise({ alphaBar }: Schedule, plans: Value, noise: Value, level: Value): Value {
  const rest = sub(plans, mul(at(alphaBar.map(noiseScale), level), noise));
  return mul(
    rest,
    at(
      alphaBar.map((share) => 1 / Math.sqrt(share)),
      level,
    ),
  );
}

/** eps from x and x0.   plans, clean: (B, H, A)   level: int32 () or (B,)   returns: (B, H, A) */
export function noiseBetween({ alphaBar }: Schedule, plans: Value, clean: Value, level: Value): Value {
  const rest = sub(plans, mul(at(alphaBar.map(Math.sqrt), level), clean));
  return mul(
    rest,
    at(
      alphaBar.map((share) => 1 / noiseScale(share)),
      level,
    ),
  );
}

/** The clean plans that a network's guess for `plans` amounts to, limited by the diffusion's clip. */
export function cleanGuess(diffusion: Diffusion, plans: Value, guess: Value, level: Value): Value {
  const { schedule, prediction, clip: limit } = diffusion;
  const clean = prediction === "sample" ? guess : removeNoise(schedule, plans, guess, level);
  return limit === null ? clean : clip(clean, -limit, limit);
}

const noiseScale = (alphaBar: number): number => Math.sqrt(1 - alphaBar);

/** Entries of a table, to be multiplied with plans.   index: int32 () or (B,)   returns: () or (B, 1, 1) */
export function at(table: Float64Array, index: Value): Value {
  const entries = gather(constant([...table]), index);
  return index.shape.length === 0 ? entries : reshape(entries, [...index.shape, 1, 1]);
}
