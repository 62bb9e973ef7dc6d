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

/** Pre-training of a laptop's planner. data: the job that makes the data set   more: what differs */
export function pretraining(root: string, data: Job, more: JobConfig = {}): Job {
  const folder = join(root, "pretrain");
  const config = { preset: "laptop", "dataset.root": data.folder, output_dir: folder, threads: 2, ...more };
  return { id: "pretrain", command: "pretrain", folder, config, needs: [data.id] };
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
  const folder = join(root, id);
  const finetune: Job = {
    id,
    command: "finetune",
    folder,
    needs: [pretrain.id],
    config: {
      preset: "laptop",
      "policy.path": pretrain.folder,
      "env.task": task,
      "env.max_steps": maxSteps,
      "env.num_envs": 16,
      threads: 1,
      env_steps: envSteps,
      seed,
      rollback_below: 0,
      output_dir: folder,
      ...config,
    },
  };
  const evaluate = (name: string, policy: string, need: Job): Job => ({
    id: name,
    command: "eval",
    folder: join(root, name),
    needs: [need.id],
    goesOn: "restart",
    // 50 episodes whose seeds no training uses: the same ones before and after
    config: {
      "policy.path": policy,
      "env.task": task,
      "env.max_steps": maxSteps,
      "eval.n_episodes": 50,
      seed: 1000 * (seed + 1),
      output_dir: join(root, name),
    },
  });
  return [
    evaluate(`before/${task}/${seed}`, pretrain.folder, pretrain),
    finetune,
    evaluate(`${id}/eval-best`, join(folder, "checkpoints", "best"), finetune),
    evaluate(`${id}/eval-last`, join(folder, "checkpoints", "last"), finetune),
  ];
}

/** Jobs without repeated ids: what several need is one job. */
export function once(jobs: readonly Job[]): readonly Job[] {
  return [...new Map(jobs.map((job) => [job.id, job])).values()];
}
