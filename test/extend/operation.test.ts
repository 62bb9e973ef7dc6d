/**
 * @file An operation is one record: here, the leaky ReLU. In the package it is a file of src/tensor/ops and a line of its
 * index.ts; its tests are those of every operation, run through its line in test/op-examples.ts.
 */
import { describe } from "vitest";
import { defineOp, type Op } from "../../src/tensor/graph.ts";
import { greater, mul, type Value, where } from "../../src/tensor/index.ts";
import { example, i, normal, opSuite } from "../op-suite.ts";

type LeakyRelu = Op<(x: Value, slope: number) => Value>;
/** x where it is positive, slope x elsewhere. */
const leakyRelu: LeakyRelu = defineOp<{ readonly slope: number }, (x: Value, slope: number) => Value>(
  {
    name: "leakyRelu",
    onnx: (emit, [x], { attributes: { slope } }) => emit("LeakyRelu", [x], { alpha: { float: slope } }),
    shape: ([x]) => x,
    kernel: (out, [x], { slope }) => {
      for (let i = 0; i < out.data.length; i++) out.data[i] = x.data[i] > 0 ? x.data[i] : slope * x.data[i];
    },
    vjp: (dy, [x], { slope }) => [where(greater(x, 0), dy, mul(slope, dy))],
  },
  (apply) => (x, slope) => apply([x], { slope }),
);

describe("an operation", () =>
  opSuite("leakyRelu", {
    examples: [
      example((x) => leakyRelu(x, 0.25), normal(2, 3)),
      example((x) => leakyRelu(leakyRelu(x, 0.5), 0.25), normal(7)),
    ],
    refuses: [[() => leakyRelu(i(2), 0.25), "leakyRelu: expected input 1 of type float32, got int32"]],
  }));
