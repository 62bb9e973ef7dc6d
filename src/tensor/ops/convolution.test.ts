import { expect, test } from "vitest";
import { relativeError } from "../../../test/float64-truth.ts";
import { Random } from "../../base/index.ts";
import { cpu } from "../../devices/index.ts";
import { compile } from "../compile.ts";
import { valueAndGrad } from "../grad.ts";
import type { Value } from "../graph.ts";
import { add, conv1d, float32, mean, mul, slice, square } from "./index.ts";

type Values = Readonly<Record<"x" | "weight" | "bias", Value>>;

test("a batch whose windows leave the cache is convolved in parts, with the results of the whole", async () => {
  const [batch, time, channels, outputs] = [500, 16, 96, 32]; // 15 MB of windows
  const inputs = {
    x: float32(batch, time, channels),
    weight: float32(5, channels, outputs),
    bias: float32(outputs),
  };
  const random = new Random(3);
  const numbers = {
    x: random.fillNormal(new Float32Array(batch * time * channels)),
    weight: random.fillNormal(new Float32Array(5 * channels * outputs)).map((w) => w / 20),
    bias: random.fillNormal(new Float32Array(outputs)),
  };
  const loss = ({ x, weight, bias }: Values) => mean(square(conv1d(x, weight, bias, { padding: 2 })));
  /** The same loss by hand: half of the batch at a time, which stays in one part. */
  const lossOfHalves = ({ x, weight, bias }: Values) => {
    const half = (start: number) => loss({ x: slice(x, 0, start, start + batch / 2), weight, bias });
    return mul(0.5, add(half(0), half(batch / 2)));
  };
  const run = async (f: (values: Values) => Value) => {
    await using program = await compile(
      inputs,
      (values) => {
        const [value, { x, weight, bias }] = valueAndGrad(f)(values);
        return { value, dx: x, dweight: weight, dbias: bias };
      },
      { device: cpu({ threads: 1 }) },
    );
    return await program.run(numbers);
  };
  const [whole, halves] = [await run(loss), await run(lossOfHalves)];
  for (const name of ["value", "dx", "dweight", "dbias"] as const)
    expect(relativeError(whole[name], halves[name]), name).toBeLessThan(1e-5);
});
