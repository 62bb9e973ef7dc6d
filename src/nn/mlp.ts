/** @file The multi-layer perceptron: linear maps with an activation between each and the next. */
import type { Random } from "../base/index.ts";
import { gelu, mish, type Parameter, relu, silu, tanh, type Value } from "../tensor/index.ts";
import { initNorm, type Norm, norm } from "./layer-norm.ts";
import { type Dense, initLinear, linear } from "./linear.ts";

/** Every activation by its name. */
export const activations: Readonly<Record<Activation, (x: Value) => Value>> = {
  mish,
  relu,
  tanh,
  silu,
  gelu,
};
export type Activation = "mish" | "relu" | "tanh" | "silu" | "gelu";

/** One linear map per layer. T is Parameter outside a graph, Value inside. */
export type Mlp<T> = readonly Dense<T>[];

/** First values of a linear map. */
export type InitLinear = (inputs: number, outputs: number, random: Random) => Dense<Parameter>;

/** First values, by default PyTorch's. sizes: of the input, of each hidden layer, of the output. */
export function initMlp(
  sizes: readonly number[],
  random: Random,
  init: InitLinear = initLinear,
): Mlp<Parameter> {
  return sizes.slice(1).map((size, i) => init(sizes[i], size, random.split(`${i}`)));
}

/** x: (..., inputs)   returns: (..., outputs). No activation follows the last layer. */
export function mlp(layers: Mlp<Value>, x: Value, activation: Activation): Value {
  return layers.reduce((y, layer, i) => linear(layer, i === 0 ? y : activations[activation](y)), x);
}

/** A perceptron whose hidden layers are normalized before their activation: a norm for each. */
export interface NormedMlp<T> {
  readonly layers: Mlp<T>;
  readonly norms: readonly Norm<T>[];
}

/** First values, as above; norms change nothing but mean and variance. */
export const initNormedMlp = (
  sizes: readonly number[],
  random: Random,
  init?: InitLinear,
): NormedMlp<Parameter> => ({
  layers: initMlp(sizes, random, init),
  norms: sizes.slice(1, -1).map(initNorm),
});

/** x: (..., inputs)   returns: (..., outputs)   epsilon: added to the variances, 1e-5 by default */
export function normedMlp(
  { layers, norms }: NormedMlp<Value>,
  x: Value,
  activation: Activation,
  epsilon?: number,
): Value {
  return layers.reduce((y, layer, i) => {
    const map = linear(layer, y);
    return i < norms.length ? activations[activation](norm(norms[i], map, epsilon)) : map;
  }, x);
}
