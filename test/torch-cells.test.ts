/** @file Attention and recurrent cells against PyTorch: results and gradients. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { attention, causalMask, gru, lstm } from "../src/nn/index.ts";
import { readTensors } from "../src/platform/index.ts";
import { add, float32, grad, mul, sum, type Value } from "../src/tensor/index.ts";
import { backends, relativeError } from "./both-backends.ts";

type Values = Readonly<Record<string, Value>>;
const weights = ({ wx, bx, wh, bh }: Values) => ({
  input: { weight: wx, bias: bx },
  memory: { weight: wh, bias: bh },
});

/** Each case of ops.json that belongs to this folder's layers; its results in the order of the file. */
const cases: Readonly<Record<string, (values: Values) => readonly Value[]>> = {
  attention: ({ q, k, v }) => [attention(q, k, v)],
  "attention-causal": ({ q, k, v }) => [attention(q, k, v, causalMask(q.shape[2]))],
  "attention-cross": ({ q, k, v }) => [attention(q, k, v)],
  gruCell: (values) => [gru(weights(values), values.x, values.h)],
  lstmCell: (values) => {
    const { hidden, cell } = lstm(weights(values), values.x, { hidden: values.h, cell: values.c });
    return [hidden, cell];
  },
};

const folder = join(import.meta.dirname, "fixtures/torch");
interface Case {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly upstream: readonly string[];
  readonly gradients: readonly string[];
}
const recorded: Record<string, Case> = JSON.parse(readFileSync(join(folder, "ops.json"), "utf8"));

describe.each(Object.entries(cases))("%s", (name, compute) => {
  test.each(Object.entries(backends))("agrees with PyTorch %s", async (_, { run, tolerance }) => {
    const { tensors } = await readTensors(join(folder, "ops.safetensors"));
    const { inputs, outputs, upstream, gradients } = recorded[name];
    const stored = (tensor: string) => tensors[`${name}/${tensor}`];
    const given = [...inputs, ...upstream];
    const results = await run(
      Object.fromEntries(given.map((input) => [input, float32(...stored(input).shape)])),
      (values: Values) => {
        const found = compute(values);
        const weighted = found.map((y, i) => sum(mul(y, values[upstream[i]]))).reduce(add);
        const slopes = grad(
          weighted,
          gradients.map((input) => values[input]),
        );
        return Object.fromEntries([
          ...outputs.map((output, i) => [output, found[i]]),
          ...gradients.map((input, i) => [`d_${input}`, slopes[i]]),
        ]) as Values;
      },
      Object.fromEntries(given.map((input) => [input, stored(input).data as Float32Array])),
    );
    const compared = [...outputs, ...gradients.map((input) => `d_${input}`)];
    const errors = compared.map((result) =>
      relativeError(results[result], stored(result).data as Float64Array),
    );
    for (const [i, error] of errors.entries()) expect(error, compared[i]).toBeLessThan(tolerance);
  });
});
