/** @file The denoisers against PyTorch: prediction, loss, the gradient of every parameter, and a few steps of training. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { z } from "zod";
import { fromTorch, type Kind, type Numbers, toTorch } from "../bench/learning/torch-weights.ts";
import { Random } from "../src/base/index.ts";
import { cpu } from "../src/devices/index.ts";
import { createTrainer, DenoiserConfig, denoiserKind, denoisers } from "../src/nn/index.ts";
import { readTensors } from "../src/platform/index.ts";
import {
  fillLayout,
  flatten,
  float32,
  grad,
  int32,
  type Layout,
  layoutOf,
  leavesOf,
  mean,
  type Parameter,
  pack,
  sizeOf,
  square,
  sub,
  unpack,
  type Value,
} from "../src/tensor/index.ts";
import { backends, relativeError } from "./both-backends.ts";

/** Sizes in the fixtures' words. */
interface Sizes {
  readonly action_size: number;
  readonly observation_size: number;
  readonly observation_steps: number;
  readonly horizon: number;
  readonly width: number;
  readonly model_dim: number;
  readonly blocks: number;
  readonly embedding_size: number;
  readonly heads: number;
  readonly layers: number;
}

/** Our configurations of the recorded networks. */
const recorded: Readonly<Record<Kind, (sizes: Sizes) => z.input<typeof DenoiserConfig>>> = {
  unet: ({ model_dim }) => ({ kind: "unet", width: model_dim, multiples: [1, 2, 4] }),
  mlp: ({ width, blocks, embedding_size }) => ({ kind: "mlp", width, blocks, embeddingSize: embedding_size }),
  transformer: ({ width, heads, layers }) => ({ kind: "transformer", width, heads, layers }),
};
const kinds = Object.keys(recorded) as Kind[];

test("every kind of denoiser is recorded", () => expect(kinds.sort()).toEqual(Object.keys(denoisers).sort()));

function denoiserOf(kind: Kind, given: Sizes, numTrainTimesteps: number) {
  const config = DenoiserConfig.parse(recorded[kind](given));
  const sizes = {
    horizon: given.horizon,
    actionSize: given.action_size,
    conditionSize: given.observation_steps * given.observation_size,
    nObsSteps: given.observation_steps,
    numTrainTimesteps,
  };
  const { init, apply } = denoiserKind(config);
  return {
    first: init(config, sizes, new Random(0)),
    predict: (network: never, noisy: Value, k: Value, vector: Value) =>
      apply(network, config, sizes, noisy, k, { vector }),
  };
}

async function load(kind: Kind) {
  const path = join(import.meta.dirname, `fixtures/torch/${kind}.safetensors`);
  const { tensors, metadata } = await readTensors(path);
  const about: { config: Sizes; K: number; parameters: number } = JSON.parse(metadata.about);
  /** The tensors under a prefix, by PyTorch's names. */
  const group = (prefix: string) =>
    new Map(
      Object.entries(tensors)
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, tensor]) => [name.slice(prefix.length), tensor as Numbers]),
    );
  const { first, predict } = denoiserOf(kind, about.config, about.K);
  const network = fromTorch(kind, first, group("weights/") as Map<string, Parameter>);
  const layout = layoutOf(network);
  const theta = new Float32Array(layout.size);
  flatten(network, theta);
  const numbers = {
    noisy: tensors.noisy.data as Float64Array,
    noise: tensors["batch/noise"].data as Float32Array,
    k: tensors["batch/steps"].data as Int32Array,
    condition: tensors["batch/observations"].data as Float32Array,
  };
  const [batch, ...sequence] = tensors.noisy.shape;
  const specs = {
    noisy: float32(batch, ...sequence),
    noise: float32(batch, ...sequence),
    k: int32(batch),
    condition: float32(batch, numbers.condition.length / batch),
  };
  const loss = (predicted: Value, noise: Value) => mean(square(sub(predicted, noise)));
  return { about, tensors, group, network, layout, theta, numbers, specs, predict, loss };
}

/** Names of the tensors that differ, with their relative errors; empty if all agree. */
function disagreements(
  found: ReadonlyMap<string, Numbers>,
  truth: ReadonlyMap<string, Numbers>,
  tolerance: number,
): [string, number][] {
  expect([...found.keys()].sort()).toEqual([...truth.keys()].sort());
  return [...truth]
    .map(([name, { data }]): [string, number] => [
      name,
      relativeError((found.get(name) as Numbers).data, data),
    ])
    .filter(([, error]) => !(error <= tolerance));
}

/** The tree whose flat vector is `vector`. */
const treeOf = <Tree>(layout: Layout<Tree>, vector: Numbers["data"]) =>
  fillLayout(layout, ({ shape, offset }) => ({
    shape,
    data: vector.subarray(offset, offset + sizeOf(shape)),
  }));

describe.each(kinds)("%s", (kind) => {
  test.each(Object.entries(backends))("agrees with PyTorch %s", async (_, { run, tolerance }) => {
    const { tensors, group, layout, theta, numbers, specs, predict, loss } = await load(kind);
    const results = await run(
      { ...specs, theta: float32(layout.size) },
      ({ noisy, noise, k, condition, theta }) => {
        const network = unpack(layout, theta);
        const prediction = predict(network as never, noisy, k, condition);
        const value = loss(prediction, noise);
        const parameters = leavesOf<Value>(network).map(({ leaf }) => leaf);
        return { prediction, loss: value, gradient: pack(grad(value, parameters)) };
      },
      { ...numbers, theta },
    );
    expect(relativeError(results.prediction, tensors.prediction.data as Float64Array)).toBeLessThan(
      tolerance,
    );
    expect(relativeError(results.loss, tensors.loss.data as Float64Array)).toBeLessThan(tolerance);
    const gradients = toTorch(kind, treeOf(layout, results.gradient));
    expect(disagreements(gradients, group("gradients/"), tolerance)).toEqual([]);
  });

  test("has PyTorch's number of parameters", async () => {
    const { about, layout } = await load(kind);
    expect(layout.size).toBe(about.parameters);
  });

  test("its weights come back from PyTorch's layout unchanged", async () => {
    const { group, network } = await load(kind);
    const back = toTorch(kind, network);
    expect(disagreements(back, group("weights/"), 0)).toEqual([]);
    for (const [name, { shape }] of group("weights/")) expect(back.get(name)?.shape).toEqual(shape);
  });

  test("predicts the same for one timestep given once and given for each sample", async () => {
    const { layout, theta, numbers, specs, predict } = await load(kind);
    const k = 7;
    const [batch] = specs.k.shape;
    const { run, tolerance } = backends["on the processor, in float32"];
    const { once, each } = await run(
      { ...specs, one: int32(), theta: float32(layout.size) },
      ({ noisy, k, one, condition, theta }) => {
        const traced = unpack(layout, theta) as never;
        return { once: predict(traced, noisy, one, condition), each: predict(traced, noisy, k, condition) };
      },
      { ...numbers, k: new Int32Array(batch).fill(k), one: [k], theta },
    );
    expect(relativeError(once, each)).toBeLessThan(tolerance);
  });
});

test("the MLP trains as with PyTorch's AdamW: losses, weights and their average after 3 steps", async () => {
  const { tensors, group, network, numbers, specs, predict, loss } = await load("mlp");
  await using trainer = await createTrainer({
    network,
    inputs: specs,
    loss: (network, { noisy, noise, k, condition }) =>
      loss(predict(network as never, noisy, k, condition), noise),
    optimizer: { weightDecay: 0.01, emaDecay: 0.995 },
    device: cpu({ threads: 1 }),
  });
  const losses: number[] = [];
  for (let step = 0; step < 3; step++) {
    const batch = { ...numbers, noisy: Float32Array.from(numbers.noisy) };
    losses.push((await trainer.step(batch, 0.01)).loss);
  }
  expect(relativeError(losses, tensors.losses.data as Float64Array)).toBeLessThan(1e-5);
  const found = toTorch("mlp", await trainer.network());
  const average = toTorch("mlp", await trainer.network("average"));
  expect(disagreements(found, group("after/"), 1e-5)).toEqual([]);
  expect(disagreements(average, group("average/"), 1e-5)).toEqual([]);
});

describe("PyTorch's weights are refused", () => {
  const refusal = async (change: (weights: Map<string, Numbers>) => void) => {
    const { group, network } = await load("mlp");
    const weights = group("weights/");
    change(weights);
    return () => fromTorch("mlp", network, weights);
  };

  test("if one is missing", async () =>
    expect(await refusal((weights) => weights.delete("out.2.bias"))).toThrow(
      `PyTorch's weights have no "out.2.bias".`,
    ));

  test("if one is left over", async () =>
    expect(
      await refusal((weights) => weights.set("head.bias", { shape: [1], data: Float32Array.of(1) })),
    ).toThrow("PyTorch's weights have no place in the network: head.bias."));

  test("if one has another shape", async () =>
    expect(
      await refusal((weights) =>
        weights.set("out.2.weight", { shape: [24, 16], data: new Float32Array(384) }),
      ),
    ).toThrow('"out.2.weight": expected (16, 24), got (24, 16).'));
});
