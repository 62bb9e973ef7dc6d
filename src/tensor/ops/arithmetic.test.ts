import { expect, test } from "vitest";
import { Random } from "../../base/index.ts";
import { cpu } from "../../devices/index.ts";
import { compile } from "../compile.ts";
import { float32, mean, sum } from "./index.ts";

test("mean and sum of millions of numbers keep their digits", async () => {
  const shape = [512, 8, 1024] as const;
  const x = new Random(1).fillUniform(new Float32Array(2 ** 22));
  const truth = x.reduce((total, each) => total + each, 0);
  await using program = await compile(
    { x: float32(...shape) },
    ({ x }) => ({ sum: sum(x), mean: mean(x, { keep: true }) }),
    { device: cpu({ threads: 1 }) },
  );
  expect(program.outputs.mean.shape).toEqual([1, 1, 1]);
  const found = await program.run({ x });
  expect(Math.abs(found.sum[0] / truth - 1)).toBeLessThan(1e-6);
  expect(Math.abs(found.mean[0] / (truth / x.length) - 1)).toBeLessThan(1e-6);
});
