/**
 * @file The planners that come with the package: one pre-trained, and two fine-tuned from it. Every number of their cards comes
 * from the command line that users have, and from the weights as they are stored. Finished jobs are not run again.
 *
 *     npm run build
 *     npx tsx experiments/planners/run.ts outputs/planners        # about ten minutes of two cores
 */
import { mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Job } from "../../src/jobs/index.ts";
import { wordsOf } from "../../src/jobs/index.ts";
import { loadPlanner, savePlanner } from "../../src/policies/files/index.ts";
import { thetaOf } from "../../src/policies/index.ts";
import { EvaluationInfo, type PlannerCard } from "../../src/wire/index.ts";
import { evaluation, finetuning, maxSteps, mixture, pretraining, runJobs } from "../shared/jobs.ts";
import { cardText } from "./card.ts";

const [, , root, assets = "assets/planners"] = process.argv;
if (root === undefined)
  throw new Error("usage: npx tsx experiments/planners/run.ts <output folder> [folder of the planners]");

const tuned = ["drawer-open", "window-open"];
const envSteps = 100_000;
const data = mixture(root, 60, { threads: 1 });
const pretrain = pretraining(root, data, { threads: 1 });
const tunings = tuned.map((task) =>
  finetuning(root, pretrain, { id: task, task, seed: 0, config: { env_steps: envSteps } }),
);
await runJobs(root, [data, pretrain, ...tunings]);

/** Weights of a checkpoint as they are handed on. */
interface Half {
  readonly training: Job;
  readonly checkpoint: "best" | "last";
  readonly step: number;
  readonly folder: string;
}

/** The planner of a checkpoint, in floats of 16 bits. */
async function halved(training: Job, checkpoint: "best" | "last"): Promise<Half> {
  const at = realpathSync(join(training.folder, "checkpoints", checkpoint));
  const folder = join(root, "halves", `${training.id}-${checkpoint}`);
  await savePlanner(await loadPlanner(join(at, "pretrained_model")), folder, "F16");
  return { training, checkpoint, step: Number(basename(at)), folder };
}

const halves = [
  await halved(pretrain, "last"),
  ...(await Promise.all(
    tunings.flatMap((job) => [halved(job, "best" as const), halved(job, "last" as const)]),
  )),
];
const evaluations = halves.map(({ training, checkpoint, folder }) =>
  evaluation(
    root,
    { ...training, folder },
    {
      id: `eval/${training.id}-${checkpoint}`,
      task: training === pretrain ? "mt10" : training.id,
      seed: 0,
      config: { "eval.n_episodes": training === pretrain ? 100 : 200, seed: 5000, threads: 1 },
    },
  ),
);
await runJobs(root, [data, pretrain, ...tunings, ...evaluations]);

const infos = evaluations.map(
  ({ folder }): EvaluationInfo =>
    EvaluationInfo.parse(JSON.parse(readFileSync(join(folder, "eval_info.json"), "utf8"))),
);

for (const [i, half] of halves.entries()) {
  const { training, checkpoint, folder } = half;
  const isPretrained = training === pretrain;
  if (checkpoint === "last" && !isPretrained) continue; // the best of a fine-tuning is handed on
  const name = isPretrained ? "pretrained" : training.id;
  const to = join(assets, name);
  const planner = await loadPlanner(folder);
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  await savePlanner(planner, to, "F16");
  const { sha256 } = JSON.parse(readFileSync(join(to, "config.json"), "utf8"));
  if (sha256 !== infos[i].policy.weights_sha256) throw new Error(`${to} is not what was evaluated.`);
  const card = cardOf(half, name, sha256, thetaOf(planner).length);
  writeFileSync(join(to, "card.json"), `${JSON.stringify(card, null, 2)}\n`);
  writeFileSync(join(to, "README.md"), cardText(card));
}

function cardOf({ training, folder }: Half, name: string, sha256: string, parameters: number): PlannerCard {
  const isPretrained = training === pretrain;
  const own = halves.flatMap((half, i) => (half.training === training ? [{ half, info: infos[i] }] : []));
  const [{ info }] = own;
  const commands = [data, pretrain, ...(isPretrained ? [] : [training])].map((job) =>
    ["sodp", ...wordsOf(job)].join(" ").replaceAll(root, "outputs/planners"),
  );
  return {
    format: "sodp planner card",
    version: 1,
    name,
    summary: isPretrained
      ? "A planner pre-trained on sub-optimal episodes of ten Meta-World tasks, without rewards and names of tasks."
      : `The pre-trained planner, fine-tuned by reward on metaworld/${training.id}.`,
    task: isPretrained ? null : `metaworld/${training.id}`,
    parent: isPretrained ? null : "pretrained",
    parameters,
    weights_sha256: sha256,
    license: "Apache-2.0",
    data: [
      `60 episodes of ${maxSteps} steps of each of MT10's tasks, by scripted experts that err on purpose: about 30 % of them solve their task.`,
      ...(isPretrained
        ? []
        : [
            `${envSteps.toLocaleString("en-US")} steps of metaworld/${training.id} that the planner itself took, with rewards.`,
          ]),
    ],
    commands,
    protocol: { rule: info.protocol.rule, max_steps: info.protocol.max_steps, first_seed: info.seed },
    evaluations: own.flatMap(({ half, info }) =>
      info.per_task.map(({ task, aggregated: { n, pc_success, ci95 } }) => ({
        task,
        checkpoint: half.checkpoint,
        step: half.step,
        here: half.folder === folder,
        n,
        successes: Math.round((pc_success * n) / 100),
        pc_success,
        ci95,
      })),
    ),
  };
}
