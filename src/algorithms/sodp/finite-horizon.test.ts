import { beforeAll, describe, expect, test } from "vitest";
import { gaussianPlanner } from "../../../test/gaussian-planner.ts";
import { seeingPlanner } from "../../../test/seeing-planner.ts";
import { Random } from "../../base/index.ts";
import { cpu } from "../../devices/index.ts";
import { emptyScale, grown } from "./advantage.ts";
import type { AdvantageEstimator, Iteration } from "./advantages.ts";
import { type AdvantageName, advantages } from "./advantages.ts";
import { chunksOf, type PlayedChunk } from "./chunks.ts";
import { explainedVariance } from "./finite-horizon.ts";
import { noRewards, widened } from "./reward-bounds.ts";
import { worthOfSteps } from "./ridge-critic.ts";

const maxSteps = 40;
const nActionSteps = 4;
const discount = 0.98;
const planner = gaussianPlanner([0, 0, 0, 0], { horizon: 4, nObsSteps: 1, nActionSteps });
const device = cpu({ threads: 1 });

const optionsOf = () => ({
  planner,
  maxSteps,
  config: { discount, gaeLambda: 0.95, criticLearningRate: 1e-3, epochs: 4 },
  random: new Random(0),
  device,
});
const start = (name: AdvantageName): Promise<AdvantageEstimator> => advantages[name].start(optionsOf());

/** An episode whose steps paid `rewards`; it ends as it says. What is seen tells how near the goal it is. */
function episode(
  rewards: readonly number[],
  { solved = false, terminated = false, fault = undefined as string | undefined } = {},
) {
  const steps = rewards.length;
  const chunks = Array.from({ length: Math.ceil(steps / nActionSteps) }, (_, i) => ({
    step: i * nActionSteps,
    executed: Math.min(nActionSteps, steps - i * nActionSteps),
    trace: { samples: new Float32Array(), observations: new Float32Array() },
  }));
  return {
    task: "toy",
    seed: 0,
    observations: Float32Array.from(rewards, (reward, i) => reward / 10 + i / 100),
    finalObservation: Float32Array.of(steps / 100),
    actions: new Float32Array(steps),
    rewards: Float32Array.from(rewards),
    successes: Uint8Array.from(rewards, (_, i) => Number(solved && i === steps - 1)),
    terminated,
    chunks,
    ...(fault !== undefined && { fault }),
  };
}
type Told = ReturnType<typeof episode>;
const iterationOf = (played: readonly Told[], random: Random): Iteration => {
  const episodes = played.map((each) => chunksOf(each, discount, nActionSteps));
  const rewards = episodes.flat().map(({ reward }: PlayedChunk) => reward);
  return { episodes, scale: grown(emptyScale, rewards), bounds: widened(noRewards, played), random };
};

/** Sixteen episodes: the first four are solved at step 14 and stop; the others hover beside the goal, as well paid. */
function hovering(random: Random, terminated: boolean): Told[] {
  return Array.from({ length: 16 }, (_, i) => {
    const rewards = Array.from(
      { length: i < 4 ? 14 : maxSteps },
      (_, step) => Math.min(step / 4, 3) + 0.2 * random.normal(),
    );
    if (i === 8) rewards[30] = 7; // the best that was ever paid, in passing
    return episode(rewards, i < 4 ? { solved: true, terminated } : {});
  });
}

/** Mean advantage of the chunks that solved the task, over iterations. */
async function creditOfSolving(name: AdvantageName, terminated: boolean): Promise<number> {
  await using estimator = await start(name);
  const random = new Random(3);
  const found: number[] = [];
  for (let iteration = 0; iteration < 6; iteration++) {
    const given = iterationOf(hovering(random, terminated), random.split(`${iteration}`));
    const { advantages: all } = await estimator.estimate(given);
    let at = -1;
    for (const chunks of given.episodes) {
      at += chunks.length;
      if (chunks[0].episode.successes.includes(1)) found.push(all[at]);
    }
  }
  return found.reduce((sum, each) => sum + each, 0) / found.length;
}

describe("where stopping forfeits reward", () => {
  test.each([false, true])(
    "solving a task is worth more than hovering; terminated: %s",
    async (terminated) => {
      expect(await creditOfSolving("finite-horizon", terminated)).toBeGreaterThan(0.5);
    },
  );

  test("... and is not, where an end is worth what an untrained critic says", async () => {
    expect(await creditOfSolving("gae", false)).toBeLessThan(0);
  });
});

describe("over fifty iterations", () => {
  let metrics: Readonly<Record<string, number>>[];
  beforeAll(async () => {
    await using estimator = await start("finite-horizon");
    const random = new Random(4);
    await estimator.begin?.(iterationOf(hovering(random, false), random));
    metrics = [];
    for (let iteration = 0; iteration < 50; iteration++) {
      const given = iterationOf(hovering(random, false), random);
      metrics.push((await estimator.estimate(given)).metrics ?? {});
    }
  });

  test("values stay within what the largest reward could pay to the limit", () => {
    const bound = 7 * worthOfSteps(maxSteps, discount);
    for (const line of metrics) {
      expect(line["critic/value_bound"]).toBeCloseTo(bound, 4);
      expect(line["critic/value_max"]).toBeLessThanOrEqual(bound);
      expect(line["critic/value_min"]).toBeGreaterThanOrEqual(-1 * worthOfSteps(maxSteps, discount));
    }
  });

  test("the critic explains returns that it has not seen", () => {
    const explained = metrics.slice(1).map((line) => line["critic/explained_variance"]);
    expect(Math.min(...explained)).toBeGreaterThan(0.5);
  });
});

test("a continued estimator gives the same bits", async () => {
  await using whole = await start("finite-horizon");
  await using first = await start("finite-horizon");
  await using second = await start("finite-horizon");
  const batches = [0, 1, 2, 3].map((i) => iterationOf(hovering(new Random(i), false), new Random(i)));
  for (const batch of batches.slice(0, 2)) {
    await whole.estimate(batch);
    await first.estimate(batch);
  }
  await second.restore(await first.state());
  for (const batch of batches.slice(2))
    expect(await second.estimate(batch)).toEqual(await whole.estimate(batch));
});

test("an episode that broke is worth what the critic says of its last sound state", async () => {
  await using estimator = await start("finite-horizon");
  const random = new Random(6);
  await estimator.begin?.(iterationOf(hovering(random, false), random));
  const sound = Array.from({ length: maxSteps }, (_, step) => Math.min(step / 4, 3));
  const broken = episode(sound.slice(0, 20), { fault: "It broke." });
  const { advantages: found } = await estimator.estimate(
    iterationOf([episode(sound), broken, episode(sound)], random),
  );
  expect(found).toHaveLength(10 + 4 + 10);
  // The last sound chunk of the broken one is not blamed for the end: it earned what the same chunk of the others did.
  expect(Math.abs(found[13] - found[3])).toBeLessThan(1.5);
});

test("a critic sees point clouds through the planner's encoders", async () => {
  const clouds = seeingPlanner(3);
  const { nActionSteps } = clouds.config;
  await using estimator = await advantages["finite-horizon"].start({
    ...optionsOf(),
    planner: clouds,
    maxSteps,
  });
  const random = new Random(8);
  /** Episodes that pay by where the cloud is. */
  const iteration = (): Iteration => {
    const played = Array.from({ length: 12 }, () => {
      const place = 2 * random.uniform() - 1;
      const seen = () => [
        0,
        0,
        ...Array.from({ length: 15 }, (_, i) => (i % 3 === 0 ? place : 0.1 * random.normal())),
      ];
      const rewards = new Array<number>(maxSteps).fill(1 + place);
      return {
        ...episode(rewards),
        observations: Float32Array.from(rewards.flatMap(seen)),
        finalObservation: Float32Array.from(seen()),
      };
    });
    const episodes = played.map((each) => chunksOf(each, discount, nActionSteps));
    return { episodes, scale: emptyScale, bounds: widened(noRewards, played), random };
  };
  await estimator.begin?.(iteration());
  const { metrics } = await estimator.estimate(iteration());
  expect(metrics?.["critic/explained_variance"]).toBeGreaterThan(0.8);
});

test("explained variance is 1 for the truth, 0 for the mean, less for worse", () => {
  expect(explainedVariance([1, 2, 3], [1, 2, 3])).toBe(1);
  expect(explainedVariance([1, 2, 3], [2, 2, 2])).toBe(0);
  expect(explainedVariance([1, 2, 3], [3, 2, 1])).toBe(-3);
  expect(explainedVariance([2, 2], [1, 5])).toBe(0);
});
