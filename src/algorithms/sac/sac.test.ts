/** @file Soft actor-critic learns in environments of plain arithmetic, alone or several tasks at once, and goes on bit by bit. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { lineEnv } from "../../../test/line-envs.ts";
import { toyPool } from "../../../test/toy-pool.ts";
import { outcome } from "../../../test/toy-run.ts";
import { smallSac } from "../../../test/trainings.ts";
import { vectorSpaces } from "../../base/index.ts";
import { Dataset } from "../../data/index.ts";
import { cpu } from "../../devices/index.ts";
import type { EnvPool } from "../../rollout/index.ts";
import { Run } from "../../runs/index.ts";
import { trainOnline } from "../loop.ts";
import { replayOf } from "../online/replay.ts";
import { sac } from "./sac.ts";

const device = cpu({ threads: 1 });
const patience = { timeout: 240_000 };
const top = mkdtempSync(join(tmpdir(), "sodp-sac-"));
afterAll(() => rmSync(top, { recursive: true }));
const start = { kind: "sac", config: {}, overrides: {}, command: "sodp sac", seed: 0 };

const train = (config: object, envs: readonly EnvPool[], run: Run) =>
  trainOnline(sac, config, { envs, policy: undefined }, run, { device });

const small = { ...smallSac, envSteps: 4000, eval: { nEpisodes: 40 }, seed: 5 };

async function lastMetrics(folder: string): Promise<Record<string, number>> {
  const { metrics } = await outcome(folder);
  return Object.assign({}, ...metrics.filter((line) => line !== "").map((line) => JSON.parse(line)));
}

test("it learns to reach a goal, and its replay shows how", patience, async () => {
  const folder = join(top, "line");
  {
    await using run = await Run.start(folder, start);
    expect(await train(small, [lineEnv("line")], run)).not.toBeNull();
  }
  const metrics = await lastMetrics(folder);
  expect(metrics["eval/success_rate"]).toBeGreaterThanOrEqual(0.95);
  using replay = await Dataset.open(replayOf(folder));
  expect([replay.episodes, replay.steps]).toEqual([200, 4000]);
  const earned = Array.from({ length: 200 }, (_, i) => replay.episode(i).rewards.reduce((a, b) => a + b, 0));
  const mean = (from: number) => earned.slice(from, from + 20).reduce((a, b) => a + b, 0) / 20;
  expect(mean(180)).toBeGreaterThan(mean(0) + 4);
});

test("one agent learns two tasks that want opposite actions of the same observations", patience, async () => {
  const folder = join(top, "both");
  await using run = await Run.start(folder, start);
  expect(
    await train({ ...small, envSteps: 8000 }, [lineEnv("with"), lineEnv("against", -1)], run),
  ).not.toBeNull();
  const metrics = await lastMetrics(folder);
  expect(metrics["eval/success_rate/with"]).toBeGreaterThanOrEqual(0.9);
  expect(metrics["eval/success_rate/against"]).toBeGreaterThanOrEqual(0.9);
});

/** The task's environments; `happens` once that many episodes were asked for. */
function troubledLine(at: number, happens: () => Promise<void>): EnvPool {
  const pool = lineEnv("line");
  let asked = 0;
  return {
    ...pool,
    async play(policy, requests, options) {
      const before = asked;
      asked += requests.length;
      const played = await pool.play(policy, requests, options);
      if (before < at && asked >= at) await happens();
      return played;
    },
  };
}

const stop = async () => {
  process.kill(process.pid, "SIGTERM");
  await setTimeout(5);
};
const death = async () => {
  throw new Error("death");
};

test("stopped or killed wherever, it goes on to the same weights, numbers and replay", patience, async () => {
  const short = { ...small, envSteps: 1600, eval: { nEpisodes: 4 }, evalEvery: 400, normalize: true };
  const whole = join(top, "whole");
  {
    await using run = await Run.start(whole, start);
    await train(short, [lineEnv("line")], run);
  }
  const broken = join(top, "broken");
  const troubles = [
    { at: 30, happens: stop },
    { at: 7, happens: death },
    { at: 9, happens: stop },
    { at: 21, happens: death },
    undefined,
  ];
  for (const trouble of troubles) {
    await using run = trouble === troubles[0] ? await Run.start(broken, start) : await Run.resume(broken);
    const pool = trouble === undefined ? lineEnv("line") : troubledLine(trouble.at, trouble.happens);
    const agent = await train(short, [pool], run).catch((error) => {
      if (error.message !== "death") throw error;
      return null;
    });
    expect(agent !== null).toBe(trouble === undefined);
  }
  expect(await outcome(broken)).toEqual(await outcome(whole));
  using one = await Dataset.open(replayOf(whole));
  using other = await Dataset.open(replayOf(broken));
  expect(other.episodes).toBe(one.episodes);
  for (let i = 0; i < one.episodes; i++) expect(other.episode(i)).toEqual(one.episode(i));
});

test("episodes whose simulation diverged are not learned from", async () => {
  const pool = toyPool({ task: "faulty", spaces: vectorSpaces(1, 1), maxSteps: 5 }, () => ({
    reset: () => [0],
    step: (_, time) => ({ observation: [time], reward: 1, ...(time === 2 && { fault: "lost" }) }),
  }));
  await using run = await Run.start(join(top, "faulty"), start);
  await expect(
    train({ ...small, envSteps: 100, learningStarts: 10, eval: { nEpisodes: 1 } }, [pool], run),
  ).rejects.toThrow("faulty: the simulation diverged in all of the first 4 episodes: lost");
});
