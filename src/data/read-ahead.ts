/** @file Brings columns of a data set into the operating system's cache, so that rows drawn at random are found there. */
import { startThread } from "../platform/index.ts";
import type { Dataset } from "./dataset.ts";
import { fileColumns } from "./dataset-columns.ts";
import { type BatchSpec, smallBytes, storedColumns } from "./episodes/index.ts";

/** A part of a file. */
export interface FilePart {
  readonly path: string;
  readonly begin: number;
  readonly end: number;
}

/**
 * Reads all that a sampler of `spec` draws from, in a thread of its own, and keeps none of it: a disk gives whole files at
 * a hundred times the rate of single rows. Does nothing for columns that `samplerOf` reads at once, nor where less than
 * twice the memory is free: there the cache would lose it again. Ends when disposed, and does not keep the process alive.
 */
export function readAhead(dataset: Dataset, spec: BatchSpec): Disposable {
  const parts = columnParts(dataset, spec);
  const bytes = parts.reduce((sum, { begin, end }) => sum + end - begin, 0);
  if (bytes <= smallBytes || process.availableMemory() < 2 * bytes) return { [Symbol.dispose]: () => {} };
  const thread = startThread(new URL(/* @vite-ignore */ "./read-ahead-thread.ts", import.meta.url), parts);
  thread.on("error", () => {}); // whoever draws these rows will say it
  thread.unref();
  return { [Symbol.dispose]: () => void thread.terminate() };
}

/** Parts of files that a sampler of `spec` draws from. */
export function columnParts({ spaces, shards }: Dataset, spec: BatchSpec): FilePart[] {
  const columns = storedColumns(spec).flatMap((column) => fileColumns(spaces, column));
  return shards.flatMap(({ path, begin, entry }) =>
    columns.map(({ name, perStep, size, type }) => ({
      path,
      begin: begin[name],
      end: begin[name] + type.BYTES_PER_ELEMENT * size * (perStep ? entry.steps : entry.episodes),
    })),
  );
}
