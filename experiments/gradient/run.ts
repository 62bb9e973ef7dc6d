/**
 * @file Where the policy gradient adds to imitation of the best trajectories: arms beside each other in regimes, five training
 * seeds. Every number comes from the command line that users have. Finished jobs are not run again.
 *
 *     npm run build
 *     npx tsx experiments/gradient/run.ts outputs/gradient              # all regimes, one job at a time
 *     npx tsx experiments/gradient/run.ts outputs/gradient reach other-reward
 */
import type { Job } from "../../src/jobs/index.ts";
import { evaluation, finetuning, mixture, once, pretraining, runJobs } from "../shared/jobs.ts";
import { type ArmName, arms, passes, type Regime, regimes } from "./arms.ts";

const [, , root, ...asked] = process.argv;
if (root === undefined)
  throw new Error("usage: npx tsx experiments/gradient/run.ts <output folder> [regimes]");
const unknown = asked.find((name) => !(name in regimes));
if (unknown !== undefined)
  throw new Error(`There is no regime ${unknown}. Known: ${Object.keys(regimes).join(", ")}.`);

const data = mixture(root, 60, { threads: 1 });
const pretrain = pretraining(root, data, { threads: 1 });

/** A training and the evaluation of its last weights, on starts that no training uses. */
function jobsOf(
  name: string,
  { task, config, protocol = "metaworld" }: Regime,
  arm: ArmName,
  seed: number,
): Job[] {
  const id = `${name}/${arm}/${seed}`;
  const evaluate = (job: string, training: Job, checkpoint?: string) =>
    evaluation(root, training, {
      ...{ id: job, task, seed, checkpoint },
      config: { "eval.n_episodes": 100, protocol, threads: 1 },
    });
  const finetune = finetuning(root, pretrain, {
    ...{ id, task, seed },
    config: { advantage: "finite-horizon", ...config, ...arms[arm].config },
  });
  return [
    evaluate(`${name}/before/${seed}`, pretrain),
    finetune,
    evaluate(`${id}/eval-last`, finetune, "last"),
  ];
}

const chosen = Object.entries(regimes).filter(([name]) => asked.length === 0 || asked.includes(name));
const jobs = passes.flatMap((pass) =>
  chosen.flatMap(([name, regime]) =>
    pass.seeds.flatMap((seed) => pass.arms.flatMap((arm) => jobsOf(name, regime, arm, seed))),
  ),
);
await runJobs(root, once([data, pretrain, ...jobs]), 1);
