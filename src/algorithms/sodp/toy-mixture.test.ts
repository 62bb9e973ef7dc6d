/** @file A planner learns a distribution so well that a two-sample test cannot tell them apart. */
import { expect, test } from "vitest";
import { Random, vectorSpaces } from "../../base/index.ts";
import { cpu } from "../../devices/index.ts";
import { drawNoise } from "../../diffusion/index.ts";
import { cosineLearningRate, createTrainer } from "../../nn/index.ts";
import { compileSampler, imitationLoss, imitationSpecs, initPlanner } from "../../policies/index.ts";
import { twoSampleTest } from "../energy-distance.ts";

/** Eight Gaussians on the unit circle, (count, 2). */
function eightGaussians(count: number, random: Random): Float32Array {
  const points = random.fillNormal(new Float32Array(2 * count)).map((x) => 0.1 * x);
  for (let i = 0; i < points.length; i += 2) {
    const angle = (Math.PI / 4) * random.integer(8);
    points[i] += Math.cos(angle);
    points[i + 1] += Math.sin(angle);
  }
  return points;
}

/** Trains on fresh samples and tests 1000 of the planner's own. */
async function learn(steps: number, seed: number) {
  const random = new Random(seed);
  const planner = initPlanner(
    {
      spaces: vectorSpaces(1, 2),
      horizon: 1,
      nObsSteps: 1,
      nActionSteps: 1,
      numTrainTimesteps: 50,
      denoiser: { kind: "mlp", width: 48 },
    },
    { observation: { state: { low: [0], high: [0] } }, action: { low: [-1.4, -1.4], high: [1.4, 1.4] } },
    random.split("weights"),
  );
  const device = cpu({ threads: 1 });
  const batch = 256;
  await using trainer = await createTrainer({
    network: planner.network,
    inputs: imitationSpecs(planner.config, batch),
    loss: (network, inputs) => imitationLoss(planner, network, inputs),
    optimizer: { weightDecay: 0, emaDecay: 0.998 },
    device,
  });
  const learningRate = cosineLearningRate({ totalSteps: steps, warmupSteps: 100 });
  for (let step = 0; step < steps; step++)
    await trainer.step(
      {
        observation: new Float32Array(batch),
        action: eightGaussians(batch, random),
        noise: drawNoise([batch, 1, 2], random),
        timestep: random.fillIntegers(new Int32Array(batch), 0, 50),
      },
      6e-3 * learningRate(step),
    );

  const count = 1000;
  const draws = new Random(0).split("judge");
  await using sampler = await compileSampler(planner, { batchSize: count, device });
  const { actions } = await sampler.run({
    theta: trainer.average,
    observations: new Float32Array(count),
    start: drawNoise([count, 1, 2], draws),
    noise: drawNoise([50, count, 1, 2], draws),
  });
  return twoSampleTest(actions, 2, eightGaussians, draws, 200);
}

test("6000 steps: the planner's points pass for true ones", { timeout: 180_000 }, async () => {
  const { distance, limit } = await learn(6000, 0);
  expect(distance).toBeLessThan(limit);
});

test("300 steps: they do not", { timeout: 180_000 }, async () => {
  const { distance, limit } = await learn(300, 0);
  expect(distance).toBeGreaterThan(limit);
});
