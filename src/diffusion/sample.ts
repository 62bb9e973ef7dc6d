/**
 * @file From noise to plans: denoising steps, as one graph.
 * Symbols: K noise levels, S denoising steps; round j in [0, S) counts the steps as they run, the noisiest first;
 * B batch, H horizon, A action size; abar the schedule's alphaBar, abar' that of the level a step leads to.
 */
import { type Random, UserError } from "../base/index.ts";
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
import { cleanGuess, type Denoise, type Diffusion, entryAt } from "./schedule.ts";

export interface DenoisingOptions {
  /** Steps S, from 1 to K. Fewer than K skip levels evenly. Default: K. */
  readonly steps?: number | undefined;
  /** Share of the noise that a step takes away and then adds anew, in [0, 1]: 1 is DDPM, 0 is DDIM. Default: 1. */
  readonly eta?: number;
  /** Least standard deviation of the noise a step adds. DPPO explores with 0.1. Default: 0. */
  readonly floor?: number;
  /** Whether the last step adds noise, where `floor` gives it any. Default: true. */
  readonly lastNoise?: boolean;
}

/**
 * The steps of a sampler, each a Gaussian with mean clean x0 + noisy x, where x0 is the network's guess at the clean
 * plans. The chain's log-probabilities are computed from the same object, hence with the same clip and the same floor.
 * Arrays: (S,), by round.
 */
export interface DenoisingSteps {
  readonly diffusion: Diffusion;
  /** Noise level of the plans that the step starts from. */
  readonly levels: Int32Array;
  readonly clean: Float64Array;
  readonly noisy: Float64Array;
  /** Standard deviation of the noise that the step adds. */
  readonly std: Float64Array;
}

/**
 * Throws UserError for more steps than levels, and for options out of range.
 * Source: Song et al. 2021, arXiv:2010.02502, eq. 12 and 16; over all levels with eta = 1 it is Ho et al. 2020,
 * arXiv:2006.11239, eq. 7. Where x0 is clipped, eps follows it. Levels: Lin et al. 2024, arXiv:2305.08891, "trailing", so
 * that sampling starts at pure noise. The floor is DPPO's (diffusion_vpg.py, 2ddf63b): it leaves the mean alone.
 */
export function denoisingSteps(
  diffusion: Diffusion,
  { steps = diffusion.schedule.levels, eta = 1, floor = 0, lastNoise = true }: DenoisingOptions = {},
): DenoisingSteps {
  const { levels: most, alphaBar } = diffusion.schedule;
  if (steps > most)
    throw new UserError(
      `The planner was trained with ${most} denoising steps; sampling asked for ${steps}. Use at most ${most}.`,
    );
  if (!Number.isSafeInteger(steps) || steps < 1)
    throw new UserError(`Sampling takes a whole number of denoising steps, at least 1; got ${steps}.`);
  if (!(eta >= 0 && eta <= 1)) throw new UserError(`eta is in [0, 1], got ${eta}.`);
  if (!(floor >= 0 && floor < Number.POSITIVE_INFINITY))
    throw new UserError(`The noise floor is a standard deviation of at least 0, got ${floor}.`);

  const levels = Int32Array.from({ length: steps }, (_, j) => Math.round(((steps - j) * most) / steps) - 1);
  const abar = Float64Array.from(levels, (level) => alphaBar[level]);
  const after = Float64Array.from(levels, (_, j) => (j + 1 < steps ? abar[j + 1] : 1)); // abar'
  const added = abar.map((a, j) => eta * Math.sqrt(((1 - after[j]) / (1 - a)) * (1 - a / after[j])));
  const noisy = abar.map((a, j) => Math.sqrt(Math.max(1 - after[j] - added[j] ** 2, 0) / (1 - a)));
  return {
    diffusion,
    levels,
    clean: abar.map((a, j) => Math.sqrt(after[j]) - noisy[j] * Math.sqrt(a)),
    noisy,
    std: added.map((std, j) => (j + 1 < steps || lastNoise ? Math.max(std, floor) : 0)),
  };
}

/**
 * Mean of what a step makes of `plans`.
 * plans: (B, H, A)   round: int32 () or (B,)   condition: (B, C)   returns: (B, H, A)
 */
export function stepMean(
  { diffusion, levels, clean, noisy }: DenoisingSteps,
  denoise: Denoise,
  plans: Value,
  round: Value,
  condition: Value,
): Value {
  const level = gather(constant(levels), round);
  const guess = cleanGuess(diffusion, plans, denoise(plans, level, condition), level);
  return add(mul(entryAt(clean, round), guess), mul(entryAt(noisy, round), plans));
}

/** What a sampler is given beside the network. */
export interface SamplerInputs {
  /** What the plans depend on. (B, C) */
  readonly condition: Value;
  /** Standard normal draws that the chain starts from. (B, H, A) */
  readonly start: Value;
  /** Standard normal draws that the steps add. (S, B, H, A); not needed where every std is 0. */
  readonly noise?: Value;
}

/** Plans from noise, (B, H, A): all steps in one loop of the graph. */
export function samplePlans(steps: DenoisingSteps, denoise: Denoise, inputs: SamplerInputs): Value {
  return run(steps, denoise, inputs, false).carry[0];
}

/**
 * The same plans with all that led to them.
 * chain: (S + 1, B, H, A), chain[0] the start, chain[S] the plans   means: (S, B, H, A), means[j] that of chain[j + 1]
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
  const count = steps.levels.length;
  const added = scaledNoise(steps, start.shape, noise);
  return loop(count, [start], (round, [plans]) => {
    const mean = stepMean(steps, denoise, plans, round, condition);
    const next = added === null ? mean : add(mean, gather(added, round));
    return { carry: [next], records: record ? [next, mean] : [] };
  });
}

/** The noise each step adds, scaled outside the loop; null if none does. returns: (S, B, H, A) */
function scaledNoise({ std }: DenoisingSteps, plans: Shape, noise: Value | undefined): Value | null {
  if (std.every((each) => each === 0)) return null;
  if (noise === undefined)
    throw new UserError("These denoising steps add noise: give the sampler its draws, (S, B, H, A).");
  const expected = showShape([std.length, ...plans]);
  if (showShape(noise.shape) !== expected)
    throw new UserError(`The sampler's noise has shape ${expected}, got ${showShape(noise.shape)}.`);
  return mul(noise, constant([...std], [std.length, 1, 1, 1]));
}

/** Standard normal draws, cut off at ±limit as DPPO does with 3. */
export function drawNoise(shape: Shape, random: Random, limit = Number.POSITIVE_INFINITY): Float32Array {
  const noise = random.fillNormal(new Float32Array(sizeOf(shape)));
  return noise.map((draw) => Math.min(Math.max(draw, -limit), limit));
}
