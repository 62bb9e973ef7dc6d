/**
 * @file How likely a recorded denoising chain is, and how far two planners' steps lie apart.
 * Symbols: S denoising steps; round j in [0, S) counts the steps as they run, the noisiest first; B batch, H horizon,
 * A action size.
 *
 * The ratio of an unchanged planner's new and old probabilities is exactly 1 if both are computed here, in minibatches
 * of one size on one device with one number of threads; which rows stand where does not matter. A sampler's own batch has
 * another size and rounds differently: score what it recorded once more.
 */
import { UserError } from "../base/index.ts";
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

/** How the numbers of a plan become one. */
export interface Reduction {
  /**
   * "sum": of a probability density, its logarithm. "mean": its share of each number, which DDPO and DPPO compare, so
   * that a clip range means the same whatever H and A are.
   */
  readonly reduce: "sum" | "mean";
  /** The actions that count, from the first to before the second; all by default. DPPO: those that are executed. */
  readonly actions?: readonly [start: number, end: number];
}

export interface LogProbOptions extends Reduction {
  /** Limits of each number's log-probability; beyond them it passes no gradient. DPPO: [-5, 2]. Default: none. */
  readonly limits?: readonly [low: number, high: number];
}

/**
 * Log-probability of denoising steps: of making `to` from `from`. Rows are independent: rounds and plans of any rollout
 * may stand side by side. from, to: (B, H, A)   round: int32 () or (B,)   condition: (B, C)   returns: (B,)
 * Throws UserError if a step adds no noise: its Gaussian has no density.
 */
export function stepLogProb(
  steps: DenoisingSteps,
  denoise: Denoise,
  { from, to, round, condition }: { from: Value; to: Value; round: Value; condition: Value },
  { limits, ...reduction }: LogProbOptions,
): Value {
  const { std } = steps;
  if (std.some((each) => each === 0))
    throw new UserError(
      "A denoising step without noise has no log-probability. Sample with a noise floor above 0 (DPPO: 0.1) at every step.",
    );
  const distance = sub(to, stepMean(steps, denoise, from, round, condition));
  const inverse = std.map((each) => 1 / each);
  const z = mul(distance, entryAt(inverse, round));
  const logNormalizer = std.map((each) => Math.log(each * Math.sqrt(2 * Math.PI)));
  const logProb = sub(mul(-0.5, square(z)), entryAt(logNormalizer, round)); // (B, H, A)
  return reduced(limits === undefined ? logProb : clip(logProb, ...limits), reduction);
}

/**
 * Log-probability of every step of recorded chains.
 * chain: (S + 1, B, H, A), as `sampleChain` returns it   condition: (B, C)   returns: (S, B)
 */
export function chainLogProb(
  steps: DenoisingSteps,
  denoise: Denoise,
  chain: Value,
  condition: Value,
  options: LogProbOptions,
): Value {
  const count = steps.levels.length;
  if (chain.shape.length !== 4 || chain.shape[0] !== count + 1)
    throw new ShapeError("chainLogProb", `chain: (S + 1, B, H, A) with S = ${count} denoising steps`, [
      chain.shape,
    ]);
  const batch = chain.shape[1];
  const rows = (x: Value) => reshape(x, [count * batch, ...x.shape.slice(2)]);
  const conditions = broadcastTo(condition, [count, ...condition.shape]);
  const logProb = stepLogProb(
    steps,
    denoise,
    {
      from: rows(slice(chain, 0, 0, count)),
      to: rows(slice(chain, 0, 1)),
      round: constant(Int32Array.from({ length: count * batch }, (_, row) => Math.floor(row / batch))),
      condition: rows(conditions),
    },
    options,
  );
  return reshape(logProb, [count, batch]);
}

/** A planner as a chain: its steps and its network. */
export interface Chain {
  readonly steps: DenoisingSteps;
  readonly denoise: Denoise;
}

/**
 * Kullback-Leibler divergence of the second planner's step from the first's, both started from the same plans. It is the
 * same either way round: Gaussians with equal noise differ by ‖mean - mean'‖² / (2 std²).
 * plans: (B, H, A)   round: int32 () or (B,)   condition: (B, C)   returns: (B,)
 * Throws UserError if the two take different steps or add different noise, or none.
 */
export function stepKl(
  first: Chain,
  second: Chain,
  { plans, round, condition }: { plans: Value; round: Value; condition: Value },
  reduction: Reduction,
): Value {
  const [a, b] = [first.steps, second.steps];
  if (a.levels.length !== b.levels.length)
    throw new UserError(
      `Only planners with equal denoising steps can be compared; these take ${a.levels.length} and ${b.levels.length}.`,
    );
  const different = a.std.findIndex((std, j) => std !== b.std[j] || a.levels[j] !== b.levels[j]);
  if (different >= 0)
    throw new UserError(
      `Only planners with equal noise can be compared; at denoising step ${different + 1} the standard deviations are ` +
        `${a.std[different]} at level ${a.levels[different]} and ${b.std[different]} at level ${b.levels[different]}.`,
    );
  if (a.std.some((each) => each === 0))
    throw new UserError(
      "Denoising steps without noise are infinitely far apart. Compare them with a noise floor.",
    );
  const meanOf = ({ steps, denoise }: Chain) => stepMean(steps, denoise, plans, round, condition);
  const scale = a.std.map((each) => 1 / (2 * each ** 2));
  const kl = mul(square(sub(meanOf(first), meanOf(second))), entryAt(scale, round));
  return reduced(kl, reduction);
}

/** x: (B, H, A)   returns: (B,) */
function reduced(x: Value, { reduce, actions: [start, end] = [0, x.shape[1]] }: Reduction): Value {
  if (!(Number.isInteger(start) && Number.isInteger(end) && 0 <= start && start < end && end <= x.shape[1]))
    throw new UserError(`A plan has actions 0 to ${x.shape[1] - 1}; ${start} to ${end - 1} were asked for.`);
  const counted = slice(x, 1, start, end);
  return (reduce === "sum" ? sum : mean)(counted, { axes: [1, 2] });
}
