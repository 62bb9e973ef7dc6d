/** @file Layer normalisation with its parameters. */
import { layerNorm, type Parameter, type Value } from "../tensor/index.ts";
import { filled } from "./linear.ts";

/** Scale and shift after the normalisation, per channel: (C,) each. T is Parameter outside a graph, Value inside. */
export interface Norm<T> {
  readonly scale: T;
  readonly shift: T;
}

/** First values: scale 1, shift 0. */
export function initNorm(channels: number): Norm<Parameter> {
  return { scale: filled([channels], 1), shift: filled([channels], 0) };
}

/** x: (..., C), brought to mean 0 and variance 1 over C, then scaled and shifted. epsilon: added to the variance, 1e-5 by default */
export const norm = ({ scale, shift }: Norm<Value>, x: Value, epsilon?: number): Value =>
  layerNorm(x, scale, shift, epsilon);
