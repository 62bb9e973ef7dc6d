/** @file What every denoiser promises, and what only one of them does. Their numbers: test/torch-denoisers.test.ts. */
import { describe, expect, test } from "vitest";
import { Random } from "../base/index.ts";
import { cpu } from "../devices/index.ts";
import {
  constant,
  evaluate,
  float32,
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
  type Value,
} from "../tensor/index.ts";
import { initResidualMlp, residualMlp } from "./residual-mlp.ts";
import { initUNet, unet } from "./temporal-unet.ts";
import { createTrainer } from "./trainer.ts";
import { initTransformer, transformer } from "./transformer.ts";

const common = { actionSize: 2, conditionSize: 6, levels: 10 };
const unetConfig = { ...common, width: 16, multiples: [1, 2] };
const mlpConfig = { ...common, horizon: 4, width: 32, blocks: 2, embeddingSize: 8 };
const transformerConfig = { ...common, horizon: 4, nObsSteps: 2, width: 16, heads: 2, layers: 2 };

/** Small ones, for plans of 4 actions. */
const denoisers = {
  unet: {
    init: (random: Random): unknown => initUNet(unetConfig, random),
    guess: (network: never, plans: Value, k: Value, condition: Value) =>
      unet(network, unetConfig, plans, k, condition),
  },
  residualMlp: {
    init: (random: Random): unknown => initResidualMlp(mlpConfig, random),
    guess: (network: never, plans: Value, k: Value, condition: Value) =>
      residualMlp(network, mlpConfig, plans, k, condition),
  },
  transformer: {
    init: (random: Random): unknown => initTransformer(transformerConfig, random),
    guess: (network: never, plans: Value, k: Value, condition: Value) =>
      transformer(network, transformerConfig, plans, k, condition),
  },
};

const normal = (shape: Shape, random: Random): Float32Array =>
  random.fillNormal(new Float32Array(sizeOf(shape)));
/** The network as constants of a graph. */
const known = (network: unknown): never =>
  mapTree(network, (leaf) => constant((leaf as Parameter).data, leaf.shape)) as never;
/** The value and all it is computed from. */
function withInputs(value: Value, found = new Set<Value>()): ReadonlySet<Value> {
  if (!found.has(value)) {
    found.add(value);
    for (const inner of value.inputs) withInputs(inner, found);
  }
  return found;
}
const numbersOf = (value: Value): number[] => [...evaluate([value], new Map())[0].data];

describe.each(Object.entries(denoisers))("%s", (_, { init, guess }) => {
  test("has the same first values from the same seed, and others from another", () => {
    const values = (seed: number) =>
      leavesOf<Parameter>(init(new Random(seed))).flatMap(({ leaf }) => [...leaf.data]);
    expect(values(1)).toEqual(values(1));
    expect(values(1)).not.toEqual(values(2));
  });

  test("each plan of a batch is denoised by itself", () => {
    const random = new Random(3);
    const network = known(init(random));
    const [plans, condition] = [normal([3, 4, 2], random), normal([3, 6], random)];
    const denoise = (from: number, to: number) =>
      numbersOf(
        guess(
          network,
          constant(plans.slice(from * 8, to * 8), [to - from, 4, 2]),
          constant(Int32Array.of(0, 4, 9).slice(from, to)),
          constant(condition.slice(from * 6, to * 6), [to - from, 6]),
        ),
      );
    expect([...denoise(0, 1), ...denoise(1, 2), ...denoise(2, 3)]).toEqual(denoise(0, 3));
  });

  test("computes what the noise level alone decides outside a sampler's loop", () => {
    const network = known(init(new Random(4)));
    const plans = input("plans", float32(3, 4, 2));
    const k = input("k", int32());
    const all = withInputs(guess(network, plans, k, constant(new Float32Array(18), [3, 6])));
    const inLoop = [...all].filter((value) => withInputs(value).has(k) && !withInputs(value).has(plans));
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
      plans: normal([8, 4, 2], random),
      noise: normal([8, 4, 2], random),
      condition: normal([8, 6], random),
      k: random.fillIntegers(new Int32Array(8), 0, common.levels),
    };
    await using trainer = await createTrainer({
      network: init(random),
      inputs: {
        plans: float32(8, 4, 2),
        noise: float32(8, 4, 2),
        condition: float32(8, 6),
        k: int32(8),
      },
      loss: (network, { plans, noise, condition, k }) =>
        mean(square(sub(guess(network as never, plans, k, condition), noise))),
      device: cpu({ threads: 1 }),
    });
    let loss = Number.POSITIVE_INFINITY;
    for (let step = 0; step < 300 && loss > 1e-3; step++) ({ loss } = await trainer.step(batch, 3e-3));
    expect(loss).toBeLessThan(1e-3);
  });
});

describe("the U-Net", () => {
  test.each([
    [256, 68_903_684],
    [128, 17_248_644],
    [64, 4_323_524],
    [32, 1_086_564],
  ])("of width %i has %i parameters, as CleanDiffuser's", (width, count) => {
    const config = { actionSize: 4, conditionSize: 2 * 39, levels: 20, width, multiples: [1, 2, 4] };
    expect(layoutOf(initUNet(config, new Random(0))).size).toBe(count);
  });

  test.each([
    [10, "horizon 10 is not a multiple of 4, which the denoiser's 2 halvings need. Use 8 or 12."],
    [2, "horizon 2 is not a multiple of 4, which the denoiser's 2 halvings need. Use 4."],
  ])("refuses a horizon of %i", (horizon, message) => {
    const config = { ...unetConfig, multiples: [1, 1, 1] };
    const network = known(initUNet(config, new Random(0)));
    const plans = constant(new Float32Array(2 * horizon), [1, horizon, 2]);
    const k = constant(Int32Array.of(0));
    expect(() => unet(network, config, plans, k, constant(new Float32Array(6), [1, 6]))).toThrow(message);
  });
});

test.each(["residualMlp", "transformer"] as const)("the %s refuses another horizon than its own", (name) => {
  const { init, guess } = denoisers[name];
  const plans = constant(new Float32Array(10), [1, 5, 2]);
  const condition = constant(new Float32Array(6), [1, 6]);
  expect(() => guess(known(init(new Random(0))), plans, constant(Int32Array.of(0)), condition)).toThrow(
    "This denoiser is made for plans of 4 actions, got 5.",
  );
});

describe("the transformer", () => {
  test("lets an action see earlier actions and observations, never later ones", () => {
    const random = new Random(7);
    const network = known(initTransformer(transformerConfig, random));
    const [plan, condition] = [normal([1, 4, 2], random), normal([1, 6], random)];
    const guessOf = (plan: Float32Array, condition: Float32Array) => {
      const guessed = transformer(
        network,
        transformerConfig,
        constant(plan, [1, 4, 2]),
        constant(Int32Array.of(3)),
        constant(condition, [1, 6]),
      );
      const numbers = numbersOf(guessed);
      return [0, 1, 2, 3].map((t) => numbers.slice(2 * t, 2 * t + 2));
    };
    const before = guessOf(plan, condition);
    const changed = (after: number[][]) =>
      after.map((action, t) => action.some((x, i) => x !== before[t][i]));
    const shift = (array: Float32Array, at: number) => array.with(at, array[at] + 1);
    expect(changed(guessOf(shift(plan, 2 * 2), condition))).toEqual([false, false, true, true]); // action 2
    expect(changed(guessOf(plan, shift(condition, 0)))).toEqual([true, true, true, true]); // observation 0
    expect(changed(guessOf(plan, shift(condition, 5)))).toEqual([false, true, true, true]); // observation 1
  });

  test("refuses a condition that does not divide into observations", () =>
    expect(() => initTransformer({ ...transformerConfig, conditionSize: 7 }, new Random(0))).toThrow(
      "A condition of 7 numbers does not divide into 2 observations.",
    ));

  test("refuses a width that does not divide into heads", () => {
    const config = { ...transformerConfig, heads: 3 };
    const network = known(initTransformer(config, new Random(0)));
    const plans = constant(new Float32Array(8), [1, 4, 2]);
    const condition = constant(new Float32Array(6), [1, 6]);
    expect(() => transformer(network, config, plans, constant(Int32Array.of(0)), condition)).toThrow(
      "A width of 16 does not divide into 3 heads.",
    );
  });
});
