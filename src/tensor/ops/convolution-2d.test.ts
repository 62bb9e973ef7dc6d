import { expect, test } from "vitest";
import { relativeError, truthOf } from "../../../test/float64-truth.ts";
import { Random } from "../../base/index.ts";
import { cpu } from "../../devices/index.ts";
import { compile } from "../compile.ts";
import { valueAndGrad } from "../grad.ts";
import type { Value } from "../graph.ts";
import { conv2d, float32, mean, square } from "./index.ts";

type Values = Readonly<Record<"x" | "weight" | "bias", Value>>;

test("a batch whose patches leave the cache is differentiated in parts, with the results of the whole", async () => {
  const [batch, side, channels, outputs] = [10, 48, 3, 4]; // 2.5 MB of patches
  const inputs = {
    x: float32(batch, side, side, channels),
    weight: float32(3, 3, channels, outputs),
    bias: float32(outputs),
  };
  const random = new Random(3);
  const numbers = {
    x: random.fillNormal(new Float32Array(batch * side * side * channels)),
    weight: random.fillNormal(new Float32Array(9 * channels * outputs)),
    bias: random.fillNormal(new Float32Array(outputs)),
  };
  const f = (values: Values) => {
    const [value, { x, weight, bias }] = valueAndGrad(({ x, weight, bias }: Values) =>
      mean(square(conv2d(x, weight, bias, { padding: 1 }))),
    )(values);
    return { value, dx: x, dweight: weight, dbias: bias };
  };
  await using program = await compile(inputs, f, { device: cpu({ threads: 1 }) });
  const found = await program.run(numbers);
  const truth = truthOf(inputs, (values) => f(values as Values), numbers);
  for (const name of ["value", "dx", "dweight", "dbias"] as const)
    expect(relativeError(found[name], truth[name]), name).toBeLessThan(1e-5);
});
