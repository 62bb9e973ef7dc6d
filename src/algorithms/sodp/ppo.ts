/**
 * @file The policy-gradient loss of a denoising chain: every denoising step is an action of its own, with the
 * advantage of the finished sample.
 * Symbols: M denoising steps in a minibatch, S denoising steps of a chain, the noisiest first.
 */
import { add, clip, exp, maximum, mean, minimum, mul, neg, sub, type Value } from "../../tensor/index.ts";

/** Minibatch of denoising steps, (M,) each. */
export interface ScoredSteps {
  /** Under the planner that learns. */
  readonly logProb: Value;
  /** Under the planner that acted. */
  readonly oldLogProb: Value;
  readonly advantage: Value;
  /** Distance of the ratio from 1 beyond which it earns nothing more. */
  readonly clipRange: Value;
}

/**
 * L_Imp: the clipped importance-sampling loss. returns: ()
 * Source: the paper's Eq. 12, in the standard form of Eq. 19: the mean of max(-A rho, -A clip(rho, 1 - c, 1 + c)).
 */
export function ppoLoss({ logProb, oldLogProb, advantage, clipRange }: ScoredSteps): Value {
  // A ratio of e^20 has no use; its gradient, infinite in float32 beyond e^88, would end the training.
  const ratio = exp(clip(sub(logProb, oldLogProb), -20, 20));
  const near = maximum(minimum(ratio, add(1, clipRange)), sub(1, clipRange));
  const loss = neg(mul(advantage, ratio));
  return mean(maximum(loss, neg(mul(advantage, near))));
}

/**
 * The clip range of each of the steps that are tuned: `first` at the noisiest, `last` at the last, exponentially between.
 * Source: DPPO diffusion_ppo.py (irom-lab/dppo, 7b10df6), with its rate 3.
 */
export function clipRanges(steps: number, first: number, last: number): Float32Array {
  const rate = 3;
  return Float32Array.from({ length: steps }, (_, step) => {
    const position = steps === 1 ? 1 : step / (steps - 1);
    return first + ((last - first) * Math.expm1(rate * position)) / Math.expm1(rate);
  });
}

/**
 * Factors of the advantage at each of the steps that are tuned: 1 at the last, `discount` once more at each before.
 * Source: DPPO diffusion_ppo.py (irom-lab/dppo, 7b10df6), gamma_denoising.
 */
export const denoisingDiscounts = (steps: number, discount: number): Float32Array =>
  Float32Array.from({ length: steps }, (_, step) => discount ** (steps - 1 - step));

/** Statistics of the importance ratios, new over old, of log-probabilities, (M,) each. */
export interface RatioStatistics {
  readonly mean: number;
  readonly max: number;
  /** Share of the steps whose ratio left its clip range, 0 to 1. */
  readonly clipFraction: number;
  /** Estimate of KL(old || new), nats. Source: Schulman 2020, "Approximating KL divergence", k3: rho - 1 - log rho. */
  readonly approximateKl: number;
}

export function ratioStatistics(
  logProb: Float32Array,
  oldLogProb: Float32Array,
  clipRange: Float32Array,
): RatioStatistics {
  let [sum, max, clipped, kl] = [0, 0, 0, 0];
  for (const [row, old] of oldLogProb.entries()) {
    const difference = logProb[row] - old;
    const ratio = Math.exp(difference);
    sum += ratio;
    max = Math.max(max, ratio);
    clipped += Number(Math.abs(ratio - 1) > clipRange[row]);
    kl += ratio - 1 - difference;
  }
  const rows = oldLogProb.length;
  return { mean: sum / rows, max, clipFraction: clipped / rows, approximateKl: kl / rows };
}
