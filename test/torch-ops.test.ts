/** @file Operations against PyTorch in float64: results and gradients. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { cpu } from "../src/devices/index.ts";
import { readTensors } from "../src/platform/index.ts";
import * as t from "../src/tensor/index.ts";
import { relativeError, type Traceable, truthOf } from "./float64-truth.ts";

type Values = Readonly<Record<string, t.Value>>;
interface Case {
  readonly op: string;
  readonly attributes: Readonly<Record<string, never>>;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly upstream: readonly string[];
  readonly gradients: readonly string[];
}
const folder = join(import.meta.dirname, "fixtures/torch");
const recorded: Record<string, Case> = JSON.parse(readFileSync(join(folder, "ops.json"), "utf8"));
const { tensors } = await readTensors(join(folder, "ops.safetensors"));

/** Recorded operations, written with ours. */
const written: Record<string, (values: Values, attributes: Case["attributes"]) => t.Value | t.Value[]> = {
  matmul: ({ a, b }) => t.matmul(a, b),
  affine: ({ x, w, b }) => t.affine(x, w, b),
  conv1d: ({ x, w, b }, options) => t.conv1d(x, w, b, options),
  conv2d: ({ x, w, b }, options) => t.conv2d(x, w, b, options),
  convTranspose1d: ({ x, w, b }, options) => t.convTranspose1d(x, w, b, options),
  groupNorm: ({ x, gain, bias }, { groups, epsilon }) => t.groupNorm(x, gain, bias, groups, epsilon),
  layerNorm: ({ x, gain, bias }) => t.layerNorm(x, gain, bias),
  softmax: ({ x }, { axis }) => t.softmax(x, axis),
  logSoftmax: ({ x }, { axis }) => t.logSoftmax(x, axis),
  logSumExp: ({ x }, { axis, keepDims }) => t.logSumExp(x, axis, keepDims),
  mish: ({ x }) => t.mish(x),
  silu: ({ x }) => t.silu(x),
  gelu: ({ x }) => t.gelu(x),
  tanh: ({ x }) => t.tanh(x),
  sigmoid: ({ x }) => t.sigmoid(x),
  relu: ({ x }) => t.relu(x),
  softplus: ({ x }) => t.softplus(x),
  abs: ({ x }) => t.abs(x),
  exp: ({ x }) => t.exp(x),
  log: ({ x }) => t.log(x),
  sqrt: ({ x }) => t.sqrt(x),
  neg: ({ x }) => t.neg(x),
  square: ({ x }) => t.square(x),
  clip: ({ x }, { low, high }) => t.clip(x, low, high),
  add: ({ a, b }) => t.add(a, b),
  sub: ({ a, b }) => t.sub(a, b),
  mul: ({ a, b }) => t.mul(a, b),
  div: ({ a, b }) => t.div(a, b),
  maximum: ({ a, b }) => t.maximum(a, b),
  minimum: ({ a, b }) => t.minimum(a, b),
  where: ({ condition, a, b }) => t.where(condition, a, b),
  sum: ({ x }, { axes, keepDims }) => t.sum(x, { axes, keep: keepDims }),
  mean: ({ x }, { axes, keepDims }) => t.mean(x, { axes, keep: keepDims }),
  max: ({ x }, { axes, keepDims }) => t.max(x, { axes, keep: keepDims }),
  gather: ({ table, indices }) => t.gather(table, indices),
  concat: ({ x0, x1, x2 }, { axis }) => t.concat([x0, x1, x2], axis),
  slice: ({ x }, { axis, start, end, step }) => everySo(t.slice(x, axis, start, end), axis, step),
  split: ({ x }, { axis, sizes }) => t.split(x, sizes, axis),
  pad: ({ x }, { axis, before, after }) => t.pad(x, axis, before, after),
  transpose: ({ x }, { permutation }) => t.transpose(x, permutation),
  reshape: ({ x }, { shape }) => t.reshape(x, shape),
  huber: ({ x, target }, { delta }) => t.mean(t.huber(t.sub(x, target), delta)),
  meanSquaredError: ({ x, target }) => t.mean(t.square(t.sub(x, target))),
};

/** Positions 0, step, 2 step ... of an axis whose size is a multiple of the step. */
function everySo(x: t.Value, axis: number, step: number): t.Value {
  const [before, size, after] = [x.shape.slice(0, axis), x.shape[axis], x.shape.slice(axis + 1)];
  const groups = t.reshape(x, [...before, size / step, step, ...after]);
  return t.reshape(t.slice(groups, axis + 1, 0, 1), [...before, size / step, ...after]);
}

const cells = ["attention", "gruCell", "lstmCell"]; // torch-cells.test.ts
const absent = ["sin", "cos"]; // needed only for tables that are computed before a graph

test("every recorded operation is checked here or with the cells, or is one we lack", () =>
  expect([...new Set(Object.values(recorded).map(({ op }) => op))].sort()).toEqual(
    [...Object.keys(written), ...cells, ...absent].sort(),
  ));

describe.each(Object.entries(recorded).filter(([, { op }]) => Object.hasOwn(written, op)))(
  "%s",
  (name, entry) => {
    const { op, attributes, outputs, upstream, gradients } = entry;
    const stored = (tensor: string) => tensors[`${name}/${tensor}`];
    const given = [...entry.inputs, ...upstream];
    const inputs = Object.fromEntries(
      given.map((tensor) => {
        const { dtype, shape } = stored(tensor);
        return [tensor, (dtype === "I32" ? t.int32 : t.float32)(...shape)];
      }),
    );
    const numbers = Object.fromEntries(
      given.map((tensor) => {
        const { data } = stored(tensor);
        return [tensor, data instanceof Int32Array ? data : Float32Array.from(data as Float64Array)];
      }),
    );
    const f: Traceable = (values) => {
      const results = [written[op](values, attributes)].flat();
      const weighted = results
        .map((y, i) => t.sum(t.mul(y, values[upstream[i]])))
        .reduce((a, b) => t.add(a, b));
      const slopes = t.grad(
        weighted,
        gradients.map((tensor) => values[tensor]),
      );
      return {
        ...Object.fromEntries(outputs.map((output, i) => [output, results[i]])),
        ...Object.fromEntries(gradients.map((tensor, i) => [`d_${tensor}`, slopes[i]])),
      };
    };
    const expectPyTorch = (found: Readonly<Record<string, ArrayLike<number>>>, tolerance: number) => {
      for (const result of [...outputs, ...gradients.map((tensor) => `d_${tensor}`)]) {
        const truth = stored(result).data as Float64Array;
        expect.soft(relativeError(found[result], truth), result).toBeLessThan(tolerance);
      }
    };

    test("the reference kernels agree with PyTorch", () => expectPyTorch(truthOf(inputs, f, numbers), 1e-9));

    test("device cpu agrees with PyTorch", async () => {
      await using program = await t.compile(inputs, f, { device: cpu({ threads: 1 }) });
      expectPyTorch(await program.run(numbers), 1e-5);
    });
  },
);
