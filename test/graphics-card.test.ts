/** @file Training and sampling give the same numbers on a graphics card, where there is one, as on the processor. */
import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import {
  compileSampler,
  cpu,
  fitNormalizer,
  imitationLoss,
  imitationSpecs,
  initPlanner,
  plannerConfig,
  Random,
  vectorSpaces,
  webgpu,
} from "../src/index.ts";
import { createTrainer } from "../src/nn.ts";
import { compile, constant, type Device, neg } from "../src/tensor.ts";
import { relativeError } from "./float64-truth.ts";

/** Programs for the card are compiled when they first run: many seconds on a card that the processor imitates. */
const timeout = 240_000;
const threads = 1;

const hasCard = await compile({}, () => ({ y: neg(constant(0)) }), { device: webgpu }).then(
  () => true,
  () => false,
);

const batch = 4;
const config = plannerConfig({
  spaces: vectorSpaces(5, 2),
  horizon: 8,
  nActionSteps: 4,
  numTrainTimesteps: 5,
  denoiser: { kind: "unet", width: 8 },
});
const random = new Random(0);
const normal = (count: number) => random.fillNormal(new Float32Array(count));
const planner = initPlanner(
  config,
  { observation: { state: fitNormalizer(normal(500), 5) }, action: fitNormalizer(normal(200), 2) },
  random,
);

/** Three steps of training on one batch, then a step on NaN. */
async function train(device: Device) {
  const specs = imitationSpecs(config, batch);
  const data = new Random(1);
  const inputs = Object.fromEntries(
    Object.entries(specs).map(([name, { shape, dtype }]) => {
      const count = shape.reduce((product, size) => product * size, 1);
      return [
        name,
        dtype === "int32"
          ? data.fillIntegers(new Int32Array(count), 0, config.numTrainTimesteps)
          : data.fillNormal(new Float32Array(count)),
      ];
    }),
  ) as never;
  await using trainer = await createTrainer({
    network: planner.network,
    inputs: specs,
    loss: (network, values) => imitationLoss(planner, network as never, values as never),
    optimizer: { emaDecay: 0.9, maxGradientNorm: 1, weightDecay: 0.1 },
    device,
  });
  const losses: number[] = [];
  for (let step = 0; step < 3; step++) losses.push((await trainer.step(inputs, 1e-2)).loss);
  const state = await trainer.state();
  const broken = {
    ...(inputs as object),
    action: (inputs as Record<string, Float32Array>).action.map(() => Number.NaN),
  };
  await expect(trainer.step(broken as never, 1e-2)).rejects.toThrow(/nothing was updated/);
  expect(await trainer.state()).toEqual(state);
  await trainer.restore({ ...state, steps: 7 });
  expect(trainer.steps).toBe(7);
  return { losses, state };
}

async function sample(device: Device) {
  await using sampler = await compileSampler(planner, {
    batchSize: batch,
    denoising: { minSamplingStd: 0.1 },
    device,
  });
  const draws = new Random(2);
  const inputs = Object.fromEntries(
    Object.entries(sampler.inputs)
      .filter(([name]) => name !== "theta")
      .map(([name, { shape }]) => [
        name,
        draws.fillNormal(new Float32Array(shape.reduce((product, size) => product * size, 1))),
      ]),
  );
  const theta = new Random(3).fillNormal(new Float32Array(sampler.inputs.theta.shape[0])).map((x) => x / 10);
  return await sampler.run({ ...inputs, theta } as never);
}

describe.skipIf(!hasCard)("on a graphics card", { timeout }, () => {
  test("training takes the same steps, and learns nothing from NaN", async () => {
    const [here, there] = [await train(cpu({ threads })), await train(webgpu)];
    expect(relativeError(there.losses, here.losses)).toBeLessThan(1e-4);
    for (const name of ["theta", "firstMoment", "secondMoment", "ema"] as const)
      expect(
        relativeError(there.state[name] as Float32Array, here.state[name] as Float32Array),
        name,
      ).toBeLessThan(1e-4);
  });

  test("sampling makes the same action sequences", async () => {
    const [here, there] = [await sample(cpu({ threads })), await sample(webgpu)];
    expect(relativeError(there.actions, here.actions)).toBeLessThan(1e-4);
    expect(relativeError(there.chain, here.chain)).toBeLessThan(1e-4);
  });
});

test("without a graphics card, one clear sentence", () => {
  const script = `
    import { webgpu } from "./src/index.ts";
    import { compile, constant, neg } from "./src/tensor.ts";
    await compile({}, () => ({ y: neg(constant(0)) }), { device: webgpu }).catch((error) => console.log(String(error)));
  `;
  const { stdout } = spawnSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script], {
    encoding: "utf8",
    env: { ...process.env, VK_ICD_FILENAMES: "/nonexistent", VK_DRIVER_FILES: "/nonexistent" },
  });
  expect(stdout).toMatch(/^UserError: device webgpu.*use device cpu\.\n$/);
});
