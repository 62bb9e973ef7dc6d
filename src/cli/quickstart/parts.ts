/** @file The parts of a quickstart: jobs that are run one after another, those of a part at the same time. */
import { basename, join } from "node:path";
import { z } from "zod";
import { UserError } from "../../base/index.ts";
import { envsNamed, suites, taskOf } from "../../envs/index.ts";
import type { Job, JobConfig } from "../../jobs/index.ts";
import { evaluationFlags, folder, laptopEnv, seed } from "../shared-flags.ts";

const count = () => z.int().positive();

export const QuickstartConfig = z.strictObject({
  outputDir: folder().optional().describe("where all of it is written; default: outputs/quickstart-SEED"),
  env: z
    .strictObject({
      task: z
        .array(z.string())
        .min(1)
        .readonly()
        .default(["drawer-open", "door-open"])
        .describe("tasks to become good at, all at the same time: a processor core for each"),
      maxSteps: count().default(laptopEnv.maxSteps).describe("steps after which an episode is truncated"),
    })
    .prefault({}),
  collect: z
    .strictObject({ episodes: count().default(60).describe("episodes of data, per task of MT10") })
    .prefault({}),
  pretrain: z
    .strictObject({ steps: count().default(8000).describe("gradient steps of pre-training") })
    .prefault({}),
  finetune: z
    .strictObject({
      envSteps: count().default(60_000).describe("environment steps of fine-tuning, per task"),
    })
    .prefault({}),
  eval: evaluationFlags(50),
  seed: seed.describe("fixes data, first weights, noise and training episodes"),
});
export type QuickstartConfig = Readonly<z.infer<typeof QuickstartConfig>>;

export interface Part {
  readonly name: string;
  readonly title: string;
  /** They run at the same time, after all jobs of the part before. */
  readonly jobs: readonly PartJob[];
}

export interface PartJob extends Job {
  /** The task that it is about, where the part's other jobs are about others. */
  readonly task?: string;
}

/** Ids of the jobs and names of their folders in the quickstart's, and the report's file. */
export const names = {
  data: "data",
  pretrain: "pretrain",
  before: (task: string) => `eval-before-${taskOf(task)}`,
  finetune: (task: string) => `finetune-${taskOf(task)}`,
  after: (task: string) => `eval-after-${taskOf(task)}`,
  report: "report.html",
} as const;

/** Folder of an evaluation's episodes, a data set, in the evaluation's folder. */
export const EPISODES = "episodes";

/** Threads of a job that has others beside it, and of one that has none: for two cores. Others give other bits. */
const threads = 1;
const aloneThreads = 2;

/** Names of the tasks, each once. Throws UserError for one that does not exist, or is none of Meta-World, whose data is collected. */
export function tasksOf({ env }: QuickstartConfig): readonly string[] {
  const tasks = envsNamed(env.task);
  const foreign = tasks.find((task) => !task.startsWith("metaworld/"));
  if (foreign === undefined) return tasks;
  throw new UserError(
    `The quickstart's planner learns from Meta-World's episodes and is fine-tuned there, not in ${foreign}. Choose tasks of metaworld.`,
  );
}

/** A quickstart's parts, in their order. folder: where it is written */
export function partsOf(config: QuickstartConfig, folder: string): readonly Part[] {
  const { env, collect, pretrain, eval: evaluation, seed } = config;
  const tasks = tasksOf(config);
  const at = (name: string) => join(folder, name);
  return oneAfterAnother([
    {
      name: "collect",
      title: `Collect ${suites.mt10.length * collect.episodes} episodes of ten tasks, by experts that err on purpose`,
      jobs: [
        jobOf(at(names.data), "data collect", {
          "dataset.root": at(names.data),
          "env.task": "mt10",
          "env.max_steps": env.maxSteps,
          episodes: collect.episodes,
          seed,
        }),
      ],
    },
    {
      name: "pretrain",
      title: "Pre-train one diffusion planner on all of them, without rewards and names of tasks",
      jobs: [
        jobOf(at(names.pretrain), "pretrain", {
          preset: "laptop",
          "dataset.root": at(names.data),
          steps: pretrain.steps,
          output_dir: at(names.pretrain),
          threads: aloneThreads,
          seed,
        }),
      ],
    },
    {
      name: "evaluate",
      title: `Evaluate it: ${evaluation.nEpisodes} episodes of ${tasks.join(" and ")}`,
      jobs: tasks.map((task) =>
        evaluationOf(config, task, { policy: at(names.pretrain), folder: at(names.before(task)) }),
      ),
    },
    {
      name: "finetune",
      title: "Fine-tune it on each of these by reward, all at the same time",
      jobs: tasks.map((task) =>
        finetuningOf(config, task, { policy: at(names.pretrain), folder: at(names.finetune(task)) }),
      ),
    },
    {
      name: "evaluate again",
      title: "Evaluate these, on the same seeds",
      jobs: tasks.map((task) =>
        evaluationOf(config, task, { policy: at(names.finetune(task)), folder: at(names.after(task)) }),
      ),
    },
  ]);
}

/** Folders of a job: of the policy that it reads, and its own. */
interface Folders {
  readonly policy: string;
  readonly folder: string;
}

/** A job that writes `folder`, after whose name it is called. */
const jobOf = (folder: string, command: string, config: JobConfig): PartJob => ({
  id: basename(folder),
  command,
  folder,
  config,
});

const evaluationOf = (
  { env, eval: { nEpisodes } }: QuickstartConfig,
  task: string,
  { policy, folder }: Folders,
): PartJob => ({
  ...jobOf(folder, "eval", {
    "policy.path": policy,
    "env.task": task,
    "env.max_steps": env.maxSteps,
    "eval.n_episodes": nEpisodes,
    output_dir: folder,
    "dataset.root": join(folder, EPISODES),
    threads,
  }),
  task,
  goesOn: "restart",
});

const finetuningOf = (
  { env, finetune, seed }: QuickstartConfig,
  task: string,
  { policy, folder }: Folders,
): PartJob => ({
  ...jobOf(folder, "finetune", {
    preset: "laptop",
    "policy.path": policy,
    "env.task": task,
    "env.max_steps": env.maxSteps,
    "env.num_envs": 16,
    env_steps: finetune.envSteps,
    output_dir: folder,
    threads,
    seed,
  }),
  task,
});

/** Makes each part's jobs need those of the part before. */
function oneAfterAnother(parts: readonly Part[]): readonly Part[] {
  return parts.map((part, i) => {
    const needs = i === 0 ? [] : parts[i - 1].jobs.map(({ id }) => id);
    return { ...part, jobs: part.jobs.map((job) => ({ ...job, needs })) };
  });
}
