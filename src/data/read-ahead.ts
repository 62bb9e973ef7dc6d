/** @file Brings a data set into the operating system's cache, so that windows drawn at random are found there. */
import { startThread } from "../platform/index.ts";
import type { Dataset } from "./dataset.ts";
import { smallBytes } from "./dataset-windows.ts";

/** A part of a file. */
export interface FilePart {
  readonly path: string;
  readonly begin: number;
  readonly end: number;
}

/**
 * Reads all that windows are drawn from, observations and actions, in a thread of its own, and keeps none of it: a disk
 * gives whole files at a hundred times the rate of single windows. Does nothing for a data set that `windowsOf` reads at
 * once, nor where less than twice the memory is free: there the cache would lose it again. Ends when disposed, and does
 * not keep the process alive.
 */
export function readAhead(dataset: Dataset): Disposable {
  const parts = windowParts(dataset);
  const bytes = parts.reduce((sum, { begin, end }) => sum + end - begin, 0);
  if (bytes <= smallBytes || process.availableMemory() < 2 * bytes) return { [Symbol.dispose]: () => {} };
  const thread = startThread(new URL(/* @vite-ignore */ "./read-ahead-thread.ts", import.meta.url), parts);
  thread.on("error", () => {}); // whoever draws these windows will say it
  thread.unref();
  return { [Symbol.dispose]: () => void thread.terminate() };
}

/** Where the numbers that windows are drawn from lie. */
export function windowParts({ observationSize, actionSize, shards }: Dataset): FilePart[] {
  return shards.flatMap(({ path, begin, entry }) =>
    (
      [
        [begin["observation.state"], observationSize],
        [begin.action, actionSize],
      ] as const
    ).map(([first, size]) => ({ path, begin: first, end: first + 4 * size * entry.steps })),
  );
}
