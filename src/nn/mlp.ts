/** @file The multi-layer perceptron: linear maps with an activation between each and the next. */
import type { Random } from "../base/index.ts";
import { gelu, mish, type Parameter, relu, silu, tanh, type Value } from "../tensor/index.ts";
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

/** First values, as PyTorch's. sizes: of the input, of each hidden layer, of the output. */
export function initMlp(sizes: readonly number[], random: Random): Mlp<Parameter> {
  return sizes.slice(1).map((size, i) => initLinear(sizes[i], size, random.split(`${i}`)));
}

/** x: (..., inputs)   returns: (..., outputs). No activation follows the last layer. */
export function mlp(layers: Mlp<Value>, x: Value, activation: Activation): Value {
  return layers.reduce((y, layer, i) => linear(layer, i === 0 ? y : activations[activation](y)), x);
}
