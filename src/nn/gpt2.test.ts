import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { backends, relativeError } from "../../test/both-backends.ts";
import { Random } from "../base/index.ts";
import { readTensors } from "../platform/index.ts";
import { constant, evaluate, float32, mapTree, type Parameter, slice, type Value } from "../tensor/index.ts";
import { causalMask } from "./attention.ts";
import { countDropout, dropoutBy, fillDropout, noDropout } from "./dropout.ts";
import { type Gpt2Block, gpt2, gpt2Block, gpt2Mask, initGpt2 } from "./gpt2.ts";

/** Recorded: the transformer of HarmoDT's prompt decision transformer, two blocks of width 32, relu, dropout 0. */
const { tensors } = await readTensors(join(import.meta.dirname, "fixtures/prompt-dt-network.safetensors"));
const stored = (name: string) => tensors[name].data as Float32Array;
const [batch, steps, width] = tensors["outputs/hidden/tokens"].shape;
const dense = (name: string) => ({
  weight: constant(stored(`weights/${name}.weight`), tensors[`weights/${name}.weight`].shape),
  bias: constant(stored(`weights/${name}.bias`)),
});
const normOf = (name: string) => {
  const { weight: scale, bias: shift } = dense(name);
  return { scale, shift };
};
const block = (i: number): Gpt2Block<Value> => ({
  attention: {
    norm: normOf(`transformer.h.${i}.ln_1`),
    input: dense(`transformer.h.${i}.attn.c_attn`),
    out: dense(`transformer.h.${i}.attn.c_proj`),
  },
  feedForward: {
    norm: normOf(`transformer.h.${i}.ln_2`),
    first: dense(`transformer.h.${i}.mlp.c_fc`),
    second: dense(`transformer.h.${i}.mlp.c_proj`),
  },
});
const network = { blocks: [block(0), block(1)], norm: normOf("transformer.ln_f") };

/** 1 for the tokens of the prompt and of steps that are no padding: three each. */
const real = Float32Array.from({ length: batch * steps }, (_, i) => {
  const [row, step] = [Math.floor(i / steps), Math.floor((i % steps) / 3)];
  return step < 3 ? 1 : stored("inputs/mask")[5 * row + step - 3];
});
/** The rows of real tokens: those of padding mean nothing. */
const ofReal = (hidden: ArrayLike<number>) =>
  Array.from(hidden).filter((_, i) => real[Math.floor(i / width)] === 1);

describe("as the published transformer", () => {
  test.each(Object.entries(backends))("block by block, %s", async (_, { run, tolerance }) => {
    expect(real).toContain(0);
    const found = await run(
      { tokens: float32(batch, steps, width), real: float32(batch, steps) },
      ({ tokens, real: seen }) => {
        const options = { heads: 2, activation: "relu", mask: gpt2Mask(steps, seen) } as const;
        const block0 = gpt2Block(network.blocks[0], tokens, options);
        return {
          block0,
          block1: gpt2Block(network.blocks[1], block0, options),
          final: gpt2(network, tokens, options),
        };
      },
      { tokens: stored("outputs/hidden/tokens"), real },
    );
    for (const [name, hidden] of Object.entries(found))
      expect(relativeError(ofReal(hidden), ofReal(stored(`outputs/hidden/${name}`)))).toBeLessThan(
        Math.max(tolerance, 2e-6),
      );
  });
});

const random = new Random(2);
const small = mapTree(initGpt2({ width: 8, layers: 2, innerSize: 12 }, random), (leaf) =>
  constant((leaf as Parameter).data, leaf.shape),
);
const tokens = constant(random.fillNormal(new Float32Array(2 * 5 * 8)), [2, 5, 8]);
const options = { heads: 2, activation: "mish", mask: causalMask(5) } as const;
const numbersOf = (value: Value): number[] => [...evaluate([value], new Map())[0].data];

describe("dropout", () => {
  const count = countDropout((dropout) => gpt2(small, tokens, { ...options, dropout }));

  test("is of the tokens, of the weights, and after both parts of each block", () =>
    expect(count).toBe(2 * 5 * 8 + 2 * (2 * 2 * 5 * 5 + 2 * (2 * 5 * 8))));

  test("by masks of ones changes nothing, by masks of zeros leaves the normalised nothing", () => {
    const by = (value: number) =>
      numbersOf(
        gpt2(small, tokens, {
          ...options,
          dropout: dropoutBy(constant(new Float32Array(count).fill(value))),
        }),
      );
    expect(by(1)).toEqual(numbersOf(gpt2(small, tokens, { ...options, dropout: noDropout })));
    expect(by(0)).toEqual(new Array(2 * 5 * 8).fill(0));
  });

  test("drops the share it is told, keeps the mean, and repeats itself", () => {
    const draw = (seed: number) => {
      const masks = new Float32Array(100_000);
      fillDropout(masks, 0.1, new Random(seed));
      return masks;
    };
    const masks = draw(1);
    expect(new Set(masks)).toEqual(new Set([0, Math.fround(1 / 0.9)]));
    expect(masks.filter((x) => x === 0).length / masks.length).toBeCloseTo(0.1, 2);
    expect(draw(1)).toEqual(masks);
    expect(draw(2)).not.toEqual(masks);
  });

  test("refuses masks that are too few", () =>
    expect(() =>
      gpt2(small, tokens, { ...options, dropout: dropoutBy(constant(new Float32Array(count - 1))) }),
    ).toThrow("more numbers than"));
});

test("what is not read of the result changes nothing of what is", () => {
  const read = (x: Value) => slice(x, 1, 2, 4);
  const whole = numbersOf(read(gpt2(small, tokens, options)));
  const found = numbersOf(gpt2(small, tokens, { ...options, read }));
  expect(relativeError(found, whole)).toBeLessThan(1e-12);
});

test("heads that do not divide the width are refused", () =>
  expect(() => gpt2(small, tokens, { ...options, heads: 3 })).toThrow("does not divide into 3 heads"));
