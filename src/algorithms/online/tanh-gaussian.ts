/**
 * @file Gaussians whose draws are squashed into actions by tanh, as published codes bound their deviations.
 * Symbols: R rows, A action size.
 */
import {
  add,
  clip,
  exp,
  log,
  mul,
  slice,
  softplus,
  square,
  sub,
  sum,
  tanh,
  type Value,
} from "../../tensor/index.ts";

/** Actions in [-1, 1] that were drawn, (R, A), their Gaussian's mean squashed, (R, A), and their log-density, (R,) in nats. */
export interface DrawnActions {
  readonly action: Value;
  readonly mode: Value;
  readonly logProb: Value;
}

/** Draws from the means and log-deviations of a network's output, (R, 2A). noise: standard normal, (R, A) */
export type TanhGaussian = (output: Value, noise: Value) => DrawnActions;

/**
 * Log-deviations squeezed between bounds by tanh, and 1e-6 added to the density of the squashing.
 * Source: CleanRL sac_continuous_action.py (vwxyzjn/cleanrl, 004f8a0).
 */
export const squeezedGaussian =
  ([low, high]: readonly [low: number, high: number] = [-5, 2]): TanhGaussian =>
  (output, noise) => {
    const [mean, raw] = halves(output);
    const share = mul(0.5, add(1, tanh(raw)));
    const logDeviation = add(low, mul(high - low, share));
    const action = tanh(add(mean, mul(exp(logDeviation), noise)));
    const squashing = log(add(sub(1, square(action)), 1e-6));
    return { action, mode: tanh(mean), logProb: logDensity(noise, logDeviation, squashing) };
  };

/**
 * Log-deviations clipped to [-20, 2], and the exact density of the squashing: of x, 2 (log 2 - x - softplus(-2x)).
 * adjust: changes log-deviations before they are clipped
 * Source: rlpd tanh_normal.py (ikostrikov/rlpd, c90fd4b).
 */
export const clippedGaussian =
  (adjust: (logDeviation: Value) => Value = (same) => same): TanhGaussian =>
  (output, noise) => {
    const [mean, raw] = halves(output);
    const logDeviation = clip(adjust(raw), -20, 2);
    const drawn = add(mean, mul(exp(logDeviation), noise));
    const squashing = mul(2, sub(sub(Math.LN2, drawn), softplus(mul(-2, drawn))));
    return { action: tanh(drawn), mode: tanh(mean), logProb: logDensity(noise, logDeviation, squashing) };
  };

function halves(output: Value): [mean: Value, logDeviation: Value] {
  const size = output.shape[1] / 2;
  return [slice(output, 1, 0, size), slice(output, 1, size, 2 * size)];
}

function logDensity(noise: Value, logDeviation: Value, squashing: Value): Value {
  const gaussian = sub(sub(mul(-0.5, square(noise)), logDeviation), 0.5 * Math.log(2 * Math.PI));
  return sum(sub(gaussian, squashing), { axes: 1 });
}
