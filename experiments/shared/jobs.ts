/** @file Jobs that experiments have in common: commands that users have, each run once. */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { showJobs } from "../../src/cli/jobs-progress.ts";
import { Progress } from "../../src/cli/progress.ts";
import { type Job, type JobConfig, type JobState, runLocally } from "../../src/jobs/index.ts";
import { exitCodes, StopRequest } from "../../src/platform/index.ts";

/** Steps of an episode, in fine-tuning and in evaluations. */
export const maxSteps = 200;

/**
 * Runs those jobs that are not finished, and returns the state of all. Their records are in ROOT/jobs. Stopped by a signal,
 * it ends with that signal's exit code; the same command goes on.
 * processes: at once; default: as many as the machine has processors
 */
export async function runJobs(
  root: string,
  jobs: readonly Job[],
  processes = availableParallelism(),
): Promise<readonly JobState[]> {
  using progress = new Progress("jobs");
  const stop = new AbortController();
  using request = new StopRequest((signal) => {
    progress.note(`${signal}: stops as soon as all that is done is kept.`);
    stop.abort();
  });
  const states = await runLocally(jobs, {
    records: join(root, "jobs"),
    program: [process.execPath, "dist/cli/main.js"],
    processes,
    signal: stop.signal,
    onProgress: (all) => showJobs(progress, all),
    onNote: ({ id }, text) => progress.note(`${id}: ${text}`),
  });
  if (request.signal !== undefined) {
    progress[Symbol.dispose]();
    process.exit(exitCodes[request.signal]);
  }
  return states;
}

/** Collection of sub-optimal episodes of MT10's tasks, 30 % of them solved. episodes: of each task   more: what differs */
export function mixture(root: string, episodes: number, more: JobConfig = {}): Job {
  const folder = join(root, "data");
  const config = {
    "dataset.root": folder,
    "env.task": "mt10",
    "env.max_steps": maxSteps,
    episodes,
    success: 0.3,
    seed: 0,
    ...more,
  };
  return { id: "data", command: "data collect", folder, goesOn: "repeat", config };
}

/** Pre-training of a laptop's planner. data: the job that makes the data set   more: what differs   id: also its folder */
export function pretraining(root: string, data: Job, more: JobConfig = {}, id = "pretrain"): Job {
  const folder = join(root, id);
  const config = { preset: "laptop", "dataset.root": data.folder, output_dir: folder, threads: 2, ...more };
  return { id, command: "pretrain", folder, config, needs: [data.id] };
}

export interface Tuning {
  readonly root: string;
  /** The job that makes the planner to start from. */
  readonly pretrain: Job;
  /** Id of the job, and its folder in the root. */
  readonly id: string;
  readonly task: string;
  readonly seed: number;
  readonly envSteps: number;
  /** Departures from the preset. */
  readonly config: JobConfig;
}

/** Fine-tuning, and evaluations before it, of its best and of its last checkpoint: experiments/shared/tables.ts reads them. */
export function tuningJobs(tuning: Tuning): readonly Job[] {
  const { root, pretrain, id, task, seed, envSteps, config } = tuning;
  const finetune = finetuning(root, pretrain, { id, task, seed, config: { env_steps: envSteps, ...config } });
  const evaluate = (name: string, need: Job, checkpoint?: string) =>
    evaluation(root, need, { id: name, task, seed, checkpoint, config: { "eval.n_episodes": 50 } });
  return [
    evaluate(`before/${task}/${seed}`, pretrain),
    finetune,
    evaluate(`${id}/eval-best`, finetune, "best"),
    evaluate(`${id}/eval-last`, finetune, "last"),
  ];
}

interface TaskJob {
  /** Of the job, and its folder in the root. */
  readonly id: string;
  readonly task: string;
  readonly seed: number;
  /** Departures from what all such jobs have. */
  readonly config: JobConfig;
}

/** Fine-tuning of a pre-trained planner with a laptop's preset, without returning to earlier weights. */
export function finetuning(root: string, pretrain: Job, { id, task, seed, config }: TaskJob): Job {
  const folder = join(root, id);
  const all = {
    preset: "laptop",
    "policy.path": pretrain.folder,
    "env.task": task,
    "env.max_steps": maxSteps,
    "env.num_envs": 16,
    threads: 1,
    seed,
    rollback_below: 0,
    output_dir: folder,
    ...config,
  };
  return { id, command: "finetune", folder, needs: [pretrain.id], config: all };
}

/** Evaluation of what a training left, or of a checkpoint, on episodes that no training uses: for a seed always the same. */
export function evaluation(
  root: string,
  training: Job,
  { id, task, seed, checkpoint, config }: TaskJob & { readonly checkpoint?: string | undefined },
): Job {
  const folder = join(root, id);
  const policy =
    checkpoint === undefined ? training.folder : join(training.folder, "checkpoints", checkpoint);
  const all = {
    "policy.path": policy,
    "env.task": task,
    "env.max_steps": maxSteps,
    seed: 1000 * (seed + 1),
    output_dir: folder,
    ...config,
  };
  return { id, command: "eval", folder, needs: [training.id], goesOn: "restart", config: all };
}

/** Jobs without repeated ids: what several need is one job. */
export function once(jobs: readonly Job[]): readonly Job[] {
  return [...new Map(jobs.map((job) => [job.id, job])).values()];
}
