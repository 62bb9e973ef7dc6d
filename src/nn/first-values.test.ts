/** @file First values follow PyTorch's laws, as recorded in init.json. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { lookup, Random } from "../base/index.ts";
import { leavesOf, type Parameter } from "../tensor/index.ts";
import { initAttention } from "./attention.ts";
import { denoisers } from "./denoisers/index.ts";
import { initEmbedding } from "./embedding.ts";
import { initNorm } from "./layer-norm.ts";
import { initConv, initConv2d, initConvTranspose, initLinear } from "./linear.ts";
import { initGru, initLstm, type RecurrentCell } from "./recurrent.ts";

interface Law {
  readonly distribution: "uniform" | "normal" | "constant";
  readonly value: number;
  readonly mean: number;
  readonly std: number;
  readonly high: number;
}
/** Sizes of the layer, and the law of each parameter by PyTorch's name. */
interface Case {
  readonly layer: string;
  readonly in: number;
  readonly out: number;
  readonly kernel: number;
  readonly hidden: number;
  readonly rows: number;
  readonly size: number;
  readonly parameters: Readonly<Record<string, Law>>;
}
const file = join(import.meta.dirname, "../../test/fixtures/torch/init.json");
const { cases }: { cases: Case[] } = JSON.parse(readFileSync(file, "utf8"));

type Named = Readonly<Record<string, Parameter>>;
const cell = ({ input, memory }: RecurrentCell<Parameter>): Named => ({
  weight_ih: input.weight,
  bias_ih: input.bias,
  weight_hh: memory.weight,
  bias_hh: memory.bias,
});
const norm = ({ scale, shift }: { scale: Parameter; shift: Parameter }): Named => ({
  weight: scale,
  bias: shift,
});
const layers: Readonly<Record<string, (sizes: Case, random: Random) => Named>> = {
  linear: (sizes, random) => ({ ...initLinear(sizes.in, sizes.out, random) }),
  conv1d: (sizes, random) => ({ ...initConv(sizes.kernel, sizes.in, sizes.out, random) }),
  conv2d: (sizes, random) => ({ ...initConv2d(sizes.kernel, sizes.in, sizes.out, random) }),
  convTranspose1d: (sizes, random) => ({ ...initConvTranspose(sizes.kernel, sizes.in, sizes.out, random) }),
  gruCell: (sizes, random) => cell(initGru(sizes.in, sizes.hidden, random)),
  lstmCell: (sizes, random) => cell(initLstm(sizes.in, sizes.hidden, random)),
  embedding: (sizes, random) => ({ weight: initEmbedding(sizes.rows, sizes.size, random) }),
  layerNorm: (sizes) => norm(initNorm(sizes.size)),
  groupNorm: ({ size }, random) => {
    const sizes = { horizon: 1, actionSize: 1, conditionSize: 1, nObsSteps: 1, numTrainTimesteps: 1 };
    const config = { kind: "unet", width: size, multiples: [1] } as const;
    return norm(denoisers.unet.init(config, sizes, random).final.block.norm);
  },
};

/** At least `count` numbers of the parameter called `name`, from as many layers as it takes. */
function draws(of: Case, name: string, count: number): Float32Array {
  const init = lookup(layers, of.layer, "layer");
  const size = init(of, new Random(0))[name].data.length;
  const out = new Float32Array(Math.ceil(count / size) * size);
  for (let i = 0; i < out.length; i += size) out.set(init(of, new Random(i))[name].data, i);
  return out;
}

function expectLaw(values: Float32Array, { distribution, value, mean = 0, std, high }: Law): void {
  if (distribution === "constant") {
    expect(values.every((x) => x === value)).toBe(true);
    return;
  }
  const average = values.reduce((sum, x) => sum + x / values.length, 0);
  const deviation = Math.sqrt(values.reduce((sum, x) => sum + (x - average) ** 2 / values.length, 0));
  expect(Math.abs(average - mean)).toBeLessThan(0.02 * std); // 6 standard errors
  expect(Math.abs(deviation / std - 1)).toBeLessThan(0.015); // 6 standard errors
  // The share within one deviation tells a normal distribution (68 %) from a uniform one (58 %).
  const within = values.filter((x) => Math.abs(x - mean) < std).length / values.length;
  expect(within).toBeCloseTo(distribution === "normal" ? 0.6827 : 1 / Math.sqrt(3), 2);
  if (distribution === "normal") return;
  const furthest = values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  expect(furthest).toBeLessThanOrEqual(Math.fround(high));
  expect(furthest).toBeGreaterThan(0.99 * high);
}

describe.each(cases.map((one) => [one.layer, one] as const))("%s", (_, one) => {
  test.each(Object.entries(one.parameters))("%s is drawn as in PyTorch", (name, law) =>
    expectLaw(draws(one, name, law.distribution === "constant" ? 1 : 100_000), law),
  );
});

test("attention starts small: weights of deviation 0.02, biases 0", () => {
  const weights = leavesOf<Parameter>(initAttention(160, new Random(0)));
  for (const { path, leaf } of weights)
    expectLaw(leaf.data, {
      distribution: path.endsWith("bias") ? "constant" : "normal",
      value: 0,
      mean: 0,
      std: 0.02,
      high: 0,
    });
});
