/** @file What a quickstart consists of: commands of `sodp`, in stages. */
import { join } from "node:path";
import { z } from "zod";
import { envsNamed, suites, taskOf } from "../../envs/index.ts";

export const QuickstartConfig = z.strictObject({
  outputDir: z
    .string()
    .meta({ placeholder: "folder" })
    .optional()
    .describe("where all of it comes to lie; default: outputs/quickstart-SEED"),
  tasks: z
    .array(z.string())
    .min(1)
    .readonly()
    .default(["drawer-open", "door-open"])
    .describe("what to become good at, all at the same time: a processor core for each"),
  episodes: z.int().positive().default(60).describe("episodes of data per task of MT10"),
  pretrainSteps: z.int().positive().default(8000).describe("gradient steps of pre-training"),
  envSteps: z.int().positive().default(60_000).describe("environment steps of fine-tuning, per task"),
  evalEpisodes: z.int().positive().default(50).describe("episodes of an evaluation, per task"),
  maxSteps: z.int().positive().default(200).describe("steps after which an episode ends unsolved"),
  seed: z.int().nonnegative().default(0).describe("fixes data, first weights, noise and training episodes"),
});
export type QuickstartConfig = Readonly<z.infer<typeof QuickstartConfig>>;

/** Commands that run at the same time. */
export interface Stage {
  readonly name: string;
  /** What it does, in words. */
  readonly title: string;
  readonly jobs: readonly Job[];
}

export interface Job {
  /** Its folder in the quickstart's. */
  readonly name: string;
  /** What follows `sodp` on a command line. */
  readonly command: readonly string[];
  /** What it is about, where others are about other tasks. */
  readonly task?: string;
}

/** What a quickstart's folder holds: a folder per command, and the report. */
export const names = {
  data: "data",
  pretrain: "pretrain",
  before: (task: string) => `eval-before-${taskOf(task)}`,
  finetune: (task: string) => `finetune-${taskOf(task)}`,
  after: (task: string) => `eval-after-${taskOf(task)}`,
  report: "report.html",
} as const;

/** The data set of the episodes that an evaluation played, in its folder. */
export const EPISODES = "episodes";

/** Of each command that has others beside it, and of those that have none: as two cores take it. Others give other bits. */
const threads = 1;
const aloneThreads = 2;

/** The tasks by their own names. Throws UserError for one that is not there. */
export const tasksOf = ({ tasks }: QuickstartConfig): readonly string[] => envsNamed(tasks);

/** All of a quickstart, in the order of its stages. folder: where it comes to lie */
export function stagesOf(config: QuickstartConfig, folder: string): readonly Stage[] {
  const { episodes, pretrainSteps, envSteps, evalEpisodes, maxSteps, seed } = config;
  const tasks = tasksOf(config);
  const at = (name: string) => join(folder, name);
  const evaluation = (name: string, planner: string, task: string): Job => ({
    name,
    task,
    command: command("eval", {
      "policy.path": at(planner),
      "env.task": task,
      "env.max_steps": maxSteps,
      "eval.n_episodes": evalEpisodes,
      output_dir: at(name),
      "dataset.root": join(at(name), EPISODES),
      threads,
    }),
  });
  return [
    {
      name: "collect",
      title: `Collect ${suites.mt10.length * episodes} episodes of ten tasks, by experts that err on purpose`,
      jobs: [
        {
          name: names.data,
          command: command("data collect", {
            "dataset.root": at(names.data),
            tasks: suites.mt10.join(","),
            episodes,
            max_steps: maxSteps,
            seed,
          }),
        },
      ],
    },
    {
      name: "pretrain",
      title: "Pre-train one diffusion planner on all of them, without rewards and names of tasks",
      jobs: [
        {
          name: names.pretrain,
          command: command("pretrain", {
            preset: "laptop",
            "dataset.root": at(names.data),
            steps: pretrainSteps,
            output_dir: at(names.pretrain),
            threads: aloneThreads,
            seed,
          }),
        },
      ],
    },
    {
      name: "evaluate",
      title: `Evaluate it: ${evalEpisodes} episodes of ${tasks.join(" and ")}`,
      jobs: tasks.map((task) => evaluation(names.before(task), names.pretrain, task)),
    },
    {
      name: "finetune",
      title: "Fine-tune it on each of these by reward, all at the same time",
      jobs: tasks.map((task) => ({
        name: names.finetune(task),
        task,
        command: command("finetune", {
          preset: "laptop",
          "policy.path": at(names.pretrain),
          "env.task": task,
          "env.max_steps": maxSteps,
          "env.num_envs": 16,
          env_steps: envSteps,
          output_dir: at(names.finetune(task)),
          threads,
          seed,
        }),
      })),
    },
    {
      name: "evaluate again",
      title: "Evaluate these, on the same seeds",
      jobs: tasks.map((task) => evaluation(names.after(task), names.finetune(task), task)),
    },
  ];
}

function command(name: string, flags: Readonly<Record<string, string | number>>): string[] {
  return [...name.split(" "), ...Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, `${value}`])];
}
