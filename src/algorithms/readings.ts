/** @file Readings of algorithms, drawn from a data set. */
import { type EpisodeStore, hasPresents, samplerOf } from "../data/index.ts";
import type { Data, Readings } from "./algorithm.ts";

/**
 * Samplers of each reading, to be used before the data set is disposed. Where nothing would be held out, or nothing left to
 * learn from, all episodes are learned from: a set may have as few as one. Throws UserError if a reading has nothing to draw.
 */
export function samplersOf<R extends Readings>(store: EpisodeStore, readings: R): Data<R> {
  const samplers = Object.entries(readings).map(([name, { columns, ...options }]) => {
    const parts = [
      { ...options, part: "train" },
      { ...options, part: "held-out" },
    ] as const;
    if (parts.every((part) => hasPresents(store, columns, part))) {
      const [train, heldOut] = parts.map((part) => samplerOf(store, columns, part));
      return [name, { train, heldOut }];
    }
    return [name, { train: samplerOf(store, columns, options) }];
  });
  return Object.fromEntries(samplers);
}
