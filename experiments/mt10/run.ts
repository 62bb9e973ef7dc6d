/**
 * @file MT10 on a laptop: one planner pre-trained on sub-optimal episodes of ten tasks, fine-tuned on each, and the paper's
 * ablations. Every number comes from the command line that users have. What is there already is not run again.
 *
 *     npm run build
 *     npx tsx experiments/mt10/run.ts outputs/mt10 main        # ten tasks, three seeds
 *     npx tsx experiments/mt10/run.ts outputs/mt10 ablations   # six variants of three tasks, three seeds
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";

const [, , root, part] = process.argv;
if (root === undefined || (part !== "main" && part !== "ablations"))
  throw new Error("usage: npx tsx experiments/mt10/run.ts <output folder> main|ablations");

const maxSteps = 200;
const data = join(root, "data");
const pretrained = join(root, "pretrain");
const seeds = [0, 1, 2];
const envSteps = { main: 100_000, ablations: 40_000 }[part];
const tasks = {
  main: [
    "reach",
    "push",
    "pick-place",
    "door-open",
    "drawer-open",
    "drawer-close",
    "button-press-topdown",
    "peg-insert-side",
    "window-open",
    "window-close",
  ],
  ablations: ["door-open", "drawer-open", "button-press-topdown"],
}[part];
/** What differs from the preset. Collapse is to be seen, so nothing is rolled back. */
const variants: Readonly<Record<string, readonly string[]>> = {
  bc: [],
  kl: ["--regulariser", "kl"],
  pl: ["--regulariser", "pl", "--dataset.root", data],
  none: ["--regulariser", "none"],
  scratch: ["--start", "scratch"],
  "bc-alone": ["--policy_gradient", "false"],
};

if (!existsSync(join(data, "manifest.json")))
  await sodp(
    "data",
    "collect",
    "--dataset.root",
    data,
    "--suite",
    "mt10",
    "--episodes",
    "100",
    "--success",
    "0.3",
    "--max_steps",
    `${maxSteps}`,
    "--seed",
    "0",
  );
if (!existsSync(pretrained))
  await sodp(
    "pretrain",
    "--preset",
    "laptop",
    "--dataset.root",
    data,
    "--output_dir",
    pretrained,
    "--threads",
    "2",
  );

const jobs = Object.entries(variants)
  .filter(([variant]) => part === "ablations" || variant === "bc")
  .flatMap(([variant, flags]) =>
    seeds.flatMap((seed) => tasks.map((task) => ({ variant, flags, task, seed }))),
  );
const waiting = jobs[Symbol.iterator]();
await Promise.all(
  Array.from({ length: availableParallelism() }, async () => {
    for (const job of waiting) await finetuneAndJudge(job);
  }),
);

async function finetuneAndJudge({ variant, flags, task, seed }: (typeof jobs)[number]): Promise<void> {
  const folder = join(root, part, variant, task, `${seed}`);
  if (!existsSync(join(folder, "checkpoints")))
    await sodp(
      "finetune",
      "--preset",
      "laptop",
      "--policy.path",
      pretrained,
      "--env.task",
      task,
      "--env.max_steps",
      `${maxSteps}`,
      "--env.worlds",
      "16",
      "--threads",
      "1",
      "--env_steps",
      `${envSteps}`,
      "--seed",
      `${seed}`,
      "--rollback_below",
      "0",
      "--output_dir",
      folder,
      ...flags,
    );
  const before = await judge(pretrained, join(root, "before", task, `${seed}`), task, seed);
  const best = await judge(join(folder, "checkpoints", "best"), join(folder, "eval-best"), task, seed);
  const last = await judge(join(folder, "checkpoints", "last"), join(folder, "eval-last"), task, seed);
  console.log([variant, task, seed, before, best, last].join(","));
}

/** Per cent solved of 50 episodes whose seeds no training meets: the same ones before and after. */
async function judge(policy: string, folder: string, task: string, seed: number): Promise<number> {
  const file = join(folder, "eval_info.json");
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true });
    await sodp(
      "eval",
      "--policy.path",
      policy,
      "--env.task",
      task,
      "--env.max_steps",
      `${maxSteps}`,
      "--eval.n_episodes",
      "50",
      "--seed",
      `${1000 * (seed + 1)}`,
      "--output_dir",
      folder,
    );
  }
  return JSON.parse(readFileSync(file, "utf8")).overall.pc_success;
}

function sodp(...args: readonly string[]): Promise<void> {
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
