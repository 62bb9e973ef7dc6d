/**
 * @file The paper's kind of data on a laptop: replays of agents that learn MT10's tasks, the first half of each kept; a planner
 * pre-trained on these, and fine-tuned, beside fine-tuning from scratch. Finished jobs are not run again.
 *
 *     npm run build
 *     npx tsx experiments/sac/run.ts outputs/sac data      # ten agents, half of each one's episodes
 *     npx tsx experiments/sac/run.ts outputs/sac planner   # one planner, four tasks, three seeds, two beginnings
 *     npx tsx experiments/sac/run.ts outputs/sac agents    # longer: four tasks, three seeds
 */
import { join } from "node:path";
import type { Job } from "../../src/jobs/index.ts";
import { once, pretraining, runJobs, tuningJobs } from "../shared/jobs.ts";

const [, , root, part] = process.argv;
if (root === undefined || (part !== "data" && part !== "planner" && part !== "agents"))
  throw new Error("usage: npx tsx experiments/sac/run.ts <output folder> data|planner|agents");

const data: Job = {
  id: "data",
  command: "data collect",
  folder: join(root, "data"),
  goesOn: "repeat",
  config: {
    preset: "sac-laptop",
    "dataset.root": join(root, "data"),
    "env.task": "mt10",
    "env.max_steps": 500,
    seed: 0,
  },
};
await runJobs(root, { data: [data], planner: planner(), agents: agents() }[part]);

/** One planner of that data, fine-tuned. */
function planner(): readonly Job[] {
  const pretrain = pretraining(root, data);
  const tasks = ["window-open", "button-press-topdown", "reach", "drawer-open"];
  const beginnings = { pretrained: {}, scratch: { start: "scratch" } };
  const tunings = Object.entries(beginnings).flatMap(([variant, config]) =>
    [0, 1, 2].flatMap((seed) =>
      tasks.flatMap((task) =>
        tuningJobs({
          root,
          pretrain,
          id: `finetune/${variant}/${task}/${seed}`,
          task,
          seed,
          envSteps: 100_000,
          config,
        }),
      ),
    ),
  );
  return once([data, pretrain, ...tunings]);
}

/** Agents with more steps: 400,000 at first; then half, to save time, but for the two that were slow. */
function agents(): readonly Job[] {
  const lengths = [
    { task: "button-press-topdown", seeds: [0], envSteps: 400_000 },
    { task: "window-open", seeds: [1], envSteps: 400_000 },
    { task: "reach", seeds: [2], envSteps: 400_000 },
    { task: "window-open", seeds: [2], envSteps: 200_000 },
    { task: "button-press-topdown", seeds: [1, 2], envSteps: 200_000 },
    { task: "button-press-topdown", seeds: [3], envSteps: 400_000 },
    { task: "reach", seeds: [0, 1], envSteps: 200_000 },
    { task: "window-open", seeds: [0], envSteps: 200_000 },
    { task: "drawer-close", seeds: [0, 1, 2], envSteps: 20_000 },
  ];
  return lengths.flatMap(({ task, seeds, envSteps }) =>
    seeds.map((seed) => {
      const id = `agents/${task}/${seed}`;
      const folder = join(root, id);
      const config = {
        preset: "laptop",
        "env.task": task,
        "env.max_steps": 500,
        env_steps: envSteps,
        seed,
        threads: 1,
        output_dir: folder,
      };
      return { id, command: "sac", folder, config };
    }),
  );
}
