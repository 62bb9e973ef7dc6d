/**
 * @file Where the policy gradient adds to imitation of the best trajectories: arms beside each other in regimes, five training
 * seeds. Every number comes from the command line that users have. Finished jobs are not run again.
 *
 *     npm run build
 *     npx tsx experiments/gradient/run.ts outputs/gradient              # all regimes, one job at a time
 *     npx tsx experiments/gradient/run.ts outputs/gradient reach other-reward
 */
import { join } from "node:path";
import type { Job } from "../../src/jobs/index.ts";
import { maxSteps, once, pretraining, runJobs } from "../shared/jobs.ts";
import { type ArmName, arms, passes, type Regime, regimes } from "./arms.ts";

const [, , root, ...asked] = process.argv;
if (root === undefined)
  throw new Error("usage: npx tsx experiments/gradient/run.ts <output folder> [regimes]");
const unknown = asked.find((name) => !(name in regimes));
if (unknown !== undefined)
  throw new Error(`There is no regime ${unknown}. Known: ${Object.keys(regimes).join(", ")}.`);

const data: Job = {
  id: "data",
  command: "data collect",
  folder: join(root, "data"),
  goesOn: "repeat",
  config: {
    "dataset.root": join(root, "data"),
    "env.task": "mt10",
    "env.max_steps": maxSteps,
    episodes: 60,
    success: 0.3,
    seed: 0,
    threads: 1,
  },
};
const pretrain = pretraining(root, data, { threads: 1 });

/** A training and the evaluation of its last weights, on starts that no training uses. */
function jobsOf(
  name: string,
  { task, config, protocol = "metaworld" }: Regime,
  arm: ArmName,
  seed: number,
): Job[] {
  const id = `${name}/${arm}/${seed}`;
  const folder = join(root, id);
  const evaluation = (job: string, policy: string, needs: string): Job => ({
    id: job,
    command: "eval",
    folder: join(root, job),
    needs: [needs],
    goesOn: "restart",
    config: {
      "policy.path": policy,
      "env.task": task,
      "env.max_steps": maxSteps,
      "eval.n_episodes": 100,
      protocol,
      seed: 1000 * (seed + 1),
      threads: 1,
      output_dir: join(root, job),
    },
  });
  return [
    evaluation(`${name}/before/${seed}`, pretrain.folder, pretrain.id),
    {
      id,
      command: "finetune",
      folder,
      needs: [pretrain.id],
      config: {
        preset: "laptop",
        advantage: "finite-horizon",
        "policy.path": pretrain.folder,
        "env.task": task,
        "env.max_steps": maxSteps,
        "env.num_envs": 16,
        threads: 1,
        seed,
        rollback_below: 0,
        output_dir: folder,
        ...config,
        ...arms[arm].config,
      },
    },
    evaluation(`${id}/eval-last`, join(folder, "checkpoints", "last"), id),
  ];
}

const chosen = Object.entries(regimes).filter(([name]) => asked.length === 0 || asked.includes(name));
const jobs = passes.flatMap((pass) =>
  chosen.flatMap(([name, regime]) =>
    pass.seeds.flatMap((seed) => pass.arms.flatMap((arm) => jobsOf(name, regime, arm, seed))),
  ),
);
await runJobs(root, once([data, pretrain, ...jobs]), 1);
