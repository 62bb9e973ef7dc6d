/** @file Evaluates traced values in float64 with the operations' own kernels: the truth, slow and plain. */
import { sizeOf, type Tensor, topologicalOrder, type Value } from "../graph.ts";

/** The tensors of `outputs`, given those of the values in `known`: at least every input they depend on. */
export function evaluate(outputs: readonly Value[], known: ReadonlyMap<Value, Tensor>): Tensor[] {
  const tensors = new Map(known);
  for (const value of topologicalOrder(outputs, (candidate) => known.has(candidate))) {
    const out = { shape: value.shape, data: new Float64Array(sizeOf(value.shape)) };
    const inputs = value.inputs.map((input) => tensors.get(input) as Tensor);
    value.op.kernel(out, inputs, value.attributes as never);
    tensors.set(value, out);
  }
  return outputs.map((output) => tensors.get(output) as Tensor);
}
