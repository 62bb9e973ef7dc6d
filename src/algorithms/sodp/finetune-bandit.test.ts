/** @file Fine-tuning of a planner of two modes: it keeps the better one, or what its buffer holds. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { toyPool } from "../../../test/toy-pool.ts";
import { finetuneIn, pretrainOn, windowsOf } from "../../../test/trainings.ts";
import { Random, vectorSpaces } from "../../base/index.ts";
import type { Episode } from "../../data/index.ts";
import { cpu } from "../../devices/index.ts";
import { DiffusionPolicy, type Planner } from "../../policies/index.ts";
import { Run, readState } from "../../runs/index.ts";
import { twoSampleTest } from "../energy-distance.ts";
import { bufferedEpisodes } from "./target-buffer.ts";

const device = cpu({ threads: 1 });
const top = mkdtempSync(join(tmpdir(), "sodp-bandit-"));
afterAll(() => rmSync(top, { recursive: true }));
const start = (name: string) =>
  Run.start(join(top, name), { kind: name, config: {}, overrides: {}, command: "sodp", seed: 0 });

/** Two modes of equal weight, at (-0.5, -0.5) and (0.5, 0.5), 0.1 wide. */
function twoModes(count: number, random: Random): Float32Array {
  const points = random.fillNormal(new Float32Array(2 * count)).map((x) => 0.1 * x);
  for (let i = 0; i < points.length; i += 2) {
    const mode = random.integer(2) - 0.5;
    points[i] += mode;
    points[i + 1] += mode;
  }
  return points;
}

/** Episodes of one step, in which nothing is seen. */
const episodesOf = (points: Float32Array): Episode[] =>
  Array.from({ length: points.length / 2 }, (_, seed) => ({
    task: "bandit",
    seed,
    observations: Float32Array.of(0),
    finalObservation: Float32Array.of(0),
    actions: points.slice(2 * seed, 2 * seed + 2),
    rewards: new Float32Array(1),
    successes: new Uint8Array(1),
    terminated: true,
  }));

/** Pays for an action as it says; solved, if at all, where it says. */
const bandit = (
  reward: (x: number, y: number) => number,
  success: (x: number, y: number) => boolean = () => false,
) =>
  toyPool(
    { spaces: vectorSpaces(1, 2), maxSteps: 1 },
    () => ({
      reset: () => [0],
      step: ([x, y]) => ({
        observation: [0],
        reward: reward(x, y),
        success: success(x, y),
        terminated: true,
      }),
    }),
    64,
  );

/** Actions of the planner in 400 episodes, (400, 2). */
async function act(planner: Planner): Promise<Float32Array> {
  await using policy = await DiffusionPolicy.compile(planner, { batchSize: 400, device });
  const rows = Array.from({ length: 400 }, (_, seed) => ({
    episode: { seed, random: new Random(seed) },
    observations: new Float32Array(1),
    state: undefined,
  }));
  return (await policy.act(rows)).actions;
}

/** Share of the points around the mode at (0.5, 0.5), and around the other. */
function shares(points: Float32Array): { better: number; worse: number } {
  const near = (mode: number) =>
    episodesOf(points).filter(({ actions: [x, y] }) => Math.hypot(x - mode, y - mode) < 0.35).length /
    (points.length / 2);
  return { better: near(0.5), worse: near(-0.5) };
}

let pretrained: Planner;
beforeAll(async () => {
  const shape = { nObsSteps: 1, horizon: 1, nActionSteps: 1 };
  const data = windowsOf(episodesOf(twoModes(2000, new Random(1))), shape);
  await using run = await start("pretrain");
  const config = {
    planner: {
      ...shape,
      numTrainTimesteps: 40,
      denoiser: { kind: "mlp", width: 32, blocks: 1, embeddingSize: 8 },
    },
    steps: 1500,
    batchSize: 128,
    learningRate: 3e-3,
    warmupSteps: 50,
    emaDecay: 0.995,
  } as const;
  const planner = await pretrainOn(config, data, run, { device });
  if (planner === null) throw new Error("The pre-training was interrupted.");
  pretrained = planner;
}, 240_000);

test("pre-training keeps both modes", async () => {
  const { better, worse } = shares(await act(pretrained));
  expect(better).toBeGreaterThan(0.4);
  expect(worse).toBeGreaterThan(0.4);
});

const config = {
  episodes: 64,
  initialEpisodes: 64,
  eval: { nEpisodes: 64 },
  evalEvery: 1000,
  envSteps: 2600,
  epochs: 4,
  minibatchSize: 2560,
  regularizerBatchSize: 64,
  learningRate: 1e-3,
  advantage: "batch",
  clip: [0.1, 0.1],
  rollbackBelow: 0,
};
/** 1 at the better mode, 0.6 at the other, less away from both. */
const hill = (x: number, y: number, mode: number) => Math.exp(-((x - mode) ** 2 + (y - mode) ** 2) / 0.1);
const reward = (x: number, y: number) => hill(x, y, 0.5) + 0.6 * hill(x, y, -0.5);

test.each([
  ["by reward alone", { regularizer: "none" }],
  ["beside its best trajectories", { regularizer: "bc", regularizerWeight: 1, bufferSize: 50 }],
] as const)(
  "the denoising chain keeps the better of two modes, %s",
  { timeout: 240_000 },
  async (name, more) => {
    await using run = await start(name);
    // Solved only at the better mode, and evaluated at it: the weights that come back are those that chose it.
    const solved = (x: number, y: number) => reward(x, y) > 0.7;
    const tuned = await finetuneIn({ ...config, ...more }, pretrained, bandit(reward, solved), run, {
      device,
    });
    const { better, worse } = shares(await act(tuned as Planner));
    expect(better).toBeGreaterThan(0.9);
    expect(worse).toBeLessThan(0.05);
  },
);

test("with lambda large the planner becomes what the buffer holds", { timeout: 240_000 }, async () => {
  // All successes are worth the same, so that the first 150 stay: those of one mode.
  const success = (x: number) => x > 0;
  const pool = bandit((x) => Number(success(x)), success);
  await using run = await start("lambda");
  const settings = {
    ...config,
    regularizer: "bc",
    regularizerWeight: 1000,
    ftDenoisingSteps: 10,
    minibatchSize: 640,
    bufferSize: 150,
    regularizerBatchSize: 256,
    emaDecay: 0.995,
    epochs: 40,
    targetKl: 1e9,
    learningRate: 3e-4,
    envSteps: 8000,
    evalEvery: 1e6,
  };
  const tuned = await finetuneIn(settings, pretrained, pool, run, { device });
  const { tensors } = await readState(run.last as string);
  const held = bufferedEpisodes(tensors, "toy").map(({ actions }) => actions);
  expect(held).toHaveLength(150);
  const draw = (count: number, random: Random) =>
    Float32Array.from(Array.from({ length: count }, () => [...held[random.integer(held.length)]]).flat());
  const random = new Random(9);
  const before = twoSampleTest(await act(pretrained), 2, draw, random);
  const after = twoSampleTest(await act(tuned as Planner), 2, draw, random);
  expect(before.distance).toBeGreaterThan(20 * before.limit);
  expect(after.distance).toBeLessThan(before.distance / 50);
  expect(after.distance).toBeLessThan(2 * after.limit);
});

describe("where both modes solve the task, one of them better", () => {
  /** The shares of the modes after fine-tuning; the buffer holds every trajectory. */
  const sharesAfter = async (name: string, more: object) => {
    await using run = await start(name);
    const pool = bandit(reward, () => true);
    const settings = { ...config, bufferSize: 10_000, advantage: "finite-horizon", ...more };
    const tuned = await finetuneIn(settings, pretrained, pool, run, { device });
    return shares(await act(tuned as Planner));
  };

  test("the gradient alone finds it", { timeout: 240_000 }, async () => {
    const { better, worse } = await sharesAfter("better-gradient", { regularizer: "none" });
    expect(better).toBeGreaterThan(0.9);
    expect(worse).toBeLessThan(0.05);
  });

  test("imitation of the same buffer keeps both", { timeout: 240_000 }, async () => {
    const { better, worse } = await sharesAfter("better-imitation", { policyGradient: false });
    expect(better).toBeLessThan(0.75);
    expect(worse).toBeGreaterThan(0.25);
  });
});
