import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ToyDynamics, type ToyStep, toyPool } from "../../test/toy-pool.ts";
import { Random, vectorSpaces, wilsonInterval } from "../base/index.ts";
import type { Episode } from "../data/index.ts";
import { families, type ScriptedPolicy } from "../envs/index.ts";
import {
  type EpisodeScore,
  evaluate,
  type ProtocolName,
  summarizeTasks,
  type TaskScore,
} from "./evaluate.ts";
import { LatencyMeter } from "./latency.ts";
import { EnvPool } from "./local/index.ts";
import type { Row } from "./policy.ts";
import { expertPolicy, randomPolicy } from "./reference-policies.ts";

const spec = { spaces: vectorSpaces(1, 1), maxSteps: 3 };

/** Environments of three steps that the seed decides. */
function scripted(steps: (seed: number) => readonly Partial<ToyStep>[]): () => ToyDynamics {
  return () => {
    let seed = 0;
    return {
      reset(given) {
        seed = given;
        return [0];
      },
      step: (_, time) => ({ observation: [0], reward: 1, ...steps(seed)[time] }),
    };
  };
}
const playScripted = (steps: (seed: number) => readonly Partial<ToyStep>[], protocol: ProtocolName) =>
  evaluate(toyPool(spec, scripted(steps)), randomPolicy(1), seeds, { protocol });
const seeds = [5, 6, 7, 8];

describe("an environment", () => {
  test("that always succeeds is solved in every episode, and the interval stays honest", async () => {
    const { task, per_episode, aggregated } = await playScripted(
      () => [{ reward: 2, success: true }],
      "metaworld",
    );
    expect(task).toBe("toy");
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
    const rewards = () => [{ reward: 1 }, { reward: 4 }, { reward: -2 }];
    const { aggregated } = await playScripted(rewards, "metaworld");
    expect(aggregated).toMatchObject({ pc_success: 0, avg_sum_reward: 3, avg_max_reward: 4 });
    expect(aggregated.ci95[1]).toBeCloseTo(100 * wilsonInterval(0, 4)[1], 12);
  });

  test("that is solved and unsolved again tells protocols apart", async () => {
    const once = () => [{}, { success: true }, {}];
    const [full, metaworld] = [await playScripted(once, "full"), await playScripted(once, "metaworld")];
    expect(full.per_episode[0]).toMatchObject({ success: true, success_last: false, steps: 3 });
    expect(metaworld.per_episode[0]).toMatchObject({ success: true, success_last: true, steps: 2 });
    expect(full.aggregated).toMatchObject({ pc_success: 100, pc_success_last: 0 });
  });

  test("whose simulation diverges has an episode all the same", async () => {
    const broken = (seed: number) => [seed === 6 ? { reward: 0, fault: "It exploded." } : { success: true }];
    const { per_episode, aggregated } = await playScripted(broken, "metaworld");
    expect(per_episode[1]).toMatchObject({ success: false, fault: "It exploded." });
    expect(per_episode[0]).not.toHaveProperty("fault");
    expect(aggregated).toMatchObject({ n: 4, pc_success: 75 });
  });
});

/** An environment that pays what is done in it, and is solved by much of it; longer or shorter by its seed. */
function paying(): ToyDynamics {
  let seed = 0;
  return {
    reset(given) {
      seed = given;
      return [given];
    },
    step: ([action], time) => ({
      observation: [seed],
      reward: action,
      success: action > 0.6,
      terminated: time === seed % 3,
    }),
  };
}

test("an episode's score comes from its seed, however many environments there are and whoever plays beside it", async () => {
  const all = Array.from({ length: 12 }, (_, i) => 100 + i);
  const play = (numEnvs: number, some: readonly number[]) =>
    evaluate(toyPool(spec, paying, numEnvs), randomPolicy(1), some, { protocol: "metaworld" });
  const { per_episode } = await play(1, all);
  expect(new Set(per_episode.map(({ sum_reward }) => sum_reward)).size).toBe(all.length);
  for (const numEnvs of [2, 5, 12]) expect((await play(numEnvs, all)).per_episode).toEqual(per_episode);
  const { per_episode: few } = await play(2, [107, 103]);
  expect(few).toEqual([
    { ...per_episode[7], episode_ix: 0 },
    { ...per_episode[3], episode_ix: 1 },
  ]);
});

test("each episode is told as it ends", async () => {
  const told: [EpisodeScore, Episode][] = [];
  const onEpisode = (...each: [EpisodeScore, Episode]) => told.push(each);
  const pool = toyPool(spec, paying, 2);
  const { per_episode } = await evaluate(pool, randomPolicy(1), seeds, { protocol: "full", onEpisode });
  const byNumber = told.map(([score]) => score).sort((a, b) => a.episode_ix - b.episode_ix);
  expect(byNumber).toEqual(per_episode);
  for (const [score, episode] of told)
    expect([episode.seed, episode.rewards.length]).toEqual([score.seed, score.steps]);
});

test("real episodes do not depend on environments and threads either", { timeout: 120_000 }, async () => {
  const env = { env: "toy/reach", maxSteps: 20 };
  const expert = families.toy.expert?.("reach", { observation: "state" }) as ScriptedPolicy;
  const policies = [expertPolicy(expert), randomPolicy(2)];
  const [alone, together] = [
    { numEnvs: 1, threads: 1 },
    { numEnvs: 3, threads: 2 },
  ].map(async (options) => {
    await using pool = await EnvPool.start(env, options);
    const scores = [];
    for (const policy of policies) scores.push(await evaluate(pool, policy, seeds, { protocol: "full" }));
    return scores.map(({ per_episode }) => per_episode);
  });
  expect(await together).toEqual(await alone);
  expect((await alone).flat().every(({ steps }) => steps === 20)).toBe(true);
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
    return { task: "toy", per_episode, aggregated };
  }
  const summary = (solved: readonly number[], n: number) =>
    summarizeTasks(
      solved.map((each) => task(each, n)),
      new Random(0),
    );

  test("have the mean over tasks, and an interquartile mean without the best and the worst", () => {
    const together = summary([0, 0, 5, 10], 10);
    expect(together).toMatchObject({ tasks: 4, n: 40, pc_success: 37.5, iqm_success: 25, eval_s: 12 });
    expect(together.avg_sum_reward).toBeCloseTo(3.75, 12);
  });

  test("are no more than the task, if it is one", () => {
    const { tasks, ...alone } = summary([7], 10);
    expect(tasks).toBe(1);
    expect(Object.keys(alone).sort()).toEqual(Object.keys(task(7, 10).aggregated).sort());
  });

  test("have an interval around the interquartile mean that narrows with more episodes", () => {
    const widths = [10, 40].map((n) => {
      const { iqm_success = 0, iqm_ci95 = [0, 0] } = summary(
        [0.2 * n, 0.5 * n, 0.5 * n, 0.6 * n, 0.9 * n],
        n,
      );
      expect(iqm_ci95[0]).toBeLessThan(iqm_success);
      expect(iqm_ci95[1]).toBeGreaterThan(iqm_success);
      return iqm_ci95[1] - iqm_ci95[0];
    });
    expect(widths[1]).toBeCloseTo(widths[0] / 2, -1);
  });

  test("stay between the worst task and the best", () =>
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 2, maxLength: 6 }), (solved) => {
        const { iqm_success = 0, iqm_ci95 = [0, 0], pc_success, ci95 } = summary(solved, 5);
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

test("a policy in a latency meter acts as it did, and the meter tells how long that took", async () => {
  const row = (): Row => ({
    episode: { seed: 1, random: new Random(1) },
    observations: new Float32Array(3),
    state: undefined,
  });
  const policy = randomPolicy(2);
  const meter = new LatencyMeter();
  const timed = meter.wrap({
    ...policy,
    async act(rows) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return policy.act(rows);
    },
  });
  expect(await timed.act([row(), row()])).toEqual(await policy.act([row(), row()]));
  await timed.act([row()]);
  const { median_ms, p95_ms, ...counts } = meter.latency();
  expect(counts).toEqual({ batch_size: 2, calls: 2 });
  expect(median_ms).toBeGreaterThan(15);
  expect(p95_ms).toBeGreaterThanOrEqual(median_ms);
});
