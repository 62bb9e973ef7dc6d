/**
 * @file A run is a folder with its origin, configuration, numbers and weights.
 *
 *     run.json  config.json  overrides.json      where it comes from, what was asked for
 *     metrics.jsonl  tb/  log.txt                its numbers, the same for TensorBoard, what happened
 *     checkpoints/000002000/pretrained_model/    weights
 *     checkpoints/000002000/training_state/      all else that is needed to go on
 *     checkpoints/last  checkpoints/best         links
 */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { UserError } from "../base/index.ts";
import {
  AppendFile,
  explained,
  replaceJson,
  StopRequest,
  type StopSignal,
  syncNames,
} from "../platform/index.ts";
import { type MetricsLine, RunRecord } from "../wire/index.ts";

import {
  bestOf,
  type Checkpoint,
  link,
  prune,
  readCheckpoints,
  removeUnfinished,
  writeCheckpoint,
} from "./checkpoint.ts";

import { hold } from "./hold.ts";
import { gitCommit, versions } from "./provenance.ts";

import { fileVersion, scalars } from "./tensorboard.ts";

export interface RunStart {
  /** What is run: "pretrain", "finetune", ... */
  readonly kind: string;
  /** With all defaults filled in. */
  readonly config: unknown;
  /** The part of it that somebody asked for. */
  readonly overrides: unknown;
  /** As it can be typed again. */
  readonly command: string;
  readonly seed: number;
  /** `id` of the run whose weights this one starts from. */
  readonly parent?: string | undefined;
}

/** Who is told how far a run has come. */
export interface RunWatcher {
  /** The run is open, at `step`: that of its last checkpoint, or 0. */
  opened?(step: number): void;
  progress?(done: number, total: number, values: Readonly<Record<string, string | number>>): void;
  note?(text: string): void;
}

const pathsIn = (folder: string) => ({
  record: join(folder, "run.json"),
  config: join(folder, "config.json"),
  overrides: join(folder, "overrides.json"),
  metrics: join(folder, "metrics.jsonl"),
  log: join(folder, "log.txt"),
  tensorboard: join(folder, "tb"),
  checkpoints: join(folder, "checkpoints"),
  /** There until the run has started. */
  starting: join(folder, ".starting"),
});

interface Prepared {
  readonly record: RunRecord;
  readonly checkpoints: readonly Checkpoint[];
  /** What `log.txt` says of it. */
  readonly event: string;
}

const PLANNER = "pretrained_model";

/** An open run. One process at a time writes to its folder. */
export class Run implements AsyncDisposable {
  readonly folder: string;
  readonly record: RunRecord;
  readonly #watcher: RunWatcher;
  readonly #metrics: AppendFile;
  readonly #tensorboard: AppendFile;
  readonly #log: AppendFile;
  readonly #stop: StopRequest;
  readonly #held: AsyncDisposable;
  #checkpoints: readonly Checkpoint[];
  /** When this run began in milliseconds, as if it had never paused. */
  readonly #began: number;

  private constructor(
    folder: string,
    record: RunRecord,
    checkpoints: readonly Checkpoint[],
    held: AsyncDisposable,
    watcher: RunWatcher,
  ) {
    const paths = pathsIn(folder);
    this.folder = folder;
    this.record = record;
    this.#held = held;
    this.#watcher = watcher;
    this.#checkpoints = checkpoints;
    const last = checkpoints.at(-1)?.record;
    this.#began = Date.now() - (last?.elapsed_s ?? 0) * 1000;
    this.#metrics = new AppendFile(paths.metrics);
    this.#metrics.cut(last?.metrics_bytes ?? 0);
    this.#tensorboard = new AppendFile(join(paths.tensorboard, "events.out.tfevents.sodp"));
    this.#tensorboard.cut(last?.tensorboard_bytes ?? 0);
    if (this.#tensorboard.size === 0) this.#tensorboard.append(fileVersion(Date.now() / 1000));
    this.#log = new AppendFile(paths.log);
    this.#stop = new StopRequest((signal) => this.note(`${signal}: stopping at the next checkpoint.`));
  }

  /**
   * A new run. Throws UserError if `folder` has something that a run would overwrite. A run that ended before its first
   * number and its first checkpoint is started anew.
   */
  static async start(folder: string, start: RunStart, watcher: RunWatcher = {}): Promise<Run> {
    try {
      await mkdir(folder, { recursive: true });
    } catch (error) {
      throw explained(error, `the folder ${folder} could not be made`);
    }
    return Run.#open(folder, watcher, async () => ({
      record: await begin(folder, start),
      checkpoints: [],
      event: `Started: ${start.command}`,
    }));
  }

  /**
   * A run as it was at its last checkpoint, or at its start if it had none: numbers that came later are cut off.
   * Throws UserError if `folder` holds no run.
   */
  static async resume(folder: string, watcher: RunWatcher = {}): Promise<Run> {
    const record = await readRunRecord(folder);
    return Run.#open(folder, watcher, async () => {
      const checkpoints = await recover(folder);
      const from = checkpoints.at(-1)?.record.step;
      const event = from === undefined ? "Resumed from the start." : `Resumed from checkpoint ${from}.`;
      return { record, checkpoints, event };
    });
  }

  static async #open(folder: string, watcher: RunWatcher, prepare: () => Promise<Prepared>): Promise<Run> {
    const held = await hold(folder);
    try {
      const { record, checkpoints, event } = await prepare();
      const run = new Run(folder, record, checkpoints, held, watcher);
      run.#write(event);
      watcher.opened?.(checkpoints.at(-1)?.record.step ?? 0);
      return run;
    } catch (error) {
      await held[Symbol.asyncDispose]();
      throw explained(error, `the run ${folder} could not be opened`);
    }
  }

  /** Folder of the latest checkpoint. */
  get last(): string | undefined {
    return this.#checkpoints.at(-1)?.folder;
  }

  /** Folder of the checkpoint with the highest score. */
  get best(): string | undefined {
    return bestOf(this.#checkpoints)?.folder;
  }

  /** Where in a checkpoint's folder its planner is. */
  plannerIn(checkpoint: string): string {
    return join(checkpoint, PLANNER);
  }

  /** Whether somebody asked to stop: Ctrl-C, SIGTERM, or SIGUSR1. The algorithm makes a checkpoint and returns. */
  get interrupted(): boolean {
    return this.#stop.signal !== undefined;
  }

  /** Which signal asked. */
  get signal(): StopSignal | undefined {
    return this.#stop.signal;
  }

  /**
   * A line of `metrics.jsonl`, and the same scalars for TensorBoard, there over `env_steps` if given, else `grad_steps`.
   * metrics: by slash names ("train/loss"). What the clock says is called "time/..."
   */
  log(
    at: { readonly grad_steps?: number; readonly env_steps?: number },
    metrics: Readonly<Record<string, number>>,
  ): void {
    const line: MetricsLine = { ...at, "time/elapsed": this.#elapsed(), ...metrics };
    try {
      this.#metrics.append(`${JSON.stringify(line)}\n`);
      this.#tensorboard.append(scalars(Date.now() / 1000, at.env_steps ?? at.grad_steps ?? 0, metrics));
    } catch (error) {
      throw explained(error, `metrics of ${this.folder} could not be written. ${this.#howToGoOn()}`);
    }
  }

  /**
   * Saves what `write` puts into the folder it is given: it appears as a whole or not at all. The two latest
   * checkpoints and the best are kept. A step that has a checkpoint keeps it.
   * step: never less than before   score: the higher, the better
   */
  async checkpoint(
    step: number,
    write: (folder: string) => Promise<void>,
    { score }: { readonly score?: number } = {},
  ): Promise<void> {
    const before = this.#checkpoints.at(-1)?.record.step ?? -1;
    if (step === before) return;
    if (step < before) throw new Error(`Checkpoint ${step} after checkpoint ${before}.`);
    const folder = pathsIn(this.folder).checkpoints;
    const record = {
      format: "sodp checkpoint",
      version: 1,
      step,
      score: score !== undefined && Number.isFinite(score) ? score : null,
      elapsed_s: this.#elapsed(),
      metrics_bytes: this.#metrics.size,
      tensorboard_bytes: this.#tensorboard.size,
    } as const;
    try {
      this.#metrics.sync();
      this.#tensorboard.sync();
      const made = await writeCheckpoint(folder, record, write);
      const all = [...this.#checkpoints, made];
      await link(folder, all);
      this.#checkpoints = await prune(folder, all);
    } catch (error) {
      throw explained(
        error,
        `checkpoint ${step} of ${this.folder} could not be written. ${this.#howToGoOn()}`,
      );
    }
    this.#write(`Checkpoint ${step}${record.score === null ? "" : `, score ${record.score}`}.`);
  }

  /** Tells who watches how far the run has come. */
  progress(done: number, total: number, values: Readonly<Record<string, string | number>>): void {
    this.#watcher.progress?.(done, total, values);
  }

  /** A line of `log.txt`; who watches is told. */
  note(text: string): void {
    this.#write(text);
    this.#watcher.note?.(text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop[Symbol.dispose]();
    for (const file of [this.#metrics, this.#tensorboard, this.#log]) file[Symbol.dispose]();
    await this.#held[Symbol.asyncDispose]();
  }

  #write(text: string): void {
    try {
      this.#log.append(`${new Date().toISOString()} ${text}\n`);
    } catch (error) {
      throw explained(error, `${this.folder}/log.txt could not be written. ${this.#howToGoOn()}`);
    }
  }

  /** Seconds, to the millisecond. */
  #elapsed(): number {
    return Math.max(0, Date.now() - this.#began) / 1000;
  }

  #howToGoOn(): string {
    const last = this.#checkpoints.at(-1)?.record.step;
    const kept = last === undefined ? "It has no checkpoint yet" : `Checkpoint ${last} is kept`;
    return `${kept}; make room, then resume it (--resume=true --config_path ${this.folder})`;
  }
}

/** `run.json` of a run's folder. Throws UserError if there is none. */
export async function readRunRecord(folder: string): Promise<RunRecord> {
  const path = pathsIn(folder).record;
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "ENOTDIR") throw error;
    throw new UserError(`${folder} holds no run: it has no run.json.`);
  }
  try {
    return RunRecord.parse(JSON.parse(text));
  } catch {
    throw new UserError(`${path} is damaged, or of a newer sodp.`);
  }
}

/**
 * The planner that `path` means: of a run its best checkpoint's, else its last; of a checkpoint its own; else `path`
 * itself. run: where it was trained, if that can be told
 */
export async function findPlanner(
  path: string,
): Promise<{ readonly folder: string; readonly run: RunRecord | null }> {
  const { record, checkpoints: folder } = pathsIn(path);
  if (existsSync(record)) {
    const checkpoints = await readCheckpoints(folder);
    const chosen = bestOf(checkpoints) ?? checkpoints.at(-1);
    if (chosen === undefined) throw new UserError(`The run ${path} has no checkpoint yet.`);
    return { folder: join(chosen.folder, PLANNER), run: await readRunRecord(path) };
  }
  const planner = existsSync(join(path, PLANNER)) ? join(path, PLANNER) : path;
  const run = resolve(planner, "../../.."); // RUN/checkpoints/STEP/pretrained_model
  return { folder: planner, run: existsSync(pathsIn(run).record) ? await readRunRecord(run) : null };
}

/** Makes a run's folder whole after whatever death; returns its checkpoints, by step. */
async function recover(folder: string): Promise<Checkpoint[]> {
  const paths = pathsIn(folder);
  await rm(paths.starting, { force: true });
  await mkdir(paths.checkpoints, { recursive: true });
  await mkdir(paths.tensorboard, { recursive: true });
  await removeUnfinished(paths.checkpoints);
  const checkpoints = await readCheckpoints(paths.checkpoints);
  await link(paths.checkpoints, checkpoints);
  return checkpoints;
}

/** Whether `folder` holds a run that has neither numbers nor checkpoints. */
async function isVoid(folder: string): Promise<boolean> {
  const { record, metrics, checkpoints } = pathsIn(folder);
  if (!existsSync(record) || (await readdir(checkpoints)).length > 0) return false;
  return !existsSync(metrics) || (await stat(metrics)).size === 0;
}

/** Fills the folder of a new run. */
async function begin(folder: string, start: RunStart): Promise<RunRecord> {
  const { starting, ...paths } = pathsIn(folder);
  const inTheWay = Object.values(paths).filter((path) => existsSync(path));
  if (existsSync(starting) || (await isVoid(folder)))
    for (const path of inTheWay) await rm(path, { recursive: true });
  else if (existsSync(paths.record))
    throw new UserError(
      `${folder} already holds a run. Resume it (--resume=true --config_path ${folder}), or choose another folder.`,
    );
  else if (inTheWay.length > 0)
    throw new UserError(`A run would overwrite ${inTheWay[0]}. Choose another folder.`);
  const now = new Date().toISOString();
  const record: RunRecord = {
    format: "sodp run",
    version: 1,
    id: `${now.slice(0, 19).replace(/[-:]/g, "").replace("T", "-")}-${start.kind}-${randomBytes(3).toString("hex")}`,
    kind: start.kind,
    started: now,
    command: start.command,
    seed: start.seed,
    git: await gitCommit(),
    versions: versions(),
    platform: `${process.platform}-${process.arch}`,
    parent: start.parent ?? null,
  };
  await writeFile(starting, "");
  await mkdir(paths.checkpoints);
  await mkdir(paths.tensorboard);
  await replaceJson(paths.config, start.config);
  await replaceJson(paths.overrides, start.overrides);
  await replaceJson(paths.record, record);
  await syncNames(folder);
  await rm(starting);
  return record;
}
