/** @file `sodp eval` as a user types it. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CommanderError } from "commander";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { Random, UserError, vectorSpaces } from "../base/index.ts";
import { Dataset } from "../data/index.ts";
import { savePlanner } from "../policies/files/index.ts";
import { initPlanner } from "../policies/index.ts";
import { EvaluationInfo } from "../wire/index.ts";
import { evalCommand } from "./eval.ts";
import { UsageError } from "./usage-error.ts";

const folder = mkdtempSync(join(tmpdir(), "sodp-eval-"));
afterAll(() => rmSync(folder, { recursive: true }));
const checkpoint = join(folder, "checkpoint");
const adroit = join(folder, "adroit");

/** An untrained planner. */
async function save(observationSize: number, to: string): Promise<void> {
  mkdirSync(to, { recursive: true });
  const normalizer = (size: number) => ({
    low: new Array<number>(size).fill(-1),
    high: new Array<number>(size).fill(1),
  });
  const denoiser = { kind: "mlp", width: 16, blocks: 1 } as const;
  const planner = initPlanner(
    { spaces: vectorSpaces(observationSize, 4), numTrainTimesteps: 5, denoiser },
    { observation: { state: normalizer(observationSize) }, action: normalizer(4) },
    new Random(1),
  );
  await savePlanner(planner, to);
}
beforeAll(async () => {
  await save(39, join(checkpoint, "pretrained_model"));
  await save(46, adroit);
});

const output = { stdout: "", stderr: "" };
beforeEach(() => {
  Object.assign(output, { stdout: "", stderr: "" });
  vi.spyOn(console, "log").mockImplementation((text) => {
    output.stdout += `${text}\n`;
  });
  vi.spyOn(console, "error").mockImplementation((text) => {
    output.stderr += `${text}\n`;
  });
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    output.stderr += text;
    return true;
  });
});
afterEach(() => vi.restoreAllMocks());

let calls = 0;
/** Output of `sodp eval` with these flags. */
async function sodpEval(...flags: string[]): Promise<string> {
  output.stdout = "";
  const elsewhere = flags.includes("--output_dir") ? [] : ["--output_dir", join(folder, `eval-${calls++}`)];
  await evalCommand()
    .exitOverride()
    .parseAsync([...flags, ...elsewhere], { from: "user" });
  return output.stdout;
}
const info = async (...flags: string[]) =>
  EvaluationInfo.parse(JSON.parse(await sodpEval(...flags, "--json"))) as EvaluationInfo;

const quick = ["--env.task", "reach-v3", "--eval.n_episodes", "3", "--env.max_steps", "40", "--threads", "1"];
const asPlanner = ["--policy.path", checkpoint, ...quick];
const patience = { timeout: 120_000 };

test("prints one document with everything that its numbers depend on", patience, async () => {
  const evaluation = await info(...asPlanner, "--seed", "500", "--denoising.num_inference_steps", "2");
  const { sha256 } = JSON.parse(readFileSync(join(checkpoint, "pretrained_model/config.json"), "utf8"));
  expect(evaluation).toMatchObject({
    protocol: { name: "metaworld", max_steps: 40 },
    policy: {
      type: "planner",
      path: checkpoint,
      weights_sha256: sha256,
      denoising: { num_inference_steps: 2, eta: 1, min_sampling_std: 0 },
      n_obs_steps: 2,
      n_action_steps: 8,
    },
    env: { task: ["reach-v3"], maxSteps: 40 },
    seed: 500,
    overall: { n: 3, tasks: 1 },
  });
  const [{ task, task_group, per_episode }] = evaluation.per_task;
  expect([task, task_group]).toEqual(["metaworld/reach", "easy"]);
  expect(per_episode.map(({ episode_ix, seed }) => [episode_ix, seed])).toEqual([
    [0, 500],
    [1, 501],
    [2, 502],
  ]);
  expect(evaluation.latency).toMatchObject({ batch_size: 3, calls: 5 }); // 40 steps, 8 a call
  expect(output.stderr).toContain(
    "trained with 5 denoising steps and eta 1; it acts with 2 steps and eta 1.",
  );
  expect(output.stderr).toMatch(/^eval 100 %: 3\/3, .*reach \d solved$/m);
});

test("gives the same episodes again, however many are played at once", patience, async () => {
  const episodes = async (...flags: string[]) => (await info(...asPlanner, ...flags)).per_task[0].per_episode;
  const first = await episodes();
  expect(await episodes()).toEqual(first);
  const alone = await episodes("--env.num_envs", "1");
  for (const [i, { sum_reward, max_reward, ...rest }] of alone.entries()) {
    expect(first[i]).toMatchObject(rest);
    expect(first[i].sum_reward).toBeCloseTo(sum_reward, 2); // sums of another order
    expect(first[i].max_reward).toBeCloseTo(max_reward, 2);
  }
  expect(await episodes("--denoising.eta", "0")).not.toEqual(first);
});

test("writes what it prints, once, and keeps the episodes", patience, async () => {
  const [out, kept] = [join(folder, "out/1"), join(folder, "out/1/episodes")];
  const to = ["--policy.type", "random", ...quick, "--output_dir", out, "--dataset.root", kept];
  const printed = await info(...to);
  expect(JSON.parse(readFileSync(join(out, "eval_info.json"), "utf8"))).toEqual(printed);
  using dataset = await Dataset.open(kept);
  const episodes = Array.from({ length: dataset.episodes }, (_, i) => dataset.episode(i));
  expect(episodes.map(({ task, seed, rewards }) => ({ task, seed, steps: rewards.length }))).toEqual(
    printed.per_task[0].per_episode.map(({ seed, steps }) => ({ task: "metaworld/reach", seed, steps })),
  );
  await expect(info(...to)).rejects.toThrow("holds another evaluation. Choose another --output_dir");
});

test("without --json it is a table with intervals, groups and the rule", patience, async () => {
  const flags = ["--policy.type", "random", "--env.task", "reach,metaworld/push-v3,reach"];
  const few = ["--eval.n_episodes", "2", "--env.max_steps", "5", "--threads", "1"];
  const lines = (await sodpEval(...flags, ...few)).trim().split("\n");
  expect(lines[0]).toMatch(/^task +solved +success +95 % interval +at last step +return$/);
  const cells = lines.slice(1, 6).map((line) => line.split(/ {2,}/));
  expect(cells.map(([name]) => name)).toEqual([
    "metaworld/reach",
    "metaworld/push",
    "easy (1)",
    "hard (1)",
    "all (2)",
  ]);
  expect(cells[0].slice(1, 5)).toEqual(["0/2", "0.0 %", "0.0 % to 65.8 %", "0.0 %"]);
  expect(lines[6]).toBe("Interquartile mean over tasks: 0.0 %.");
  expect(lines[7]).toMatch(
    /^Protocol metaworld: .*, at the first step.* At most 5 steps, seeds from 90000 on\.$/,
  );
  expect(lines[8]).toMatch(/^A call of the policy at batch size 2: .* ms \(median\)/);
});

describe("is refused in one sentence:", () => {
  const empty = join(folder, "nothing");
  test.each<[string, string[], string, typeof UserError]>([
    ["no policy", quick, "--policy.path is required", UsageError],
    ["no task", ["--policy.path", checkpoint], "--env.task is required", UsageError],
    [
      "a task that is not",
      [...quick, "--env.task", "mt11"],
      'Unknown task or suite "mt11". Known: mt10,',
      UsageError,
    ],
    [
      "training's seeds",
      [...asPlanner, "--seed", "2147483647"],
      "Evaluation takes seeds from 0 to",
      UsageError,
    ],
    [
      "more denoising steps than were trained",
      [...asPlanner, "--denoising.num_inference_steps", "6"],
      "The planner was trained with 5 denoising steps; sampling asked for 6. Use at most 5.",
      UsageError,
    ],
    ["no planner", [...quick, "--policy.path", empty], "nothing", UserError],
    [
      "a planner for other environments",
      [...quick, "--policy.path", adroit],
      "The planner observes state (46)",
      UserError,
    ],
    [
      "no episodes",
      [...asPlanner, "--eval.n_episodes", "0"],
      "--eval.n_episodes: expected a whole number from 1",
      UsageError,
    ],
  ])("%s", patience, async (_, flags, sentence, kind) => {
    const refused = await sodpEval(...flags).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(kind);
    expect((refused as Error).message).toContain(sentence);
    expect((refused as Error).message).not.toContain("\n");
    expect(output.stdout).toBe("");
  });

  test("a flag that is not", async () => {
    const refused = await sodpEval(...asPlanner, "--n_episode", "5").catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(CommanderError);
  });
});
