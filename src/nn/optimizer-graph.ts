/**
 * @file The optimizer's step as part of a graph, for a device that keeps the parameters in a memory of its own.
 * Symbols: P parameters. The arithmetic and its order are those of optimizer-reference.ts.
 */
import {
  abs,
  add,
  div,
  greater,
  minimum,
  mul,
  split,
  sqrt,
  square,
  sub,
  sum,
  type Value,
  where,
} from "../tensor/index.ts";
import type { AdamWConfig } from "./optimizer.ts";

/** Its square still fits a float32: a longer gradient counts as not finite. */
export const largestNorm = 1e19;

const largestFloat = 3.4e38;

/** Parameters with the optimizer's moments and average, each (P,). `ema` exists exactly if an average is kept. */
export interface OptimizerArrays<T> {
  readonly theta: T;
  readonly firstMoment: T;
  readonly secondMoment: T;
  readonly ema?: T;
}

/**
 * The arrays after one step, and the gradient's norm before clipping. If that norm or the loss is not finite the
 * arrays come back as they were. loss: ()   gradient: (P,)   scalars: (11,), what `coefficients` of optimizer.ts returns.
 */
export function adamWStep(
  arrays: OptimizerArrays<Value>,
  loss: Value,
  gradient: Value,
  scalars: Value,
  config: AdamWConfig,
): { readonly arrays: OptimizerArrays<Value>; readonly gradientNorm: Value } {
  const [
    ,
    firstDecay,
    firstRate,
    secondDecay,
    secondRate,
    keep,
    stepSize,
    secondScale,
    epsilon,
    emaDecay,
    emaRate,
  ] = split(scalars, new Array<number>(11).fill(1), 0);
  const gradientNorm = sqrt(sum(square(gradient)));
  const clip =
    config.maxGradientNorm === undefined
      ? 1
      : minimum(1, div(config.maxGradientNorm, add(gradientNorm, 1e-6)));
  const g = mul(gradient, clip);
  const m = add(mul(arrays.firstMoment, firstDecay), mul(g, firstRate));
  const v = add(mul(arrays.secondMoment, secondDecay), mul(mul(g, secondRate), g));
  const denominator = add(mul(sqrt(v), secondScale), epsilon);
  const theta = sub(mul(arrays.theta, keep), div(mul(m, stepSize), denominator));
  const usable = mul(greater(largestNorm, gradientNorm), greater(largestFloat, abs(loss))); // 0 for NaN
  const unlessBroken = (next: Value, now: Value) => where(usable, next, now);
  return {
    arrays: {
      theta: unlessBroken(theta, arrays.theta),
      firstMoment: unlessBroken(m, arrays.firstMoment),
      secondMoment: unlessBroken(v, arrays.secondMoment),
      ...(arrays.ema && {
        ema: unlessBroken(add(mul(arrays.ema, emaDecay), mul(theta, emaRate)), arrays.ema),
      }),
    },
    gradientNorm,
  };
}
