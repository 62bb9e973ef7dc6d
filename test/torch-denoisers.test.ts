/** @file The three denoisers against PyTorch: guess, loss, the gradient of every parameter, and a few steps of training. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { fromTorch, type Kind, type Numbers, toTorch } from "../bench/learning/torch-weights.ts";
import { Random } from "../src/base/index.ts";
import { cpu } from "../src/devices/index.ts";
import {
  createTrainer,
  initResidualMlp,
  initTransformer,
  initUNet,
  residualMlp,
  transformer,
  unet,
} from "../src/nn/index.ts";
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

/** What the fixtures call things, in our words. */
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
interface Contestant {
  readonly first: unknown;
  readonly guess: (network: never, plans: Value, k: Value, condition: Value) => Value;
}

const contestants: Readonly<Record<Kind, (sizes: Sizes, levels: number) => Contestant>> = {
  unet: (sizes, levels) => {
    const config = { ...common(sizes, levels), width: sizes.model_dim, multiples: [1, 2, 4] };
    return {
      first: initUNet(config, new Random(0)),
      guess: (network, ...rest) => unet(network, config, ...rest),
    };
  },
  mlp: (sizes, levels) => {
    const { horizon, width, blocks, embedding_size: embeddingSize } = sizes;
    const config = { ...common(sizes, levels), horizon, width, blocks, embeddingSize };
    return {
      first: initResidualMlp(config, new Random(0)),
      guess: (network, ...rest) => residualMlp(network, config, ...rest),
    };
  },
  transformer: (sizes, levels) => {
    const { horizon, width, heads, layers, observation_steps: nObsSteps } = sizes;
    const config = { ...common(sizes, levels), horizon, width, heads, layers, nObsSteps };
    return {
      first: initTransformer(config, new Random(0)),
      guess: (network, ...rest) => transformer(network, config, ...rest),
    };
  },
};
const common = ({ action_size, observation_size, observation_steps }: Sizes, levels: number) => ({
  actionSize: action_size,
  conditionSize: observation_steps * observation_size,
  levels,
});
const kinds = Object.keys(contestants) as Kind[];

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
  const { first, guess } = contestants[kind](about.config, about.K);
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
  const [batch, ...plan] = tensors.noisy.shape;
  const specs = {
    noisy: float32(batch, ...plan),
    noise: float32(batch, ...plan),
    k: int32(batch),
    condition: float32(batch, numbers.condition.length / batch),
  };
  const loss = (guessed: Value, noise: Value) => mean(square(sub(guessed, noise)));
  return { about, tensors, group, network, layout, theta, numbers, specs, guess, loss };
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
    const { tensors, group, layout, theta, numbers, specs, guess, loss } = await load(kind);
    const results = await run(
      { ...specs, theta: float32(layout.size) },
      ({ noisy, noise, k, condition, theta }) => {
        const network = unpack(layout, theta);
        const prediction = guess(network as never, noisy, k, condition);
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

  test("guesses the same for one level given once and given for each sample", async () => {
    const { network, layout, theta, numbers, specs, guess } = await load(kind);
    const k = 7;
    const [batch] = specs.k.shape;
    const { run, tolerance } = backends["on the processor, in float32"];
    const { once, each } = await run(
      { ...specs, one: int32(), theta: float32(layout.size) },
      ({ noisy, k, one, condition, theta }) => {
        const traced = unpack(layout, theta) as typeof network as never;
        return { once: guess(traced, noisy, one, condition), each: guess(traced, noisy, k, condition) };
      },
      { ...numbers, k: new Int32Array(batch).fill(k), one: [k], theta },
    );
    expect(relativeError(once, each)).toBeLessThan(tolerance);
  });
});

test("the MLP trains as with PyTorch's AdamW: losses, weights and their average after 3 steps", async () => {
  const { tensors, group, network, numbers, specs, guess, loss } = await load("mlp");
  await using trainer = await createTrainer({
    network,
    inputs: specs,
    loss: (network, { noisy, noise, k, condition }) =>
      loss(guess(network as never, noisy, k, condition), noise),
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
