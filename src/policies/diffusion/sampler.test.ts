import { describe, expect, test } from "vitest";
import { Random, vectorSpaces } from "../../base/index.ts";
import { cpu } from "../../devices/index.ts";
import { denoisingSteps, drawNoise, stepLogProb } from "../../diffusion/index.ts";
import { createTrainer } from "../../nn/index.ts";
import { compile, constant, evaluate, float32, int32, layoutOf, unpack } from "../../tensor/index.ts";
import { splitObservations } from "../observation-encoder.ts";
import { imitationLoss, imitationSpecs } from "./imitation.ts";
import { conditionOf, denoiserOf, initPlanner, type TracedNetwork, thetaOf } from "./planner.ts";
import { diffusionOf, type PlannerConfig } from "./planner-config.ts";
import { compileSampler } from "./sampler.ts";

const device = cpu({ threads: 1 });
const normalizers = {
  observation: { state: { low: [0, -1, 5], high: [10, 1, 5] } },
  action: { low: [-2, 0], high: [2, 1] },
};
const denoisers = {
  unet: { kind: "unet", width: 8, multiples: [1, 2] },
  mlp: { kind: "mlp", width: 32, blocks: 1, embeddingSize: 8 },
  transformer: { kind: "transformer", width: 16, heads: 2, layers: 1 },
} as const;
const plannerWith = (denoiser: PlannerConfig["denoiser"]) =>
  initPlanner(
    {
      spaces: vectorSpaces(3, 2),
      horizon: 8,
      nObsSteps: 2,
      nActionSteps: 4,
      numTrainTimesteps: 5,
      denoiser,
    },
    normalizers,
    new Random(1),
  );
const drawsFor = (batch: number) => {
  const random = new Random(batch);
  return {
    observations: random.fillUniform(new Float32Array(batch * 2 * 3)),
    start: drawNoise([batch, 8, 2], random),
    noise: drawNoise([5, batch, 8, 2], random),
  };
};

describe.each(Object.entries(denoisers))("a planner with a %s", (_, denoiser) => {
  const planner = plannerWith(denoiser);

  test("executes the predicted actions from the present on, on the actions' own scale", async () => {
    await using sampler = await compileSampler(planner, { batchSize: 3, device });
    const { actions, chain } = await sampler.run({ theta: thetaOf(planner), ...drawsFor(3) });
    const samples = chain.slice(-3 * 8 * 2);
    expect(actions).toHaveLength(3 * 4 * 2);
    for (let row = 0; row < 3; row++)
      for (let step = 0; step < 4; step++) {
        // Two observations: the first predicted action belongs to the past one.
        const [x, y] = samples.slice((row * 8 + 1 + step) * 2);
        expect(actions[(row * 4 + step) * 2]).toBeCloseTo(2 * x, 5);
        expect(actions[(row * 4 + step) * 2 + 1]).toBeCloseTo(0.5 + 0.5 * y, 5);
      }
  });

  test("is conditioned on normalized observations, the constant dimension at 0", () => {
    const network = unpack(layoutOf(planner.network), constant(thetaOf(planner))) as TracedNetwork;
    const observations = constant([0, 1, 5, 10, 0, 7], [1, 2, 3]);
    const parts = splitObservations(planner.config.spaces.observation, observations);
    const { vector } = conditionOf(planner, network, parts);
    expect([...evaluate([vector], new Map())[0].data].map((x) => x + 0)).toEqual([-1, 1, 0, 1, 0, 0]);
  });

  test("repeats itself bit for bit, from its seed and its draws", async () => {
    await using sampler = await compileSampler(planner, { batchSize: 2, device });
    const again = plannerWith(denoiser);
    const [a, b] = [
      await sampler.run({ theta: thetaOf(planner), ...drawsFor(2) }),
      await sampler.run({ theta: thetaOf(again), ...drawsFor(2) }),
    ];
    expect(a).toEqual(b);
  });

  test("scores its chains with the weights that sampled them, not with their average", async () => {
    const specs = imitationSpecs(planner.config, 16);
    await using trainer = await createTrainer({
      network: planner.network,
      inputs: specs,
      loss: (network: TracedNetwork, inputs) => imitationLoss(planner, network, inputs),
      optimizer: { emaDecay: 0.99 },
      device,
    });
    const random = new Random(4);
    for (let step = 0; step < 20; step++)
      await trainer.step(
        {
          observation: random.fillUniform(new Float32Array(16 * 6)),
          action: random.fillUniform(new Float32Array(16 * 16)),
          noise: drawNoise([16, 8, 2], random),
          timestep: random.fillIntegers(new Int32Array(16), 0, 5),
        },
        3e-3,
      );
    const denoising = { minSamplingStd: 0.1 };
    const steps = denoisingSteps(diffusionOf(planner.config), denoising);
    await using sampler = await compileSampler(planner, { batchSize: 3, denoising, device });
    const draws = drawsFor(3);
    const { chain } = await sampler.run({ theta: trainer.theta as Float32Array, ...draws });
    const { layout } = trainer;
    const sample = [3, 8, 2];
    await using score = await compile(
      {
        theta: float32(layout.size),
        from: float32(...sample),
        to: float32(...sample),
        step: int32(3),
        observations: float32(3, 2, 3),
      },
      ({ theta, observations, ...rows }) => {
        const network = unpack(layout, theta) as TracedNetwork;
        const parts = splitObservations(planner.config.spaces.observation, observations);
        const taken = { ...rows, condition: conditionOf(planner, network, parts) };
        return {
          logProb: stepLogProb(steps, denoiserOf(planner.config, network), taken, { reduce: "mean" }),
        };
      },
      { device },
    );
    for (let j = 0; j < 5; j++) {
      const rows = {
        from: chain.slice(j * 48, (j + 1) * 48),
        to: chain.slice((j + 1) * 48, (j + 2) * 48),
        step: new Int32Array(3).fill(j),
        observations: draws.observations,
      };
      const own = await score.run({ theta: trainer.theta as Float32Array, ...rows });
      const average = await score.run({ theta: trainer.average as Float32Array, ...rows });
      for (let row = 0; row < 3; row++) {
        // What was sampled is mean + std noise: its log-probability needs no network.
        const noise = draws.noise.slice((j * 3 + row) * 16, (j * 3 + row + 1) * 16);
        const squares = noise.reduce((total, draw) => total + draw ** 2 / 16, 0);
        const expected = -0.5 * squares - Math.log(steps.std[j]) - 0.5 * Math.log(2 * Math.PI);
        expect(Math.abs(own.logProb[row] - expected)).toBeLessThan(2e-6);
        if (j > 0) expect(Math.abs(average.logProb[row] - expected)).toBeGreaterThan(2e-6);
      }
    }
  });
});
