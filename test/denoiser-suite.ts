/** @file Suite of the table of denoisers: promises that every kind keeps. */
import { expect, test } from "vitest";
import type { z } from "zod";
import { Random } from "../src/base/index.ts";
import { cpu } from "../src/devices/index.ts";
import { createTrainer, type DenoiserKind } from "../src/nn/index.ts";
import type { KindSchema } from "../src/nn/kind.ts";
import {
  constant,
  float32,
  input,
  int32,
  leavesOf,
  type Mapped,
  mean,
  type Parameter,
  square,
  sub,
  sum,
  type Value,
} from "../src/tensor/index.ts";
import { expectSlope, known, normal, numbersOf } from "./network-checks.ts";

/** Sizes that the small denoisers of the tests are made for. */
export const sizes = { horizon: 4, actionSize: 2, conditionSize: 6, nObsSteps: 2, numTrainTimesteps: 10 };

/** A small denoiser, configured by `options`. */
export function denoiserOf<Schema extends KindSchema, Network>(
  kind: DenoiserKind<Schema, Network>,
  options: z.input<Schema>,
) {
  const config = kind.config.parse(options);
  return {
    init: (random: Random) => kind.init(config, sizes, random),
    predict: (network: Mapped<Network, Value>, noisy: Value, k: Value, vector: Value) =>
      kind.apply(network, config, sizes, noisy, k, { vector }),
  };
}

/** The value and all it is computed from. */
function withInputs(value: Value, found = new Set<Value>()): ReadonlySet<Value> {
  if (!found.has(value)) {
    found.add(value);
    for (const inner of value.inputs) withInputs(inner, found);
  }
  return found;
}

/**
 * name: what the table calls the kind   options: of a small one, that can be made for `sizes` and for no horizon of 5
 */
export function denoiserSuite<Schema extends KindSchema, Network>(
  name: string,
  kind: DenoiserKind<Schema, Network>,
  options: z.input<Schema>,
): void {
  const { init, predict } = denoiserOf(kind, options);
  type Traced = Mapped<Network, Value>;

  test("is listed under its own name, and has defaults for all else", () => {
    expect(kind.config.shape.kind.value).toBe(name);
    expect(kind.config.safeParse({ kind: name }).success).toBe(true);
  });

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

  test("predicts the same for one timestep given once and given for each sample", () => {
    const random = new Random(9);
    const network = known(init(random));
    const noisy = constant(normal([2, 4, 2], random), [2, 4, 2]);
    const condition = constant(normal([2, 6], random), [2, 6]);
    const at = (k: Value) => numbersOf(predict(network, noisy, k, condition));
    const once = at(constant(Int32Array.of(7), []));
    for (const [i, each] of at(constant(Int32Array.of(7, 7))).entries())
      expect(each).toBeCloseTo(once[i], 12);
  });

  test("its gradient is the slope of a loss, along a direction in parameters, actions and condition", () => {
    const random = new Random(8);
    const numbers = {
      network: init(random),
      noisy: { shape: [2, 4, 2], data: normal([2, 4, 2], random) },
      condition: { shape: [2, 6], data: normal([2, 6], random) },
    };
    const target = constant(normal([2, 4, 2], random), [2, 4, 2]);
    expectSlope(numbers, ({ network, noisy, condition }) => {
      const k = constant(Int32Array.of(2, 7));
      return sum(square(sub(predict(network as Traced, noisy, k, condition), target)));
    });
  });

  test("computes what the timestep alone decides outside a sampler's loop", () => {
    const network = known(init(new Random(4)));
    const noisy = input("noisy", float32(3, 4, 2));
    const k = input("k", int32());
    const all = withInputs(predict(network, noisy, k, constant(new Float32Array(18), [3, 6])));
    const inLoop = [...all].filter((value) => withInputs(value).has(k) && !withInputs(value).has(noisy));
    const names = new Set(inLoop.map(({ op }) => op.name));
    expect(
      [...names].filter((op) => !/^(input|gather|reshape|broadcastTo|slice|add|concat|transpose)$/.test(op)),
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
      network: init(random) as Mapped<Network, Parameter>,
      inputs: {
        noisy: float32(8, 4, 2),
        noise: float32(8, 4, 2),
        condition: float32(8, 6),
        k: int32(8),
      },
      loss: (network, { noisy, noise, condition, k }) =>
        mean(square(sub(predict(network as Traced, noisy, k, condition), noise))),
      device: cpu({ threads: 1 }),
    });
    let loss = Number.POSITIVE_INFINITY;
    for (let step = 0; step < 2000 && loss > 1e-3; step++) ({ loss } = await trainer.step(batch, 3e-3));
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

  test("refuses a condition of another size, and says what it expected", () => {
    const network = known(init(new Random(0)));
    const noisy = constant(new Float32Array(8), [1, 4, 2]);
    const condition = constant(new Float32Array(8), [1, 8]);
    expect(() => predict(network, noisy, constant(Int32Array.of(0)), condition)).toThrow(
      /: expected .*, got \(/,
    );
  });
}
