/** @file Memory for time: what a gradient needs again is computed again instead of being kept. */
import { evaluate } from "../backends/reference.ts";
import { defineOp, type Op, type Value } from "../graph.ts";

interface RecomputeAttributes {
  readonly inputs: readonly Value[];
  readonly value: Value;
}
type Recompute = (inputs: readonly Value[], f: (...inputs: Value[]) => Value) => Value;

/**
 * f of the inputs, computed where it is read even if the graph computes the same elsewhere: between the two nothing but
 * the inputs is kept. For gradients of cheap operations with large results; has no gradient of its own.
 */
export const recompute: Op<Recompute> = defineOp<RecomputeAttributes, Recompute>(
  {
    name: "recompute",
    onnx: (emit, _, { attributes: { value } }) => emit.lowerAnew(value),
    shape: (_, { value }) => value.shape,
    kernel: (out, tensors, { inputs, value }) => {
      const known = new Map(inputs.map((input, i) => [input, tensors[i]]));
      out.data.set(evaluate([value], known)[0].data);
    },
  },
  (apply) => (inputs, f) => apply(inputs, { inputs, value: f(...inputs) }),
);
