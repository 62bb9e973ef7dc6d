import { describe, expect, test } from "vitest";
import { Random } from "../base/index.ts";
import { cpu } from "../devices/index.ts";
import { denoisingSteps, drawNoise, stepLogProb } from "../diffusion/index.ts";
import { createTrainer } from "../nn/index.ts";
import { compile, flatten, float32, int32, layoutOf, unpack } from "../tensor/index.ts";
import {
  compileSampler,
  denoiserOf,
  diffusionOf,
  imitationLoss,
  imitationSpecs,
  initPlanner,
  type Planner,
  type PlannerConfig,
  plannerConfig,
} from "./planner.ts";

const device = cpu({ threads: 1 });
const normalizers = {
  observations: { low: [0, -1, 5], high: [10, 1, 5] },
  actions: { low: [-2, 0], high: [2, 1] },
};
const networks = {
  unet: { kind: "unet", width: 8, multiples: [1, 2] },
  mlp: { kind: "mlp", width: 32, blocks: 1, embeddingSize: 8 },
  transformer: { kind: "transformer", width: 16, heads: 2, layers: 1 },
} as const;
const planOf = (network: PlannerConfig["network"]) =>
  initPlanner(
    {
      observationSize: 3,
      actionSize: 2,
      horizon: 8,
      nObsSteps: 2,
      nActionSteps: 4,
      levels: 5,
      network,
    },
    normalizers,
    new Random(1),
  );
const thetaOf = (planner: Planner) => {
  const theta = new Float32Array(layoutOf(planner.network).size);
  flatten(planner.network, theta);
  return theta;
};
const drawsFor = (batch: number) => {
  const random = new Random(batch);
  return {
    observations: random.fillUniform(new Float32Array(batch * 2 * 3)),
    start: drawNoise([batch, 8, 2], random),
    noise: drawNoise([5, batch, 8, 2], random),
  };
};

describe.each(Object.entries(networks))("a planner with a %s", (_, network) => {
  const planner = planOf(network);

  test("executes the plan from the present on, on the actions' own scale", async () => {
    await using sampler = await compileSampler(planner, { batchSize: 3, device });
    const { actions, chain } = await sampler.run({ theta: thetaOf(planner), ...drawsFor(3) });
    const plans = chain.slice(-3 * 8 * 2);
    expect(actions).toHaveLength(3 * 4 * 2);
    for (let row = 0; row < 3; row++)
      for (let step = 0; step < 4; step++) {
        // Two observations: the plan's first action belongs to the past one.
        const [x, y] = plans.slice((row * 8 + 1 + step) * 2);
        expect(actions[(row * 4 + step) * 2]).toBeCloseTo(2 * x, 5);
        expect(actions[(row * 4 + step) * 2 + 1]).toBeCloseTo(0.5 + 0.5 * y, 5);
      }
  });

  test("conditions on normalised observations, the constant dimension at 0", async () => {
    await using sampler = await compileSampler(planner, { batchSize: 1, device });
    const observations = Float32Array.of(0, 1, 5, 10, 0, 7);
    const { condition } = await sampler.run({ theta: thetaOf(planner), ...drawsFor(1), observations });
    expect([...condition]).toEqual([-1, 1, 0, 1, 0, 0]);
  });

  test("repeats itself bit for bit, from its seed and its draws", async () => {
    await using sampler = await compileSampler(planner, { batchSize: 2, device });
    const again = planOf(network);
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
      loss: (network, inputs) => imitationLoss(planner, network, inputs),
      optimizer: { emaDecay: 0.99 },
      device,
    });
    const random = new Random(4);
    for (let step = 0; step < 20; step++)
      await trainer.step(
        {
          observations: random.fillUniform(new Float32Array(16 * 6)),
          plans: random.fillUniform(new Float32Array(16 * 16)),
          noise: drawNoise([16, 8, 2], random),
          level: random.fillIntegers(new Int32Array(16), 0, 5),
        },
        3e-3,
      );
    const denoising = { floor: 0.1 };
    const steps = denoisingSteps(diffusionOf(planner.config), denoising);
    await using sampler = await compileSampler(planner, { batchSize: 3, denoising, device });
    const draws = drawsFor(3);
    const { chain, condition } = await sampler.run({ theta: trainer.theta as Float32Array, ...draws });
    const { layout } = trainer;
    const plan = [3, 8, 2];
    await using score = await compile(
      {
        theta: float32(layout.size),
        from: float32(...plan),
        to: float32(...plan),
        round: int32(3),
        condition: float32(3, 6),
      },
      ({ theta, ...rows }) => ({
        logProb: stepLogProb(steps, denoiserOf(planner.config, unpack(layout, theta)), rows, {
          reduce: "mean",
        }),
      }),
      { device },
    );
    for (let j = 0; j < 5; j++) {
      const rows = {
        from: chain.slice(j * 48, (j + 1) * 48),
        to: chain.slice((j + 1) * 48, (j + 2) * 48),
        round: new Int32Array(3).fill(j),
        condition,
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

describe("a configuration", () => {
  const least = { observationSize: 3, actionSize: 2 };
  test("has the defaults of the published planners", () =>
    expect(plannerConfig(least)).toMatchObject({
      horizon: 16,
      nObsSteps: 2,
      nActionSteps: 8,
      levels: 20,
      schedule: "cosine",
      prediction: "noise",
      clip: 1,
      network: { kind: "unet", width: 256, multiples: [1, 2, 4] },
    }));
  test("DP3's short plans fit: 4 actions, 2 observations, 3 executed", () =>
    expect(plannerConfig({ ...least, horizon: 4, nObsSteps: 2, nActionSteps: 3 }).horizon).toBe(4));

  const network = { kind: "unet", width: 64, multiples: [1, 2, 4, 8] } as const;
  test.each<[string, object]>([
    [
      "horizon 10 is not a multiple of 8, which the denoiser's 3 halvings need. Use 8 or 16.",
      { horizon: 10, network },
    ],
    [
      "horizon 6 is not a multiple of 8, which the denoiser's 3 halvings need. Use 8.",
      { horizon: 6, nActionSteps: 2, network },
    ],
    [
      "nActionSteps 16 is more than a plan of 16 actions holds from the present on, with 2 observations. Use at most 15.",
      { nActionSteps: 16 },
    ],
    ["nObsSteps 17 leaves none of a plan's 16 actions. Use at most 16.", { nObsSteps: 17, nActionSteps: 1 }],
    [
      "The denoiser's width 30 does not divide among 4 attention heads.",
      { network: { kind: "transformer", width: 30 } },
    ],
    ['planner: Unrecognized key: "horizn".', { horizn: 8 }],
    ["planner: levels: Too small: expected number to be >0.", { levels: 0 }],
    [
      "planner: network.kind: Invalid discriminator value. Expected 'unet' | 'mlp' | 'transformer'.",
      { network: { kind: "cnn" } },
    ],
  ])("%s", (sentence, input) =>
    expect(() => plannerConfig({ ...least, ...input } as never)).toThrow(sentence),
  );
  test("and a normalizer that fits", () =>
    expect(() =>
      initPlanner({ ...least, actionSize: 3, network: networks.mlp }, normalizers, new Random(0)),
    ).toThrow("The planner's actions have 3 dimensions, their normalizer has 2 lows and 2 highs."));
});
