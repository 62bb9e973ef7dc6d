/**
 * @file The optimizer's step in plain TypeScript: the truth that the WebAssembly kernels must match bit for bit.
 * Math.fround after every operation gives float32 arithmetic.
 */

import { type AdamWConfig, clipFactor, coefficients, type OptimizerState } from "./optimizer.ts";

const f = Math.fround;

/**
 * One step from a finite gradient: changes the arrays in place and returns the state with its counter advanced.
 * mask: as `FlatOptimizer` has it, a byte for 4 parameters
 */
export function referenceStep(
  state: OptimizerState,
  gradient: Float32Array,
  config: AdamWConfig,
  learningRate: number,
  mask?: Uint8Array,
): OptimizerState {
  const steps = state.steps + 1;
  const clip = clipFactor(Math.sqrt(sumOfSquares(gradient)), config.maxGradientNorm);
  const scalars = coefficients(config, steps, learningRate, clip, config.emaDecay ?? 0).map(f);
  const [gradientScale, firstDecay, firstRate, secondDecay, secondRate] = scalars;
  const [keep, stepSize, secondScale, epsilon, emaDecay, emaRate] = scalars.slice(5);

  const { theta, firstMoment, secondMoment, ema } = state;
  for (let i = 0; i < theta.length; i++) {
    const bits = mask === undefined ? 255 : mask[i >> 2] >> (i & 3);
    const g = bits & 1 ? f(gradient[i] * gradientScale) : 0;
    const m = f(f(firstMoment[i] * firstDecay) + f(g * firstRate));
    const v = f(f(secondMoment[i] * secondDecay) + f(f(g * secondRate) * g));
    const denominator = f(f(f(Math.sqrt(v)) * secondScale) + epsilon);
    const p = f(f(theta[i] * keep) - f(f(m * stepSize) / denominator));
    firstMoment[i] = m;
    secondMoment[i] = v;
    if (bits & 16) theta[i] = p;
    if (ema) ema[i] = f(f(ema[i] * emaDecay) + f(p * emaRate));
  }
  return { ...state, steps };
}

/** Sum of squares in float64, element i in partial sum i mod 8: the kernel's order. */
export function sumOfSquares(values: Float32Array): number {
  const partial = new Float64Array(8);
  for (let i = 0; i < values.length; i++) partial[i % 8] += values[i] * values[i];
  const [s0, s1, s2, s3, s4, s5, s6, s7] = partial;
  return s0 + s2 + (s4 + s6) + (s1 + s3 + (s5 + s7));
}
