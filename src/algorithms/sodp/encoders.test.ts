/**
 * Every term of an update reaches the encoders: their gradients are held against differences of the loss in float64. A
 * condition that were detached, or stored with the chain, would leave them without.
 */
import { describe, expect, test } from "vitest";
import { differencesOf, relativeError, truthOf } from "../../../test/float64-truth.ts";
import { seeingPlanner } from "../../../test/seeing-planner.ts";
import { Random } from "../../base/index.ts";
import { cpu } from "../../devices/index.ts";
import { predictionNames } from "../../diffusion/index.ts";
import { DiffusionPolicy, type Planner, type TracedNetwork, thetaOf } from "../../policies/index.ts";
import {
  constant,
  flatten,
  float32,
  grad,
  layoutOf,
  mapTree,
  type Parameter,
  sizeOf,
  unpack,
  type Value,
} from "../../tensor/index.ts";
import { PolicyUpdate, type UpdateOptions } from "./policy-update.ts";
import { ppoLoss } from "./ppo.ts";
import type { ChainAdvantage, StepBatchSizes } from "./step-batch.ts";
import { type UpdateInputs, type UpdateLoss, updateSpecs, updateTerms } from "./update-programs.ts";

const patience = { timeout: 60_000 };
const none: UpdateLoss = {
  denoising: { minSamplingStd: 0.1 },
  logProb: "mean",
  policyGradient: null,
  regularizer: { weight: 1, batchSize: 3 },
};
const losses: Readonly<Record<string, UpdateLoss>> = {
  "the policy gradient": { ...none, policyGradient: ppoLoss },
  imitation: { ...none, regularizer: { weight: 2, batchSize: 3, loss: ({ imitation }) => imitation() } },
  "the divergence from the pre-trained planner": {
    ...none,
    regularizer: { weight: 2, batchSize: 3, loss: ({ kl }) => kl() },
  },
};

/** Numbers for every input of an update: denoising steps and windows that never were. */
function numbersFor(planner: Planner, loss: UpdateLoss, sizes: StepBatchSizes) {
  const random = new Random(4);
  const numbers = Object.fromEntries(
    Object.entries(updateSpecs(planner, loss, sizes)).map(([name, { shape, dtype }]) => {
      const size = sizeOf(shape);
      return [
        name,
        dtype === "int32"
          ? random.fillIntegers(new Int32Array(size), 0, 3)
          : random.fillNormal(new Float32Array(size)).map((x) => 0.5 * x),
      ];
    }),
  );
  return {
    ...numbers,
    pretrained: thetaOf(seeingPlanner(8)),
    clipRange: new Float32Array(sizes.rows).fill(100),
    oldLogProb: new Float32Array(sizes.rows).fill(-2),
  };
}

describe.each(predictionNames)("a planner that predicts the %s", patience, (prediction) => {
  const planner = seeingPlanner(3, { prediction, clipSampleRange: null });
  const { encoders, denoiser } = planner.network;
  const layout = layoutOf(encoders);
  const theta = new Float32Array(layout.size);
  flatten(encoders, theta);
  const fixed = mapTree(denoiser, (leaf) => constant((leaf as Parameter).data, leaf.shape));

  test.each(Object.entries(losses))("%s teaches its encoders", (_, loss) => {
    const sizes = { rows: 4, chunks: 3 };
    const specs = { ...updateSpecs(planner, loss, sizes), encoders: float32(layout.size) };
    const numbers = { ...numbersFor(planner, loss, sizes), encoders: theta };
    const { lossOf } = updateTerms(planner, loss);
    const lossOfEncoders = ({ encoders, ...inputs }: Readonly<Record<string, Value>>) => {
      const network = { encoders: unpack(layout, encoders), denoiser: fixed } as TracedNetwork;
      return lossOf(network, inputs as UpdateInputs);
    };
    const { gradient } = truthOf(
      specs,
      (values) => ({ gradient: grad(lossOfEncoders(values), [values.encoders])[0] }),
      numbers,
    );
    expect(relativeError(gradient, differencesOf(specs, lossOfEncoders, numbers, "encoders"))).toBeLessThan(
      1e-7,
    );
    for (const part of ["state.", "pointCloud."]) {
      const own = layout.entries.filter(({ path }) => path.startsWith(part));
      const slopes = own.flatMap(({ offset, shape }) => [...gradient.slice(offset, offset + sizeOf(shape))]);
      expect(Math.hypot(...slopes), part).toBeGreaterThan(1e-6);
    }
  });
});

describe("a planner that sees through encoders", patience, () => {
  const device = cpu({ threads: 1 });
  const planner = seeingPlanner(3);
  const layout = layoutOf(planner.network);
  const options = (loss: UpdateLoss, learningRate: number): UpdateOptions => ({
    ...loss,
    clip: [10, 10],
    denoisingDiscount: 1,
    ftDenoisingSteps: null,
    epochs: 1,
    minibatchSize: 8,
    chunks: 3,
    learningRate,
    emaDecay: 0,
    maxGradientNorm: 1,
    targetKl: 10,
  });
  /** Chains that it made. */
  const played = async (): Promise<ChainAdvantage[]> => {
    const denoising = { minSamplingStd: 0.1 };
    await using policy = await DiffusionPolicy.compile(planner, { batchSize: 3, denoising, device });
    const random = new Random(2);
    const rows = [0, 1, 2].map((seed) => ({
      episode: { seed, random: random.split(`${seed}`) },
      observations: random.fillNormal(new Float32Array(2 * 17)),
      state: undefined,
    }));
    const { traces } = await policy.act(rows);
    return traces.map((chain) => ({ chain, advantage: random.normal() }));
  };
  const sampler = {
    sample(random: Random, { observation, action }: Record<"observation" | "action", Float32Array>) {
      random.fillNormal(observation);
      random.fillUniform(action);
    },
  };
  const encoderPart = (theta: Float32Array) =>
    layout.entries
      .filter(({ path }) => path.startsWith("encoders."))
      .map(({ path, offset, shape }) => ({ path, numbers: theta.slice(offset, offset + sizeOf(shape)) }));

  test.each(Object.entries(losses))("moves them by %s", async (name, loss) => {
    const other = thetaOf(seeingPlanner(8));
    await using update = await PolicyUpdate.compile(options(loss, 1e-2), planner, other, device);
    const before = encoderPart(update.theta.slice());
    const report = await update.update(await played(), sampler, new Random(0));
    expect(report.gradientNorm, name).toBeGreaterThan(0);
    for (const [i, { path, numbers }] of encoderPart(update.theta).entries())
      expect(numbers, path).not.toEqual(before[i].numbers);
  });

  test("unchanged, is exactly as likely to act as it did", async () => {
    const loss = losses["the policy gradient"];
    await using update = await PolicyUpdate.compile(options(loss, 0), planner, thetaOf(planner), device);
    const report = await update.update(await played(), undefined, new Random(0));
    expect(report).toMatchObject({ mean: 1, max: 1, approximateKl: 0, klToPretrained: 0 });
  });
});
