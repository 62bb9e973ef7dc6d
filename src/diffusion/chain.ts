/**
 * @file How likely a recorded denoising chain is, and how far two planners' steps lie apart.
 * Symbols: S denoising steps; step j in [0, S) counts them as they run, the noisiest first; B batch; a sample is
 * (B, ...), its first axis after the batch the one that `Reduction.actions` counts: of a planner (B, H, A).
 *
 * The ratio of an unchanged planner's new and old probabilities is exactly 1 if both are computed here, in minibatches
 * of one size on one device with one number of threads; which rows stand where does not matter. A sampler's own batch has
 * another size and rounds differently: score what it recorded once more.
 */
import { UserError } from "../base/index.ts";
import type { Condition } from "../nn/index.ts";
import {
  broadcastTo,
  clip,
  constant,
  mean,
  mul,
  reshape,
  ShapeError,
  slice,
  square,
  sub,
  sum,
  type Value,
} from "../tensor/index.ts";
import { type DenoisingSteps, stepMean } from "./sample.ts";
import { type Denoise, entryAt } from "./schedule.ts";

/** Reduction of the numbers of a sample to one. */
export interface Reduction {
  /**
   * "sum": of a probability density, its logarithm. "mean": its share of each number, which DDPO and DPPO compare, so
   * that a clip range means the same whatever the sample's size is.
   */
  readonly reduce: "sum" | "mean";
  /** The actions that count, from the first to before the second; all by default. DPPO: those that are executed. */
  readonly actions?: readonly [start: number, end: number];
}

export interface LogProbOptions extends Reduction {
  /** Limits of each number's log-probability; beyond them it passes no gradient. DPPO: [-5, 2]. Default: none. */
  readonly limits?: readonly [low: number, high: number];
}

/** Denoising steps that were taken: rows are independent, of any steps of any chains. */
export interface TakenSteps {
  /** Sample that each step started from, and the one it made. (B, ...) */
  readonly from: Value;
  readonly to: Value;
  /** int32 () or (B,) */
  readonly step: Value;
  readonly condition: Condition;
}

/**
 * Log-probability of denoising steps: of making `to` from `from`. returns: (B,)
 * Throws UserError if a step adds no noise: its Gaussian has no density.
 */
export function stepLogProb(
  steps: DenoisingSteps,
  denoise: Denoise,
  { from, to, step, condition }: TakenSteps,
  { limits, ...reduction }: LogProbOptions,
): Value {
  const { std } = steps;
  if (std.some((each) => each === 0))
    throw new UserError(
      "A denoising step without noise has no log-probability. Sample with a minSamplingStd above 0 (DPPO: 0.1) at every step.",
    );
  const rank = from.shape.length;
  const distance = sub(to, stepMean(steps, denoise, from, step, condition));
  const inverse = std.map((each) => 1 / each);
  const z = mul(distance, entryAt(inverse, step, rank));
  const logNormalizer = std.map((each) => Math.log(each * Math.sqrt(2 * Math.PI)));
  const logProb = sub(mul(-0.5, square(z)), entryAt(logNormalizer, step, rank)); // (B, ...)
  return reduced(limits === undefined ? logProb : clip(logProb, ...limits), reduction);
}

/** Log-probability of every step of recorded chains.   chain: (S + 1, B, ...), as `sampleChain` has it   returns: (S, B) */
export function chainLogProb(
  steps: DenoisingSteps,
  denoise: Denoise,
  chain: Value,
  { vector, tokens }: Condition,
  options: LogProbOptions,
): Value {
  const count = steps.timesteps.length;
  if (chain.shape.length < 3 || chain.shape[0] !== count + 1)
    throw new ShapeError("chainLogProb", `chain: (S + 1, B, ...) with S = ${count} denoising steps`, [
      chain.shape,
    ]);
  const batch = chain.shape[1];
  const rows = (x: Value) => reshape(x, [count * batch, ...x.shape.slice(2)]);
  const forEachStep = (x: Value) => rows(broadcastTo(x, [count, ...x.shape]));
  const logProb = stepLogProb(
    steps,
    denoise,
    {
      from: rows(slice(chain, 0, 0, count)),
      to: rows(slice(chain, 0, 1)),
      step: constant(Int32Array.from({ length: count * batch }, (_, row) => Math.floor(row / batch))),
      condition: { vector: forEachStep(vector), ...(tokens && { tokens: forEachStep(tokens) }) },
    },
    options,
  );
  return reshape(logProb, [count, batch]);
}

/** A planner as a chain: its steps, its network and what it makes of the observations. */
export interface Chain {
  readonly steps: DenoisingSteps;
  readonly denoise: Denoise;
  readonly condition: Condition;
}

/**
 * Kullback-Leibler divergence of the second planner's step from the first's, both started from the same samples. It is
 * the same either way round: Gaussians with equal noise differ by ‖mean - mean'‖² / (2 std²).
 * sample: (B, ...)   step: int32 () or (B,)   returns: (B,)
 * Throws UserError if the two take different steps or add different noise, or none.
 */
export function stepKl(
  first: Chain,
  second: Chain,
  { sample, step }: { readonly sample: Value; readonly step: Value },
  reduction: Reduction,
): Value {
  refuseDifferentSteps(first.steps, second.steps);
  const meanOf = ({ steps, denoise, condition }: Chain) => stepMean(steps, denoise, sample, step, condition);
  const scale = first.steps.std.map((each) => 1 / (2 * each ** 2));
  const kl = mul(square(sub(meanOf(first), meanOf(second))), entryAt(scale, step, sample.shape.length));
  return reduced(kl, reduction);
}

function refuseDifferentSteps(a: DenoisingSteps, b: DenoisingSteps): void {
  if (a.timesteps.length !== b.timesteps.length)
    throw new UserError(
      `Only planners with equal denoising steps can be compared; these take ${a.timesteps.length} and ${b.timesteps.length}.`,
    );
  const at = a.std.findIndex((std, j) => std !== b.std[j] || a.timesteps[j] !== b.timesteps[j]);
  if (at >= 0)
    throw new UserError(
      `Only planners with equal noise can be compared; at denoising step ${at + 1} the standard deviations are ` +
        `${a.std[at]} at timestep ${a.timesteps[at]} and ${b.std[at]} at timestep ${b.timesteps[at]}.`,
    );
  if (a.std.some((each) => each === 0))
    throw new UserError(
      "Denoising steps without noise are infinitely far apart. Compare them with a minSamplingStd above 0.",
    );
}

/** x: (B, ...)   returns: (B,) */
function reduced(x: Value, { reduce, actions: [start, end] = [0, x.shape[1]] }: Reduction): Value {
  if (!(Number.isInteger(start) && Number.isInteger(end) && 0 <= start && start < end && end <= x.shape[1]))
    throw new UserError(
      `A sample has actions 0 to ${x.shape[1] - 1}; ${start} to ${end - 1} were asked for.`,
    );
  const counted = slice(x, 1, start, end);
  return (reduce === "sum" ? sum : mean)(counted, { axes: x.shape.slice(1).map((_, i) => i + 1) });
}
