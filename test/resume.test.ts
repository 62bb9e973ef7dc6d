/** @file A training that is stopped or killed at random points ends with the bytes of one that never was. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Random, vectorSpace } from "../src/base/index.ts";
import { DatasetWriter } from "../src/data/index.ts";
import { outcome } from "./toy-run.ts";

const top = mkdtempSync(join(tmpdir(), "sodp-resume-"));
afterAll(() => rmSync(top, { recursive: true }));
const at = (name: string) => join(top, name);

const tiny =
  "--planner.denoiser.kind mlp --planner.denoiser.width 16 --planner.num_train_timesteps 3 --planner.horizon 4";
const trainings = {
  pretrain: `${tiny} --planner.n_action_steps 3 --dataset.root ${at("data")} --batch_size 16 --steps 300 --log_every 1
    --eval_every 40 --save_every 70 --threads 1`,
  finetune: `--policy.path ${at("planner")} --env.task reach-v3 --env.num_envs 2 --env.max_steps 30 --env_steps 1500
    --episodes 2 --initial_episodes 2 --eval.n_episodes 2 --eval_every 400 --advantage gae --epochs 1 --threads 1`,
};
type Verb = keyof typeof trainings;

/** A process of the command line, its exit code and the signal that killed it. */
function start(verb: Verb, flags: string) {
  const child = spawn(
    process.execPath,
    ["--import", "tsx", "src/cli/main.ts", verb, ...flags.split(/\s+/), "--json"],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  const told = { stdout: "", stderr: "" };
  child.stdout.on("data", (text) => {
    told.stdout += text;
  });
  child.stderr.on("data", (text) => {
    told.stderr += text;
  });
  return { child, told, end: once(child, "close") };
}

async function complete(verb: Verb, folder: string, flags: string) {
  const { told, end } = start(verb, flags);
  const [code] = await end;
  expect(code, told.stderr).toBe(0);
  expect(JSON.parse(told.stdout)).toMatchObject({ run: folder, status: "finished" });
  const planner = join(folder, "checkpoints", "last", "pretrained_model", "model.safetensors");
  return { ...(await outcome(folder)), weights: readFileSync(planner) };
}

/** Lines of metrics that a run has written. */
function linesIn(folder: string): number {
  const path = join(folder, "metrics.jsonl");
  return existsSync(path) ? readFileSync(path, "utf8").split("\n").length - 1 : 0;
}

/** Random steps of an observation and an action, as long as an environment's. */
async function writeData(): Promise<void> {
  const random = new Random(0);
  const numbers = (count: number) => random.fillUniform(new Float32Array(count));
  const writer = await DatasetWriter.create(at("data"));
  for (let seed = 0; seed < 40; seed++)
    await writer.add(
      {
        task: "reach",
        seed,
        observations: numbers(20 * 39),
        finalObservation: numbers(39),
        actions: numbers(20 * 4),
        rewards: numbers(20),
        successes: new Uint8Array(20),
        terminated: false,
      },
      { observation: vectorSpace("state", 39), action: vectorSpace("action", 4) },
    );
  await writer.close();
}

const expected: Partial<Record<Verb, Awaited<ReturnType<typeof complete>>>> = {};
beforeAll(async () => {
  await writeData();
  const planner = at("planner");
  expected.pretrain = await complete("pretrain", planner, `${trainings.pretrain} --output_dir ${planner}`);
  const tuned = at("tuned");
  expected.finetune = await complete("finetune", tuned, `${trainings.finetune} --output_dir ${tuned}`);
}, 600_000);

const stops = [
  ["SIGTERM", 143],
  ["SIGKILL", null],
  ["SIGUSR1", 75],
] as const;

test.skipIf(process.platform === "win32").each(Object.keys(trainings) as Verb[])(
  "%s",
  { timeout: 600_000 },
  async (verb) => {
    const folder = at(`${verb}-stopped`);
    const lines = expected[verb]?.metrics.length ?? 0;
    const random = new Random(1);
    let flags = `${trainings[verb]} --output_dir ${folder}`;
    for (const [i, [signal, code]] of stops.entries()) {
      const point = 1 + Math.floor((lines * (i + 0.7 * random.uniform())) / stops.length);
      const { child, told, end } = start(verb, flags);
      while (linesIn(folder) < point && child.exitCode === null) await setTimeout(2);
      child.kill(signal);
      const ended = await end;
      if (ended[0] === 0) break; // this machine was too busy to stop it in time
      expect(ended, told.stderr).toEqual(code === null ? [null, signal] : [code, null]);
      if (code !== null)
        expect(JSON.parse(told.stdout)).toMatchObject({ run: folder, status: "interrupted" });
      flags = `--resume=true --config_path ${folder}`;
    }
    expect(await complete(verb, folder, flags)).toEqual(expected[verb]);
  },
);
