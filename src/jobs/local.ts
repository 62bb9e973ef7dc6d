/** @file The local runner: a list of jobs in processes of this machine, so many at once, in the order of their needs. */
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { parseJson, UserError } from "../base/index.ts";
import { exitCodes, hold, makeFolder } from "../platform/index.ts";
import type { JobRecord, ProgressLine } from "../wire/index.ts";
import { checkJobs, type Job, resumingWords, wordsOf } from "./job.ts";
import { isStop, type ProcessEnd, Processes } from "./process.ts";
import { readRecord, writeRecord } from "./records.ts";

/** A job's status and results. */
export interface JobState {
  readonly job: Job;
  readonly status: "waiting" | "running" | "interrupted" | "failed" | "finished";
  /** The latest that its process reported; undefined before its first report, and of a job that was finished before. */
  readonly progress?: ProgressLine;
  /** Seconds that its processes ran, all attempts together, up to the end of the last one. */
  readonly seconds: number;
  /** Of a finished job: the document that the command printed. */
  readonly result?: unknown;
}

export interface LocalOptions {
  /** Folder of the jobs' records, which belongs to this list alone. */
  readonly records: string;
  /** Words that start `sodp`; default: those that started this process. */
  readonly program?: readonly string[];
  /** Processes at once. */
  readonly processes: number;
  /** Aborted: running jobs are asked to stop, no other is started. */
  readonly signal?: AbortSignal;
  /** Called before a process of the job is started. */
  readonly onStart?: (job: Job) => void;
  /** Called whenever a job reports progress or ends, with all jobs of the list. */
  readonly onProgress?: (states: readonly JobState[]) => void;
  /** Called, and awaited, for each finished job, those that were finished before first. Rejecting stops the list. */
  readonly onFinish?: (job: Job) => void | Promise<void>;
  /** Called with a line that a job's process wrote to standard error, once the job is finished. */
  readonly onNote?: (job: Job, text: string) => void;
}

/** Lines of a failed job's standard error that are told. */
const LAST_LINES = 20;

/**
 * Runs those jobs of the list that are not finished, and returns the state of all, in the order of the list. A run that
 * was interrupted is resumed; a process that exits with 75 is started again. What does not need a failed job is run all
 * the same; then UserError is thrown, with the failed jobs' last lines. An aborted `signal` is no failure.
 */
export async function runLocally(jobs: readonly Job[], options: LocalOptions): Promise<readonly JobState[]> {
  checkJobs(jobs);
  await makeFolder(options.records);
  await using _ = await hold(options.records);
  const known = await Promise.all(jobs.map((job) => readRecord(options.records, job)));
  const program = options.program ?? [process.execPath, ...process.execArgv, process.argv[1]];
  using processes = new Processes(program);
  const stop = new AbortController();
  stop.signal.addEventListener("abort", () => processes.stop());
  const onAbort = () => stop.abort();
  options.signal?.addEventListener("abort", onAbort);
  if (options.signal?.aborted) stop.abort();
  try {
    return await new LocalRunner(jobs, known, processes, stop, options).run();
  } finally {
    options.signal?.removeEventListener("abort", onAbort);
  }
}

class LocalRunner {
  readonly #jobs: readonly Job[];
  readonly #processes: Processes;
  /** Aborted by the caller, or by a fault of the runner itself. */
  readonly #stop: AbortController;
  readonly #options: LocalOptions;
  readonly #records = new Map<string, JobRecord>();
  readonly #states = new Map<string, JobState>();
  readonly #failures: string[] = [];

  constructor(
    jobs: readonly Job[],
    records: readonly (JobRecord | undefined)[],
    processes: Processes,
    stop: AbortController,
    options: LocalOptions,
  ) {
    this.#jobs = jobs;
    this.#processes = processes;
    this.#stop = stop;
    this.#options = options;
    for (const [i, job] of jobs.entries()) {
      const record = records[i];
      if (record) this.#records.set(job.id, record);
      const { seconds = 0, result } = record ?? {};
      const finished = record?.status === "finished" && existsSync(job.folder);
      const state = finished ? ({ status: "finished", result } as const) : ({ status: "waiting" } as const);
      this.#states.set(job.id, { job, seconds, ...state });
    }
  }

  async run(): Promise<readonly JobState[]> {
    const running = new Set<Promise<void>>();
    for (const { job, status } of [...this.#states.values()])
      if (status === "finished") await this.#options.onFinish?.(job);
    try {
      for (;;) {
        const free = this.#options.processes - running.size;
        for (const job of this.#ready().slice(0, free)) {
          this.#set(job, { status: "running" });
          const end = this.#runJob(job).finally(() => running.delete(end));
          running.add(end);
        }
        if (running.size === 0) break;
        await Promise.race(running);
      }
    } catch (error) {
      this.#stop.abort();
      await Promise.allSettled(running);
      throw error;
    }
    if (this.#failures.length > 0) {
      const [first, ...details] = this.#failureText().split("\n");
      throw new UserError(first, { details });
    }
    return [...this.#states.values()];
  }

  /** Jobs that can be started now. */
  #ready(): readonly Job[] {
    if (this.#stop.signal.aborted) return [];
    const isFinished = (id: string) => this.#states.get(id)?.status === "finished";
    return this.#jobs.filter(
      ({ id, needs = [] }) => this.#states.get(id)?.status === "waiting" && needs.every(isFinished),
    );
  }

  /** Runs the job until it is finished, failed or stopped. */
  async #runJob(job: Job): Promise<void> {
    for (;;) {
      const before = this.#records.get(job.id);
      const attempts = (before?.attempts ?? 0) + 1;
      const words = await this.#words(job, before);
      const earlier = before?.seconds ?? 0;
      await this.#record(job, { status: "running", attempts, seconds: earlier });
      if (this.#stop.signal.aborted) return this.#end(job, "interrupted", { attempts, seconds: earlier });
      this.#options.onStart?.(job);
      const begun = performance.now();
      const end = await this.#processes.run(words, (progress) => this.#set(job, { progress }));
      const seconds = earlier + (performance.now() - begun) / 1000;
      if (end.code === 0) {
        await this.#end(job, "finished", {
          attempts,
          seconds,
          result: parseJson(end.printed, `What ${job.id} printed`),
        });
        for (const line of end.lines) this.#options.onNote?.(job, line);
        await this.#options.onFinish?.(job);
        return;
      }
      const stopped = this.#stop.signal.aborted;
      if (stopped && isStop(end.code)) return this.#end(job, "interrupted", { attempts, seconds });
      if (stopped || end.code !== exitCodes.SIGUSR1)
        return this.#end(job, "failed", { attempts, seconds, error: errorText(end) });
      await this.#record(job, { status: "interrupted", attempts, seconds });
    }
  }

  async #end(
    job: Job,
    status: "finished" | "interrupted" | "failed",
    change: Pick<JobRecord, "attempts" | "seconds" | "result" | "error">,
  ): Promise<void> {
    await this.#record(job, { status, ...change });
    if (change.error !== undefined) this.#failures.push(`${job.id} ${change.error}`);
    this.#set(job, { status, seconds: change.seconds, result: change.result });
  }

  /** Words of the command line that begins the job, or goes on with it. */
  async #words(job: Job, before: JobRecord | undefined): Promise<readonly string[]> {
    const { folder, goesOn = "resume" } = job;
    if (before !== undefined && goesOn === "restart") await rm(folder, { recursive: true, force: true });
    const resumable = goesOn === "resume" && existsSync(join(folder, "run.json"));
    return [...(resumable ? resumingWords(job) : wordsOf(job)), "--json"];
  }

  async #record(job: Job, change: Parameters<typeof writeRecord>[2]): Promise<void> {
    this.#records.set(job.id, await writeRecord(this.#options.records, job, change));
  }

  #set(job: Job, change: Partial<Omit<JobState, "job">>): void {
    const state = this.#states.get(job.id);
    if (state) this.#states.set(job.id, { ...state, ...change });
    this.#options.onProgress?.([...this.#states.values()]);
  }

  #failureText(): string {
    const waiting = [...this.#states.values()].filter(({ status }) => status === "waiting");
    const skipped = waiting.map(({ job }) => job.id);
    const reason = this.#stop.signal.aborted ? "Not started" : "Not started, for want of these";
    return [...this.#failures, ...(skipped.length > 0 ? [`${reason}: ${skipped.join(", ")}.`] : [])].join(
      "\n",
    );
  }
}

/** A process's failure in words: its end, then its last lines. */
function errorText({ code, lines }: ProcessEnd): string {
  const end = typeof code === "number" ? `ended with exit code ${code}` : `was killed by ${code}`;
  return [
    `${end}${lines.length > 0 ? ":" : "."}`,
    ...lines.slice(-LAST_LINES).map((line) => `  ${line}`),
  ].join("\n");
}
