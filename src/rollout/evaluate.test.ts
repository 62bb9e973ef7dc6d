import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random, wilsonInterval } from "../base/index.ts";
import { findTask } from "../envs/index.ts";
import { DecisionClock } from "./decision-clock.ts";
import { type EpisodeScore, evaluate, summariseTasks, type TaskScore } from "./evaluate.ts";
import { ParallelWorlds, type Stage } from "./parallel.ts";
import type { EpisodeRequest, Policy } from "./policy.ts";
import { expertPolicy, randomPolicy } from "./reference-policies.ts";

/** A step's reward, and whether the task is solved after it. */
type ToyStep = readonly [reward: number, solved: boolean];

/** A stage where what happens is decided by the episode alone. */
function toyStage(happens: (request: EpisodeRequest) => readonly ToyStep[], fault?: string): Stage {
  return {
    task: "toy",
    observationSize: 1,
    actionSize: 1,
    maxSteps: 9,
    batchSize: 1,
    async play(_, requests, { stopAtSuccess, onEpisode }) {
      const played = requests.map((request) => {
        const all = happens(request);
        const solved = all.findIndex(([, solved]) => solved);
        const steps = stopAtSuccess && solved >= 0 ? all.slice(0, solved + 1) : all;
        return {
          task: "toy",
          seed: request.seed,
          observations: new Float32Array(steps.length),
          finalObservation: new Float32Array(1),
          actions: new Float32Array(steps.length),
          rewards: Float32Array.from(steps, ([reward]) => reward),
          successes: Uint8Array.from(steps, ([, solved]) => Number(solved)),
          terminated: false,
          decisions: [],
          ...(fault !== undefined && { fault }),
        };
      });
      // Episodes end in any order.
      for (const index of [...played.keys()].reverse()) onEpisode?.(played[index], index);
      return played;
    },
  };
}

const idle = randomPolicy(1);
const seeds = [5, 6, 7, 8];

describe("a world", () => {
  test("that always succeeds is solved in every episode, and the interval stays honest", async () => {
    const { per_episode, aggregated } = await evaluate(
      toyStage(() => [[2, true]]),
      idle,
      seeds,
      { protocol: "full" },
    );
    expect(per_episode).toEqual(
      seeds.map((seed, episode_ix) => ({
        episode_ix,
        sum_reward: 2,
        max_reward: 2,
        success: true,
        success_last: true,
        steps: 1,
        seed,
      })),
    );
    const [low] = wilsonInterval(4, 4);
    expect(aggregated).toMatchObject({
      n: 4,
      avg_sum_reward: 2,
      avg_max_reward: 2,
      pc_success: 100,
      pc_success_last: 100,
      ci95: [100 * low, 100],
    });
    expect(aggregated.eval_ep_s).toBeCloseTo(aggregated.eval_s / 4, 12);
  });

  test("that never succeeds is never solved", async () => {
    const happens = (): ToyStep[] => [
      [1, false],
      [4, false],
      [-2, false],
    ];
    const { aggregated } = await evaluate(toyStage(happens), idle, seeds, { protocol: "metaworld" });
    expect(aggregated).toMatchObject({ pc_success: 0, avg_sum_reward: 3, avg_max_reward: 4 });
    expect(aggregated.ci95[1]).toBeCloseTo(100 * wilsonInterval(0, 4)[1], 12);
  });

  test("that is solved and unsolved again tells protocols apart", async () => {
    const happens = (): ToyStep[] => [
      [1, false],
      [1, true],
      [1, false],
    ];
    const play = (protocol: "metaworld" | "full") => evaluate(toyStage(happens), idle, [1], { protocol });
    expect((await play("full")).per_episode).toMatchObject([
      { success: true, success_last: false, steps: 3 },
    ]);
    expect((await play("metaworld")).per_episode).toMatchObject([
      { success: true, success_last: true, steps: 2 },
    ]);
    expect((await play("full")).aggregated).toMatchObject({ pc_success: 100, pc_success_last: 0 });
  });

  test("whose simulator gives up has an episode all the same", async () => {
    const { per_episode } = await evaluate(
      toyStage(() => [[0, false]], "It exploded."),
      idle,
      [1],
      { protocol: "metaworld" },
    );
    expect(per_episode).toMatchObject([{ success: false, fault: "It exploded." }]);
  });
});

test("an episode's stream comes from its seed alone", async () => {
  const happens = ({ random }: EpisodeRequest): ToyStep[] => [[random.uniform(), false]];
  const rewards = async (some: readonly number[]) => {
    const { per_episode } = await evaluate(toyStage(happens), idle, some, { protocol: "full" });
    return new Map(per_episode.map(({ seed, sum_reward }) => [seed, sum_reward]));
  };
  const [all, few] = [await rewards([5, 6, 7, 8]), await rewards([8, 6])];
  expect([few.get(8), few.get(6)]).toEqual([all.get(8), all.get(6)]);
  expect(new Set(all.values()).size).toBe(4);
});

test("each episode is told as it ends", async () => {
  const told: EpisodeScore[] = [];
  const { per_episode } = await evaluate(
    toyStage(() => [[1, true]]),
    idle,
    seeds,
    { protocol: "full", onEpisode: (episode) => told.push(episode) },
  );
  expect(told).toEqual([...per_episode].reverse());
});

describe("Meta-World's episodes do not depend on how many are played at once, nor on threads", () => {
  const world = { kind: "metaworld", task: "reach", maxSteps: 50 } as const;
  test.each<[string, Policy]>([
    ["expert", expertPolicy(findTask("reach").expert)],
    ["random", randomPolicy(4)],
  ])("%s", { timeout: 60_000 }, async (_, policy) => {
    const scores = [];
    for (const options of [
      { worlds: 1, threads: 1 },
      { worlds: 3, threads: 1 },
      { worlds: 4, threads: 2 },
    ]) {
      await using stage = await ParallelWorlds.start(world, options);
      scores.push(
        (await evaluate(stage, policy, [90_000, 90_001, 90_002, 90_003], { protocol: "full" })).per_episode,
      );
    }
    expect(scores[1]).toEqual(scores[0]);
    expect(scores[2]).toEqual(scores[0]);
    expect(scores[0].map(({ steps }) => steps)).toEqual([50, 50, 50, 50]);
  });
});

describe("tasks together", () => {
  /** A task with so many episodes solved of so many. */
  function task(solved: number, n: number): TaskScore {
    const per_episode = Array.from({ length: n }, (_, episode_ix) => {
      const success = episode_ix < solved;
      const score = { episode_ix, sum_reward: 10 * Number(success), max_reward: 1, success };
      return { ...score, success_last: success, steps: 5, seed: episode_ix };
    });
    const nothing = { n, avg_sum_reward: 0, avg_max_reward: 0, pc_success: 0, pc_success_last: 0 };
    const aggregated = { ...nothing, ci95: [0, 0] as const, eval_s: 3, eval_ep_s: 3 / n };
    return { task: "toy", max_steps: 5, per_episode, aggregated };
  }
  const summary = (solved: readonly number[], n: number) =>
    summariseTasks(
      solved.map((each) => task(each, n)),
      new Random(0),
    );

  test("have the mean over tasks, and an interquartile mean without the best and the worst", () => {
    const together = summary([0, 0, 5, 10], 10);
    expect(together).toMatchObject({ tasks: 4, n: 40, pc_success: 37.5, iqm_success: 25, eval_s: 12 });
    expect(together.avg_sum_reward).toBeCloseTo(3.75, 12);
  });

  test("have as many percent as one task, if it is one", () =>
    expect(summary([7], 10)).toMatchObject({ pc_success: 70, iqm_success: 70, tasks: 1 }));

  test("have an interval around the interquartile mean that narrows with more episodes", () => {
    const widths = [10, 40].map((n) => {
      const { iqm_success, iqm_ci95 } = summary([0.2 * n, 0.5 * n, 0.5 * n, 0.6 * n, 0.9 * n], n);
      expect(iqm_ci95[0]).toBeLessThan(iqm_success);
      expect(iqm_ci95[1]).toBeGreaterThan(iqm_success);
      return iqm_ci95[1] - iqm_ci95[0];
    });
    expect(widths[1]).toBeCloseTo(widths[0] / 2, -1);
  });

  test("stay between the worst task and the best", () =>
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 6 }), (solved) => {
        const { iqm_success, iqm_ci95, pc_success, ci95 } = summary(solved, 5);
        const [worst, best] = [20 * Math.min(...solved), 20 * Math.max(...solved)];
        expect(iqm_success).toBeGreaterThanOrEqual(worst - 1e-9);
        expect(iqm_success).toBeLessThanOrEqual(best + 1e-9);
        expect(ci95[0]).toBeLessThanOrEqual(pc_success + 1e-9);
        expect(ci95[1]).toBeGreaterThanOrEqual(pc_success - 1e-9);
        expect(iqm_ci95[0]).toBeLessThanOrEqual(iqm_ci95[1]);
      }),
      { numRuns: 10 },
    ));
});

test("a policy beside a clock acts as it did, and the clock tells how long that took", async () => {
  const request = () => ({ seed: 1, random: new Random(1) });
  const policy = randomPolicy(2);
  const clock = new DecisionClock();
  const timed = clock.beside({
    ...policy,
    async decide(observations, episodes) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return policy.decide(observations, episodes);
    },
  });
  const decide = (each: Policy) => each.decide(new Float32Array(6), [request(), request()]);
  expect(await decide(timed)).toEqual(await decide(policy));
  await timed.decide(new Float32Array(3), [request()]);
  const { median_ms, p95_ms, ...counts } = clock.latency();
  expect(counts).toEqual({ batch_size: 2, decisions: 2 });
  expect(median_ms).toBeGreaterThan(15);
  expect(p95_ms).toBeGreaterThanOrEqual(median_ms);
});
