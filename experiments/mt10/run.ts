/**
 * @file MT10 on a laptop: one planner pre-trained on sub-optimal episodes of ten tasks, fine-tuned on each, and the paper's
 * ablations. Every number comes from the command line that users have. What is there already is not run again.
 *
 *     npm run build
 *     npx tsx experiments/mt10/run.ts outputs/mt10 main        # ten tasks, three seeds
 *     npx tsx experiments/mt10/run.ts outputs/mt10 ablations   # six variants of three tasks, three seeds
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { eachInTurn, finetuneAndJudge, maxSteps, pretrain, sodp } from "../shared/commands.ts";

const [, , root, part] = process.argv;
if (root === undefined || (part !== "main" && part !== "ablations"))
  throw new Error("usage: npx tsx experiments/mt10/run.ts <output folder> main|ablations");

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
const variants: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  bc: {},
  kl: { regularizer: "kl" },
  pl: { regularizer: "pl", "dataset.root": data },
  none: { regularizer: "none" },
  scratch: { start: "scratch" },
  "bc-alone": { policy_gradient: "false" },
};

if (!existsSync(join(data, "manifest.json")))
  await sodp("data collect", {
    "dataset.root": data,
    suite: "mt10",
    episodes: 100,
    success: 0.3,
    max_steps: maxSteps,
    seed: 0,
  });
await pretrain(data, pretrained);

const jobs = Object.entries(variants)
  .filter(([variant]) => part === "ablations" || variant === "bc")
  .flatMap(([variant, flags]) =>
    seeds.flatMap((seed) => tasks.map((task) => ({ variant, flags, task, seed }))),
  );
await eachInTurn(jobs, async ({ variant, flags, task, seed }) => {
  const folder = join(root, part, variant, task, `${seed}`);
  const scores = await finetuneAndJudge({ root, pretrained, folder, task, seed, envSteps, flags });
  console.log([variant, task, seed, ...Object.values(scores)].join(","));
});
