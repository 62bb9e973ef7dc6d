/** @file Readings of algorithms, drawn from a data set. */
import { type EpisodeStore, samplerOf } from "../data/index.ts";
import type { Data, Readings } from "./algorithm.ts";

/** Samplers of each reading, to be used before the data set is disposed. Throws UserError if one has nothing to draw. */
export function samplersOf<R extends Readings>(store: EpisodeStore, readings: R): Data<R> {
  const samplers = Object.entries(readings).map(([name, { columns, ...options }]) => [
    name,
    {
      train: samplerOf(store, columns, { ...options, part: "train" }),
      heldOut: samplerOf(store, columns, { ...options, part: "held-out" }),
    },
  ]);
  return Object.fromEntries(samplers);
}
