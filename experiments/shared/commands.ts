/** @file What experiments have in common: they run the command line that users have, and run nothing twice. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";

/** Steps of an episode, in fine-tuning and when judged. */
export const maxSteps = 200;

/** Runs `sodp <command>` with its flags, by name. */
export function sodp(command: string, flags: Readonly<Record<string, string | number>>): Promise<void> {
  const args = [
    ...command.split(" "),
    ...Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, `${value}`]),
  ];
  const child = spawn(process.execPath, ["dist/cli/main.js", ...args], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) =>
      code === 0 ? resolve() : reject(new Error(`sodp ${args.join(" ")} ended with exit code ${code}.`)),
    );
  });
}

/** Works on as many jobs at once as the machine has processors. */
export async function eachInTurn<Job>(
  jobs: readonly Job[],
  work: (job: Job) => Promise<void>,
): Promise<void> {
  const waiting = jobs[Symbol.iterator]();
  await Promise.all(
    Array.from({ length: availableParallelism() }, async () => {
      for (const job of waiting) await work(job);
    }),
  );
}

/** Pre-trains the planner of a laptop on a data set, unless it is there. */
export async function pretrain(data: string, folder: string): Promise<void> {
  if (!existsSync(folder))
    await sodp("pretrain", { preset: "laptop", "dataset.root": data, output_dir: folder, threads: 2 });
}

export interface Tuning {
  readonly root: string;
  /** Folder of the planner to start from. */
  readonly pretrained: string;
  /** Where the run comes to lie. */
  readonly folder: string;
  readonly task: string;
  readonly seed: number;
  readonly envSteps: number;
  /** What differs from the preset. */
  readonly flags: Readonly<Record<string, string | number>>;
}

/** Fine-tunes, unless it was done. Returns per cent solved before, by the best and by the last checkpoint. */
export async function finetuneAndJudge(
  tuning: Tuning,
): Promise<{ before: number; best: number; last: number }> {
  const { root, pretrained, folder, task, seed, envSteps, flags } = tuning;
  if (!existsSync(join(folder, "checkpoints")))
    await sodp("finetune", {
      preset: "laptop",
      "policy.path": pretrained,
      "env.task": task,
      "env.max_steps": maxSteps,
      "env.num_envs": 16,
      threads: 1,
      env_steps: envSteps,
      seed,
      rollback_below: 0,
      output_dir: folder,
      ...flags,
    });
  return {
    before: await judge(pretrained, join(root, "before", task, `${seed}`), task, seed),
    best: await judge(join(folder, "checkpoints", "best"), join(folder, "eval-best"), task, seed),
    last: await judge(join(folder, "checkpoints", "last"), join(folder, "eval-last"), task, seed),
  };
}

/** Per cent solved of 50 episodes whose seeds no training meets: the same ones before and after. */
async function judge(policy: string, folder: string, task: string, seed: number): Promise<number> {
  const file = join(folder, "eval_info.json");
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true });
    await sodp("eval", {
      "policy.path": policy,
      "env.task": task,
      "env.max_steps": maxSteps,
      "eval.n_episodes": 50,
      seed: 1000 * (seed + 1),
      output_dir: folder,
    });
  }
  return JSON.parse(readFileSync(file, "utf8")).overall.pc_success;
}
