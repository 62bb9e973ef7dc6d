/** @file Every kind of denoiser through the suite, and what only one does. Their numbers: test/torch-denoisers.test.ts. */
import { describe, expect, test } from "vitest";
import type { z } from "zod";
import { denoiserOf, denoiserSuite, sizes } from "../../../test/denoiser-suite.ts";
import { known, normal, numbersOf } from "../../../test/network-checks.ts";
import { Random } from "../../base/index.ts";
import { constant, layoutOf } from "../../tensor/index.ts";
import type { KindSchema } from "../kind.ts";
import { DenoiserConfig, type DenoiserKind, denoisers } from "./index.ts";

type Kind = keyof typeof denoisers;

/** A small one of each kind. The keys are those of the table, so a kind without an example fails the type check. */
const examples: { readonly [K in Kind]: z.input<(typeof denoisers)[K]["config"]> } = {
  unet: { kind: "unet", width: 16, multiples: [1, 2] },
  mlp: { kind: "mlp", width: 32, blocks: 2, embeddingSize: 8 },
  transformer: { kind: "transformer", width: 16, heads: 2, layers: 2 },
};

test("every kind has an example", () => expect(Object.keys(examples)).toEqual(Object.keys(denoisers)));

describe.each(Object.entries(denoisers))("%s", (name, kind) =>
  denoiserSuite(name, kind as DenoiserKind<KindSchema, unknown>, examples[name as Kind]),
);

test("the configuration of an unknown kind is refused with the kinds there are", () => {
  const { error } = DenoiserConfig.safeParse({ kind: "cnn" });
  for (const kind of Object.keys(denoisers)) expect(error?.message).toContain(`'${kind}'`);
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
  const { init, predict } = denoiserOf(denoisers.transformer, examples.transformer);

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
    const traced = known(network);
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
