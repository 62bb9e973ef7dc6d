/** @file State of a training as the tensors of a file. Symbols: P parameters. */
import { type StoredTensor, type StoredTensors, UserError } from "../base/index.ts";
import type { OptimizerState } from "../nn/index.ts";

/** Numbers as a tensor of one dimension. */
export function vector(data: Float32Array): StoredTensor {
  return { dtype: "F32", shape: [data.length], data };
}

/** The float32 numbers of a tensor. Throws UserError if there is no such tensor. */
export function floats(tensors: StoredTensors, name: string): Float32Array {
  const tensor = tensors[name];
  if (tensor?.dtype === "F32") return tensor.data;
  throw new UserError(
    `The training state has no float32 tensor "${name}". It has ${Object.keys(tensors).join(", ") || "none"}.`,
  );
}

/** An optimizer's arrays, (P,) each, under names that begin with `prefix`. Its count of steps is not among them. */
export function optimizerTensors(prefix: string, state: OptimizerState): StoredTensors {
  const { steps: _, ...arrays } = state;
  return Object.fromEntries(
    Object.entries(arrays).map(([name, data]) => [`${prefix}.${name}`, vector(data)]),
  );
}

export function optimizerState(prefix: string, tensors: StoredTensors, steps: number): OptimizerState {
  const read = (name: string) => floats(tensors, `${prefix}.${name}`);
  return {
    steps,
    theta: read("theta"),
    firstMoment: read("firstMoment"),
    secondMoment: read("secondMoment"),
    ...(`${prefix}.ema` in tensors && { ema: read("ema") }),
  };
}
