/**
 * @file The fuzz: damaged files of every format, read one after another in a thread with a limit of memory, and of time for
 * each. An input is refused in one sentence, or its content is unchanged; else it is bad. Where a format has no checksum,
 * other numbers of the sizes and types that the file says are accepted: see `subjects.ts`.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startThread } from "../../src/platform/index.ts";
import type { Judged, Outcome } from "./inputs.ts";
import { subjects } from "./subjects.ts";

export interface FuzzOptions {
  readonly count: number;
  readonly seed: number;
  /** Subjects; default: all. */
  readonly names?: readonly string[];
  readonly onProgress?: (done: number) => void;
}

export interface FuzzReport {
  readonly count: number;
  readonly seed: number;
  /** Numbers of inputs. */
  readonly formats: Readonly<Record<string, Readonly<Record<Outcome, number>>>>;
  readonly bad: readonly (Judged & { readonly index: number })[];
}

/** Milliseconds for one input on a busy machine, and for the start of a thread. */
const mostTime = 120_000;
const mostStartTime = 240_000;
/** Megabytes of objects in the thread. */
const mostHeap = 512;
/** Inputs of a thread: the HDF5 library loses some memory with each error. */
const inputsOfThread = 2500;

/** Puts all subjects to damage in turn. */
export async function fuzz({
  count,
  seed,
  names = Object.keys(subjects),
  onProgress,
}: FuzzOptions): Promise<FuzzReport> {
  const formats = Object.fromEntries(
    names.map((name) => [name, { refused: 0, unchanged: 0, changed: 0, bad: 0 }]),
  );
  const bad: FuzzReport["bad"][number][] = [];
  let done = 0;
  const take = (judged: Judged, index: number) => {
    formats[judged.subject][judged.outcome]++;
    if (judged.outcome === "bad") bad.push({ index, ...judged });
    onProgress?.(++done);
  };
  const top = mkdtempSync(join(tmpdir(), "sodp-fuzz-"));
  let next = 0;
  /** Takes parts of the inputs until none is left. */
  const work = async (folder: string) => {
    while (next < count) {
      const [from, to] = [next, Math.min(count, next + inputsOfThread)];
      next = to;
      for (let at = from; at < to; ) at = await inThread({ top: folder, seed, names, from: at, to }, take);
    }
  };
  try {
    await Promise.all(["a", "b"].map((name) => work(join(top, name))));
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
  bad.sort((a, b) => a.index - b.index);
  return { count, seed, formats, bad };
}

interface Work {
  readonly top: string;
  readonly seed: number;
  readonly names: readonly string[];
  readonly from: number;
  readonly to: number;
}
type News = { readonly index: number } & (
  | { readonly subject: string; readonly damage: string }
  | { readonly judged: Judged }
);

/** Judges inputs in a thread until it is through, or one of them ends it. Returns the index of the next. */
async function inThread(work: Work, take: (judged: Judged, index: number) => void): Promise<number> {
  const limits = { maxOldGenerationSizeMb: mostHeap };
  const thread = startThread(new URL("./worker.ts", import.meta.url), work, [], limits);
  let next = work.from;
  let begun: { readonly subject: string; readonly damage: string } | undefined;
  const end = await new Promise<string | undefined>((resolve) => {
    const late = () => resolve("it hung");
    let timer = setTimeout(late, mostStartTime);
    thread.on("message", (news: News) => {
      clearTimeout(timer);
      timer = setTimeout(late, mostTime);
      if ("judged" in news) {
        take(news.judged, news.index);
        next = news.index + 1;
        begun = undefined;
      } else begun = news;
    });
    thread.once("error", (error) => resolve(`the thread died: ${error.stack ?? error}`));
    thread.once("exit", () => {
      clearTimeout(timer);
      resolve(undefined);
    });
  });
  await thread.terminate();
  if (end === undefined && next === work.to) return next;
  if (begun === undefined)
    throw new Error(`The fuzz itself failed at input ${next}: ${end ?? "the thread ended"}.`);
  take({ ...begun, outcome: "bad", reason: end ?? "the thread ended" }, next);
  return next + 1;
}
