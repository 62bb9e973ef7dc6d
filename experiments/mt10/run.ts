/**
 * @file MT10 on a laptop: two planners pre-trained on sub-optimal episodes of ten tasks, fine-tuned on each, and the paper's
 * ablations; training seeds 0, 2 and 4 start from the first planner, 1 and 3 from the second. Every number comes from the
 * command line that users have. Finished jobs are not run again.
 *
 *     npm run build
 *     npx tsx experiments/mt10/run.ts outputs/mt10 main        # ten tasks, five seeds
 *     npx tsx experiments/mt10/run.ts outputs/mt10 ablations   # six variants of three tasks, five seeds
 */
import type { JobConfig } from "../../src/jobs/index.ts";
import { mixture, once, pretraining, runJobs, tuningJobs } from "../shared/jobs.ts";

const [, , root, part] = process.argv;
if (root === undefined || (part !== "main" && part !== "ablations"))
  throw new Error("usage: npx tsx experiments/mt10/run.ts <output folder> main|ablations");

const seeds = [0, 1, 2, 3, 4];
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

const data = mixture(root, 100);
const planners = [0, 1].map((seed) => pretraining(root, data, { seed, threads: 1 }, `pretrain-${seed}`));
/** Departures from the preset. Collapse is to be seen, so nothing is rolled back. */
const variants: Readonly<Record<string, JobConfig>> = {
  bc: {},
  kl: { regularizer: "kl" },
  pl: { regularizer: "pl", "dataset.root": data.folder },
  none: { regularizer: "none" },
  scratch: { start: "scratch" },
  "bc-alone": { policy_gradient: false },
};

const tunings = Object.entries(variants)
  .filter(([variant]) => part === "ablations" || variant === "bc")
  .flatMap(([variant, config]) =>
    seeds.flatMap((seed) =>
      tasks.flatMap((task) =>
        tuningJobs({
          root,
          pretrain: planners[seed % 2],
          id: `${part}/${variant}/${task}/${seed}`,
          task,
          seed,
          envSteps,
          config,
        }),
      ),
    ),
  );
await runJobs(root, once([data, ...planners, ...tunings]));
