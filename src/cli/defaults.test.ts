/** @file Defaults of commands, and settings that one hands on to the next, on the toy family. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import type { Job } from "../jobs/index.ts";
import { newOutputFolder } from "./output-folder.ts";
import { createProgram } from "./program.ts";

const asked: Job[] = [];
vi.mock("../jobs/index.ts", async (original) => ({
  ...(await original<typeof import("../jobs/index.ts")>()),
  runLocally: async (jobs: readonly Job[]) => {
    asked.push(...jobs);
    return jobs.map((job) => ({ job, status: "finished", seconds: 1 }));
  },
}));
vi.setConfig({ testTimeout: 120_000 });

const top = mkdtempSync(join(tmpdir(), "sodp-defaults-"));
const at = (...names: string[]) => join(top, ...names);
afterAll(() => rmSync(top, { recursive: true }));

const told: string[] = [];
beforeEach(() => {
  told.length = 0;
});

/** Document that a command prints. What it tells is in `told`. */
async function sodp(line: string): Promise<Record<string, never>> {
  const words = [...line.split(" "), "--json"];
  const printed: string[] = [];
  const hear = (text: unknown) => told.push(String(text)) > 0;
  const spies = [
    vi.spyOn(console, "log").mockImplementation((text) => void printed.push(text)),
    vi.spyOn(console, "error").mockImplementation(hear),
    vi.spyOn(process.stderr, "write").mockImplementation(hear),
  ];
  try {
    await (await createProgram(words)).parseAsync(words, { from: "user" });
    return JSON.parse(printed.join("\n"));
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

const pretrain = `pretrain --preset toy --dataset.root ${at("data")} --threads 1 --log_every 1`;
const json = (...names: string[]) => JSON.parse(readFileSync(at(...names), "utf8"));
const weights = (run: string, step: string) =>
  readFileSync(at(run, "checkpoints", step, "pretrained_model", "model.safetensors"));

beforeAll(async () => {
  await sodp(`data collect --env.task toy/reach --episodes 8 --dataset.root ${at("data")} --threads 1`);
  const watched = "--env.task toy/reach --env.max_steps 7 --eval.n_episodes 1 --env.num_envs 1";
  await sodp(`${pretrain} --steps 4 --output_dir ${at("first")} ${watched}`);
}, 120_000);

test("a folder that nobody named says what it is of, and is new", () => {
  const now = new Date(2026, 10, 28, 9, 5, 7);
  const folderOf = (...subjects: string[]) => newOutputFolder("eval", subjects, now);
  expect(folderOf("runs/drawer", "metaworld/drawer-open")).toBe(
    join("outputs", "eval", "2026-11-28_09-05-07_drawer_drawer-open"),
  );
  expect(folderOf("a", "b", "c", "d", "e")).toMatch(/_a_b_c_2-more$/);
});

test("more steps go on with a run that is finished; fewer do not", async () => {
  const going = `pretrain --resume=true --config_path ${at("first")} --steps`;
  expect(await sodp(`${going} 6`)).toMatchObject({ status: "finished" });
  expect(told.join("")).toContain("Longer than it was started: --steps 6, not 4.");
  expect(json("first", "config.json").steps).toBe(6);
  expect(readdirSync(at("first", "checkpoints"))).toContain("000000006");
  await expect(sodp(`${going} 5`)).rejects.toThrow("--steps is 6, not 5");
});

test("pre-training starts from a planner, and keeps what it is made of", async () => {
  const from = `--policy.path ${at("first")} --planner.horizon 16`;
  await sodp(
    `${pretrain} ${from} --steps 1 --learning_rate 1e-30 --ema_decay 0 --output_dir ${at("second")}`,
  );
  const { encoders: _, ...planner } = json("first", "config.json").planner;
  expect(json("second", "config.json").planner).toMatchObject(planner);
  expect(json("second", "run.json").parent).toBe(json("first", "run.json").id);
  const [parent, child] = ["first", "second"].map((run) => weights(run, "last").subarray(-400));
  expect(child).toEqual(parent);
});

test("the episode length of a run is that of its evaluation and its export, and is told", async () => {
  const evaluate = `eval --policy.path ${at("first")} --env.task toy/reach --eval.n_episodes 1 --threads 1`;
  const info = await sodp(`${evaluate} --output_dir ${at("eval")}`);
  expect(info.protocol).toMatchObject({ max_steps: 7 });
  expect(told.join("\n")).toContain("As in the policy's run: --env.max_steps 7.");
  const other = await sodp(`${evaluate} --env.max_steps 9 --output_dir ${at("other")}`);
  expect(other.protocol).toMatchObject({ max_steps: 9 });
  const report = await sodp(`export ${at("first")} --out ${at("planner.onnx")}`);
  expect(report.env).toEqual({ max_steps: 7 });
  expect(json("planner.parity.json")).toEqual(report);
});

test("several tasks are fine-tuned in a run each", async () => {
  const line = `finetune --preset toy --policy.path ${at("first")} --env.task toy/reach,toy/corner --threads 1`;
  expect(await sodp(`${line} --output_dir ${at("tuned")}`)).toEqual({
    runs: ["reach", "corner"].map((task) => ({
      task: `toy/${task}`,
      run: at("tuned", task),
      status: "finished",
    })),
  });
  expect(asked).toMatchObject([
    { id: "toy/reach", command: "train finetune", config: { "env.task": "toy/reach", env_steps: 20_000 } },
    {
      id: "toy/corner",
      config: { "policy.path": at("first"), output_dir: at("tuned", "corner"), threads: 1 },
    },
  ]);
});
