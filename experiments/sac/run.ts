/**
 * @file The paper's kind of data on a laptop: replays of agents that learn MT10's tasks, the first half of each kept; a planner
 * pre-trained on these, and fine-tuned, beside fine-tuning from scratch. What is there already is not run again.
 *
 *     npm run build
 *     npx tsx experiments/sac/run.ts outputs/sac data      # ten agents, half of what each lived through
 *     npx tsx experiments/sac/run.ts outputs/sac planner   # one planner, four tasks, three seeds, two beginnings
 *     npx tsx experiments/sac/run.ts outputs/sac agents    # longer: four tasks, three seeds
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { eachInTurn, finetuneAndJudge, pretrain, sodp } from "../shared/commands.ts";

const [, , root, part] = process.argv;
if (root === undefined || (part !== "data" && part !== "planner" && part !== "agents"))
  throw new Error("usage: npx tsx experiments/sac/run.ts <output folder> data|planner|agents");

const data = join(root, "data");
const seeds = [0, 1, 2];

if (part === "data")
  await sodp("data collect", { preset: "sac-laptop", "dataset.root": data, suite: "mt10", seed: 0 });

if (part === "agents") {
  // 400,000 at first; then half, to save time, but for the two that were slow.
  const jobs = [
    { task: "button-press-topdown", seeds: [0], envSteps: 400_000 },
    { task: "window-open", seeds: [1], envSteps: 400_000 },
    { task: "reach", seeds: [2], envSteps: 400_000 },
    { task: "window-open", seeds: [2], envSteps: 200_000 },
    { task: "button-press-topdown", seeds: [1, 2], envSteps: 200_000 },
    { task: "button-press-topdown", seeds: [3], envSteps: 400_000 },
    { task: "reach", seeds: [0, 1], envSteps: 200_000 },
    { task: "window-open", seeds: [0], envSteps: 200_000 },
    { task: "drawer-close", seeds: [0, 1, 2], envSteps: 20_000 },
  ].flatMap(({ seeds, ...each }) => seeds.map((seed) => ({ ...each, seed })));
  await eachInTurn(jobs, async ({ task, envSteps, seed }) => {
    const folder = join(root, "agents", task, `${seed}`);
    const flags = {
      preset: "laptop",
      "env.task": task,
      env_steps: envSteps,
      seed,
      threads: 1,
      output_dir: folder,
    };
    const begun = existsSync(join(folder, "run.json"));
    await sodp("sac", begun ? { resume: "true", config_path: folder } : flags); // a finished one ends at once
  });
}

if (part === "planner") {
  const pretrained = join(root, "pretrain");
  await pretrain(data, pretrained);
  const tasks = ["window-open", "button-press-topdown", "reach", "drawer-open"];
  const beginnings = { pretrained: {}, scratch: { start: "scratch" } };
  const jobs = Object.entries(beginnings).flatMap(([variant, flags]) =>
    seeds.flatMap((seed) => tasks.map((task) => ({ variant, flags, task, seed }))),
  );
  await eachInTurn(jobs, async ({ variant, flags, task, seed }) => {
    const folder = join(root, "finetune", variant, task, `${seed}`);
    const scores = await finetuneAndJudge({ root, pretrained, folder, task, seed, envSteps: 100_000, flags });
    console.log([variant, task, seed, ...Object.values(scores)].join(","));
  });
}
