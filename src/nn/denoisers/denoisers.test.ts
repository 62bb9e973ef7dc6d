/** @file What every kind of denoiser promises, and what only one does. Their numbers: test/torch-denoisers.test.ts. */
import { describe, expect, test } from "vitest";
import type { z } from "zod";
import { Random } from "../../base/index.ts";
import { cpu } from "../../devices/index.ts";
import {
  constant,
  evaluate,
  float32,
  grad,
  input,
  int32,
  layoutOf,
  leavesOf,
  mapTree,
  mean,
  type Parameter,
  type Shape,
  sizeOf,
  square,
  sub,
  sum,
  type Value,
} from "../../tensor/index.ts";
import { createTrainer } from "../trainer.ts";
import { type Denoiser, DenoiserConfig, denoiserKind, denoisers, type TracedDenoiser } from "./index.ts";

type Kind = keyof typeof denoisers;

/** A small one of each kind. The keys are those of the table, so a kind without an example fails the type check. */
const examples: { readonly [K in Kind]: z.input<(typeof denoisers)[K]["config"]> } = {
  unet: { kind: "unet", width: 16, multiples: [1, 2] },
  mlp: { kind: "mlp", width: 32, blocks: 2, embeddingSize: 8 },
  transformer: { kind: "transformer", width: 16, heads: 2, layers: 2 },
};
const sizes = { horizon: 4, actionSize: 2, conditionSize: 6, nObsSteps: 2, numTrainTimesteps: 10 };

/** A kind's small example. */
function exampleOf(kind: Kind) {
  const config = DenoiserConfig.parse(examples[kind]);
  const { init, apply } = denoiserKind(config);
  return {
    init: (random: Random): Denoiser => init(config, sizes, random),
    predict: (network: TracedDenoiser, noisy: Value, k: Value, vector: Value) =>
      apply(network, config, sizes, noisy, k, { vector }),
  };
}

const normal = (shape: Shape, random: Random): Float32Array =>
  random.fillNormal(new Float32Array(sizeOf(shape)));
/** The network as constants of a graph. */
const known = (network: Denoiser): TracedDenoiser =>
  mapTree(network, (leaf) => constant((leaf as Parameter).data, leaf.shape)) as TracedDenoiser;
/** The value and all it is computed from. */
function withInputs(value: Value, found = new Set<Value>()): ReadonlySet<Value> {
  if (!found.has(value)) {
    found.add(value);
    for (const inner of value.inputs) withInputs(inner, found);
  }
  return found;
}
const numbersOf = (value: Value): number[] => [...evaluate([value], new Map())[0].data];

test("a kind is listed under its own name", () => {
  for (const [name, { config }] of Object.entries(denoisers)) expect(config.shape.kind.value).toBe(name);
});

test("the configuration of an unknown kind is refused with the kinds there are", () => {
  const { error } = DenoiserConfig.safeParse({ kind: "cnn" });
  for (const kind of Object.keys(denoisers)) expect(error?.message).toContain(`'${kind}'`);
});

describe.each(Object.keys(denoisers) as Kind[])("%s", (kind) => {
  const { init, predict } = exampleOf(kind);

  test("has defaults for all but its kind", () =>
    expect(DenoiserConfig.safeParse({ kind }).success).toBe(true));

  test("has the same first values from the same seed, and others from another", () => {
    const values = (seed: number) =>
      leavesOf<Parameter>(init(new Random(seed))).flatMap(({ leaf }) => [...leaf.data]);
    expect(values(1)).toEqual(values(1));
    expect(values(1)).not.toEqual(values(2));
  });

  test("each action sequence of a batch is denoised by itself", () => {
    const random = new Random(3);
    const network = known(init(random));
    const [noisy, condition] = [normal([3, 4, 2], random), normal([3, 6], random)];
    const denoise = (from: number, to: number) =>
      numbersOf(
        predict(
          network,
          constant(noisy.slice(from * 8, to * 8), [to - from, 4, 2]),
          constant(Int32Array.of(0, 4, 9).slice(from, to)),
          constant(condition.slice(from * 6, to * 6), [to - from, 6]),
        ),
      );
    expect([...denoise(0, 1), ...denoise(1, 2), ...denoise(2, 3)]).toEqual(denoise(0, 3));
  });

  test("depends on the noisy actions, the timestep and the condition", () => {
    const random = new Random(6);
    const network = known(init(random));
    const [noisy, condition] = [normal([1, 4, 2], random), normal([1, 6], random)];
    const at = (noisy: Float32Array, k: number, condition: Float32Array) =>
      numbersOf(
        predict(network, constant(noisy, [1, 4, 2]), constant(Int32Array.of(k)), constant(condition, [1, 6])),
      );
    const before = at(noisy, 3, condition);
    expect(at(noisy.with(5, 1), 3, condition)).not.toEqual(before);
    expect(at(noisy, 4, condition)).not.toEqual(before);
    expect(at(noisy, 3, condition.with(2, 1))).not.toEqual(before);
  });

  test("its gradient is the slope of the loss, along a direction in all parameters, actions and condition", () => {
    const random = new Random(8);
    const numbers = {
      network: init(random),
      noisy: { shape: [2, 4, 2], data: normal([2, 4, 2], random) },
      condition: { shape: [2, 6], data: normal([2, 6], random) },
    };
    const target = constant(normal([2, 4, 2], random), [2, 4, 2]);
    const lossAt = (step: number) => {
      const moved = mapTree(numbers, (leaf, path) => {
        const direction = normal(leaf.shape, new Random(1).split(path));
        return constant(
          Float64Array.from((leaf as Parameter).data, (x, i) => x + step * direction[i]),
          leaf.shape,
        );
      });
      const k = constant(Int32Array.of(2, 7));
      const prediction = predict(moved.network as TracedDenoiser, moved.noisy, k, moved.condition);
      return { loss: sum(square(sub(prediction, target))), leaves: leavesOf<Value>(moved) };
    };
    const lossOf = (step: number) => numbersOf(lossAt(step).loss)[0];
    const step = 1e-4;
    const difference =
      (8 * (lossOf(step) - lossOf(-step)) - (lossOf(2 * step) - lossOf(-2 * step))) / (12 * step);
    const { loss, leaves } = lossAt(0);
    const slopes = evaluate(
      grad(
        loss,
        leaves.map(({ leaf }) => leaf),
      ),
      new Map(),
    );
    const slope = slopes.reduce((total, { data }, i) => {
      const direction = normal(leaves[i].leaf.shape, new Random(1).split(leaves[i].path));
      return data.reduce((sum, each, j) => sum + each * direction[j], total);
    }, 0);
    expect(slope / difference).toBeCloseTo(1, 6);
  });

  test("computes what the timestep alone decides outside a sampler's loop", () => {
    const network = known(init(new Random(4)));
    const noisy = input("noisy", float32(3, 4, 2));
    const k = input("k", int32());
    const all = withInputs(predict(network, noisy, k, constant(new Float32Array(18), [3, 6])));
    const inLoop = [...all].filter((value) => withInputs(value).has(k) && !withInputs(value).has(noisy));
    const names = new Set(inLoop.map(({ op }) => op.name));
    expect(
      [...names].filter(
        (name) => !/^(input|gather|reshape|broadcastTo|slice|add|concat|transpose)$/.test(name),
      ),
    ).toEqual([]);
  });

  test("learns one batch by heart", async () => {
    const random = new Random(5);
    const batch = {
      noisy: normal([8, 4, 2], random),
      noise: normal([8, 4, 2], random),
      condition: normal([8, 6], random),
      k: random.fillIntegers(new Int32Array(8), 0, sizes.numTrainTimesteps),
    };
    await using trainer = await createTrainer({
      network: init(random),
      inputs: {
        noisy: float32(8, 4, 2),
        noise: float32(8, 4, 2),
        condition: float32(8, 6),
        k: int32(8),
      },
      loss: (network, { noisy, noise, condition, k }) =>
        mean(square(sub(predict(network as TracedDenoiser, noisy, k, condition), noise))),
      device: cpu({ threads: 1 }),
    });
    let loss = Number.POSITIVE_INFINITY;
    for (let step = 0; step < 300 && loss > 1e-3; step++) ({ loss } = await trainer.step(batch, 3e-3));
    expect(loss).toBeLessThan(1e-3);
  });

  test("refuses a horizon it is not made for", () => {
    const network = known(init(new Random(0)));
    const k = constant(Int32Array.of(0));
    const condition = constant(new Float32Array(6), [1, 6]);
    expect(() => predict(network, constant(new Float32Array(10), [1, 5, 2]), k, condition)).toThrow(
      /made for 4 actions at once, got 5\.$|^horizon 5 is not a multiple of 2, .* Use 4 or 6\.$/,
    );
  });
});

describe("the U-Net", () => {
  test.each([
    [256, 68_903_684],
    [128, 17_248_644],
    [64, 4_323_524],
    [32, 1_086_564],
  ])("of width %i has %i parameters, as CleanDiffuser's", (width, count) => {
    const config = denoisers.unet.config.parse({ kind: "unet", width });
    const metaworld = { horizon: 16, actionSize: 4, conditionSize: 78, nObsSteps: 2, numTrainTimesteps: 20 };
    expect(layoutOf(denoisers.unet.init(config, metaworld, new Random(0))).size).toBe(count);
  });

  test.each([
    [10, "horizon 10 is not a multiple of 4, which the denoiser's 2 halvings need. Use 8 or 12."],
    [2, "horizon 2 is not a multiple of 4, which the denoiser's 2 halvings need. Use 4."],
  ])("refuses a horizon of %i", (horizon, message) => {
    const config = denoisers.unet.config.parse({ kind: "unet", width: 16, multiples: [1, 1, 1] });
    expect(() => denoisers.unet.check?.(config, { horizon })).toThrow(message);
  });
});

describe("the transformer", () => {
  const { init, predict } = exampleOf("transformer");

  test("lets an action see earlier actions and observations, never later ones", () => {
    const random = new Random(7);
    const network = known(init(random));
    const [actions, condition] = [normal([1, 4, 2], random), normal([1, 6], random)];
    const predictionOf = (actions: Float32Array, condition: Float32Array) => {
      const predicted = predict(
        network,
        constant(actions, [1, 4, 2]),
        constant(Int32Array.of(3)),
        constant(condition, [1, 6]),
      );
      const numbers = numbersOf(predicted);
      return [0, 1, 2, 3].map((t) => numbers.slice(2 * t, 2 * t + 2));
    };
    const before = predictionOf(actions, condition);
    const changed = (after: number[][]) =>
      after.map((action, t) => action.some((x, i) => x !== before[t][i]));
    const shift = (array: Float32Array, at: number) => array.with(at, array[at] + 1);
    expect(changed(predictionOf(shift(actions, 2 * 2), condition))).toEqual([false, false, true, true]); // action 2
    expect(changed(predictionOf(actions, shift(condition, 0)))).toEqual([true, true, true, true]); // observation 0
    expect(changed(predictionOf(actions, shift(condition, 5)))).toEqual([false, true, true, true]); // observation 1
  });

  const config = denoisers.transformer.config.parse(examples.transformer);

  test("attends to tokens as to the vector they make", () => {
    const random = new Random(9);
    const network = denoisers.transformer.init(config, sizes, random);
    const traced = mapTree(network, (leaf) => constant((leaf as Parameter).data, leaf.shape));
    const [noisy, numbers] = [constant(normal([1, 4, 2], random), [1, 4, 2]), normal([1, 6], random)];
    const vector = constant(numbers, [1, 6]);
    const apply = (tokens: object) =>
      numbersOf(
        denoisers.transformer.apply(traced, config, sizes, noisy, constant(Int32Array.of(1)), {
          vector,
          ...tokens,
        }),
      );
    expect(apply({ tokens: constant(numbers, [1, 2, 3]) })).toEqual(apply({}));
  });

  test("refuses a condition that does not divide into observations", () =>
    expect(() => denoisers.transformer.init(config, { ...sizes, conditionSize: 7 }, new Random(0))).toThrow(
      "A condition of 7 numbers does not divide into 2 observations.",
    ));

  test("refuses a width that does not divide among the heads", () =>
    expect(() => denoisers.transformer.check?.({ ...config, heads: 3 }, sizes)).toThrow(
      "The denoiser's width 16 does not divide among 3 attention heads.",
    ));
});
