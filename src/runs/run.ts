/**
 * @file A run: a folder with its origin, configuration, metrics and checkpoints.
 *
 *     run.json  config.json  overrides.json      origin, configuration, the part of it that was given
 *     metrics.jsonl  tb/  log.txt                metrics, the same for TensorBoard, events
 *     checkpoints/000002000/pretrained_model/    weights
 *     checkpoints/000002000/training_state/      all else that resuming needs
 *     checkpoints/last  checkpoints/best         links
 */
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../base/index.ts";
import {
  AppendFile,
  explained,
  hold,
  makeFolder,
  replaceJson,
  StopRequest,
  type StopSignal,
  syncNames,
} from "../platform/index.ts";
import type { MetricsLine, RunRecord } from "../wire/index.ts";
import {
  bestOf,
  type Checkpoint,
  link,
  prune,
  readCheckpoints,
  removeUnfinished,
  writeCheckpoint,
} from "./checkpoint.ts";

import { pathsIn, policyIn } from "./paths.ts";
import { gitCommit, versions } from "./provenance.ts";
import { readRunRecord } from "./read.ts";
import { fileVersion, scalars, wholeRecords } from "./tensorboard.ts";

export interface RunStart {
  /** The command: "pretrain", "finetune", ... */
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

/** Callbacks of a run's progress. */
export interface RunWatcher {
  /** The run is open, at `step`: that of its last checkpoint, or 0. */
  opened?(step: number): void;
  progress?(done: number, total: number, values: Readonly<Record<string, string | number>>): void;
  note?(text: string): void;
}

interface Prepared {
  readonly record: RunRecord;
  readonly checkpoints: readonly Checkpoint[];
  /** Line of `log.txt`. */
  readonly event: string;
}

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
  /** Start of this run in milliseconds of the process's clock, as if it had never paused. */
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
    this.#began = performance.now() - (last?.elapsed_s ?? 0) * 1000;
    this.#log = new AppendFile(paths.log);
    this.#metrics = this.#openAt(paths.metrics, last?.metrics_bytes ?? 0, wholeLines);
    const events = join(paths.tensorboard, "events.out.tfevents.sodp");
    this.#tensorboard = this.#openAt(events, last?.tensorboard_bytes ?? 0, wholeRecords);
    if (this.#tensorboard.size === 0) this.#tensorboard.append(fileVersion(Date.now() / 1000));
    this.#stop = new StopRequest((signal) => this.note(`${signal}: stopping at the next checkpoint.`));
  }

  /**
   * A new run. Throws UserError if `folder` has something that a run would overwrite. A run that ended before its first
   * number and its first checkpoint is started anew.
   */
  static async start(folder: string, start: RunStart, watcher: RunWatcher = {}): Promise<Run> {
    try {
      await makeFolder(folder);
    } catch (error) {
      throw explained(error, `the folder ${folder} could not be made`);
    }
    return Run.#open(folder, watcher, async () => ({
      record: await writeStart(folder, start),
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
    let held: AsyncDisposable | undefined;
    try {
      held = await hold(folder);
      const { record, checkpoints, event } = await prepare();
      const run = new Run(folder, record, checkpoints, held, watcher);
      run.#write(event);
      watcher.opened?.(checkpoints.at(-1)?.record.step ?? 0);
      return run;
    } catch (error) {
      await held?.[Symbol.asyncDispose]();
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

  /** Folder of the policy in a checkpoint's folder. */
  policyIn(checkpoint: string): string {
    return policyIn(checkpoint);
  }

  /** True once a signal asked to stop: SIGINT, SIGTERM, SIGHUP or SIGUSR1. The algorithm makes a checkpoint and returns. */
  get interrupted(): boolean {
    return this.#stop.signal !== undefined;
  }

  /** The signal that asked to stop. */
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
      throw explained(error, `metrics of ${this.folder} could not be written. ${this.#howToResume()}`);
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
    const facts = {
      step,
      score: score !== undefined && Number.isFinite(score) ? score : null,
      elapsed_s: this.#elapsed(),
      metrics_bytes: this.#metrics.size,
      tensorboard_bytes: this.#tensorboard.size,
    };
    try {
      this.#metrics.sync();
      this.#tensorboard.sync();
      const made = await writeCheckpoint(folder, facts, write);
      const all = [...this.#checkpoints, made];
      await link(folder, all);
      this.#checkpoints = await prune(folder, all);
    } catch (error) {
      throw explained(
        error,
        `checkpoint ${step} of ${this.folder} could not be written. ${this.#howToResume()}`,
      );
    }
    this.#write(`Checkpoint ${step}${facts.score === null ? "" : `, score ${facts.score}`}.`);
  }

  /** Reports progress to the watcher. */
  progress(done: number, total: number, values: Readonly<Record<string, string | number>>): void {
    this.#watcher.progress?.(done, total, values);
  }

  /** A line of `log.txt`, which the watcher is given too. */
  note(text: string): void {
    this.#write(text);
    this.#watcher.note?.(text);
  }

  /** The same as its disposal, for who has no `await using`. */
  close(): Promise<void> {
    return this[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop[Symbol.dispose]();
    for (const file of [this.#metrics, this.#tensorboard, this.#log]) file[Symbol.dispose]();
    await this.#held[Symbol.asyncDispose]();
  }

  /**
   * A file that grows, as it was at the last checkpoint. Where it is shorter, which is told, it ends with its last whole
   * entry. wholeOf: bytes of a file's whole entries
   */
  #openAt(path: string, size: number, wholeOf: (content: Uint8Array) => number): AppendFile {
    const file = new AppendFile(path);
    const missing = file.cut(size);
    if (missing === 0) return file;
    file.cut(wholeOf(readFileSync(path)));
    this.note(
      `${path} is shorter than the last checkpoint says, by ${missing} bytes: numbers before it are missing.`,
    );
    return file;
  }

  #write(text: string): void {
    try {
      this.#log.append(`${new Date().toISOString()} ${text}\n`);
    } catch (error) {
      throw explained(error, `${this.folder}/log.txt could not be written. ${this.#howToResume()}`);
    }
  }

  /** Seconds, to the millisecond. */
  #elapsed(): number {
    return Math.max(0, performance.now() - this.#began) / 1000;
  }

  #howToResume(): string {
    const last = this.#checkpoints.at(-1)?.record.step;
    const kept = last === undefined ? "It has no checkpoint yet" : `Checkpoint ${last} is kept`;
    return `${kept}; make room, then resume it (--resume=true --config_path ${this.folder})`;
  }
}

/** Repairs a run's folder after whatever death; returns its checkpoints, by step. */
async function recover(folder: string): Promise<Checkpoint[]> {
  const paths = pathsIn(folder);
  await rm(paths.starting, { force: true });
  await makeFolder(paths.checkpoints);
  await makeFolder(paths.tensorboard);
  await removeUnfinished(paths.checkpoints);
  const checkpoints = await readCheckpoints(paths.checkpoints);
  await link(paths.checkpoints, checkpoints);
  return checkpoints;
}

/** Bytes of a text's whole lines. */
const wholeLines = (text: Uint8Array): number => text.lastIndexOf(10) + 1;

/** True if `folder` holds a run that has neither numbers nor checkpoints: it has begun, or was about to. */
async function isEmpty(folder: string): Promise<boolean> {
  const { record, starting, metrics, checkpoints } = pathsIn(folder);
  if (!existsSync(record) && !existsSync(starting)) return false;
  if (existsSync(checkpoints) && (await readdir(checkpoints)).length > 0) return false;
  return !existsSync(metrics) || (await stat(metrics)).size === 0;
}

/** Writes the first files of a new run. */
async function writeStart(folder: string, start: RunStart): Promise<RunRecord> {
  const { starting, ...paths } = pathsIn(folder);
  const inTheWay = Object.values(paths).filter((path) => existsSync(path));
  if (await isEmpty(folder)) for (const path of inTheWay) await rm(path, { recursive: true });
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
