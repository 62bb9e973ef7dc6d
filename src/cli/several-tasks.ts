/** @file `--env.task a,b,c` of an algorithm that learns one task: a run for each, as jobs that the same command goes on with. */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type EnvConfig, taskOf } from "../envs/index.ts";
import { type Job, runLocally } from "../jobs/index.ts";
import { exitCodes, StopRequest } from "../platform/index.ts";
import type { Tree } from "./flags.ts";
import { jobConfig } from "./job-config.ts";
import { showJobs } from "./jobs-progress.ts";
import { Progress } from "./progress.ts";
import { jsonText, print } from "./terminal.ts";

export interface SeveralTasks {
  /** Of the algorithm. */
  readonly name: string;
  /** The part of the configuration that was asked for, as files spell it. */
  readonly overrides: Tree;
  readonly envs: readonly EnvConfig[];
  /** Folder of all; a run's is FOLDER/TASK. */
  readonly folder: string;
  /** Threads of one run: equal numbers give equal bits. As many runs at once as leave each its own. */
  readonly threads: number;
}

/** Trains a run per task. Throws UserError, once the others are done, if one fails. */
export async function trainEach(training: SeveralTasks, json: boolean): Promise<void> {
  const { name, folder, threads } = training;
  const jobs = training.envs.map(({ env }) => jobOf(training, env));
  const stop = new AbortController();
  using request = new StopRequest(() => stop.abort());
  using progress = new Progress(name);
  const states = await runLocally(jobs, {
    records: join(folder, "jobs"),
    processes: Math.max(1, Math.floor(availableParallelism() / threads)),
    signal: stop.signal,
    onProgress: (all) => showJobs(progress, all),
    onNote: ({ id }, text) => progress.note(`${id}: ${text}`),
  });
  progress[Symbol.dispose]();
  if (request.signal !== undefined) {
    process.exitCode = exitCodes[request.signal];
    progress.note(`Stopped. The same command with --output_dir ${folder} goes on.`);
  }
  const runs = states.map(({ job, status }) => ({ task: job.id, run: job.folder, status }));
  print(json ? jsonText({ runs }) : runs.map(({ run, status }) => `run: ${run} (${status})`).join("\n"));
}

function jobOf({ name, overrides, folder: all, threads }: SeveralTasks, task: string): Job {
  const folder = join(all, taskOf(task));
  const config = { ...jobConfig(overrides), "env.task": task, output_dir: folder, threads };
  return { id: task, command: `train ${name}`, folder, config, goesOn: "resume" };
}
