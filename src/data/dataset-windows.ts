/** @file Windows of a data set on disk: in memory where they are small, else read when they are drawn. */
import { UserError } from "../base/index.ts";
import type { Dataset } from "./dataset.ts";
import { firstNotFinite, isHeldOut } from "./episodes/index.ts";
import { bytesOf, readBytes } from "./shard.ts";
import { fillSteps, type WindowShape, type WindowSource, type Windows, windowsFrom } from "./windows.ts";

/** "held-out": one of twenty episodes, chosen by their numbers. "train": the others. */
export type Part = "train" | "held-out";

/** Observations and actions that take less are read at once. */
export const smallBytes = 2 ** 28;

export interface WindowsOptions {
  /** Observations and actions that take less memory than this are read at once, others when they are drawn: 268 MB. */
  readonly memoryBytes?: number;
}

/**
 * Windows of a part of a data set, the same numbers whether from memory or from disk; to be used before the data set is
 * disposed. Throws UserError if the part has none.
 */
export function windowsOf(
  dataset: Dataset,
  shape: WindowShape,
  part: Part,
  { memoryBytes = smallBytes }: WindowsOptions = {},
): Windows {
  const { observationSize, actionSize, places } = dataset;
  const chosen = Uint32Array.from(
    [...places.number.keys()].filter((i) => isHeldOut(places.number[i]) === (part === "held-out")),
  );
  const steps = chosen.reduce((sum, i) => sum + places.steps[i], 0);
  const small = 4 * steps * (observationSize + actionSize) <= memoryBytes;
  const observations = dataset.statistics("observation.state");
  const actions = dataset.statistics("action");
  return windowsFrom(
    {
      observationSize,
      actionSize,
      observationRange: { low: observations.min, high: observations.max },
      actionRange: { low: actions.min, high: actions.max },
      fill: small ? fromMemory(dataset, chosen, shape) : fromDisk(dataset, chosen, shape),
    },
    chosen.map((i) => places.steps[i]),
    shape,
  );
}

/** The chosen episodes' observations and actions, read at once; nothing else is kept. */
function fromMemory(dataset: Dataset, chosen: Uint32Array, shape: WindowShape): WindowSource["fill"] {
  const read = readerOf(dataset, chosen);
  const { observationSize, actionSize, places } = dataset;
  const steps = chosen.map((i) => places.steps[i]);
  const first = new Uint32Array(chosen.length); // row of each episode
  for (let i = 1; i < chosen.length; i++) first[i] = first[i - 1] + steps[i - 1];
  const rows = steps.reduce((sum, own) => sum + own, 0);
  const observations = new Float32Array(rows * observationSize);
  const actions = new Float32Array(rows * actionSize);
  for (let i = 0; i < chosen.length; i++) {
    read.observations(i, 0, steps[i], bytesOf(observations), first[i] * observationSize);
    read.actions(i, 0, steps[i], bytesOf(actions), first[i] * actionSize);
  }
  const { nObsSteps: T_o, horizon: H } = shape;
  return (i, start, out, row) => {
    fillSteps(observations, first[i], steps[i], observationSize, start, T_o, out.observations, row);
    fillSteps(actions, first[i], steps[i], actionSize, start, H, out.plans, row);
  };
}

/** Two reads per window. */
function fromDisk(dataset: Dataset, chosen: Uint32Array, shape: WindowShape): WindowSource["fill"] {
  const read = readerOf(dataset, chosen);
  const { observationSize, actionSize, places } = dataset;
  const steps = chosen.map((i) => places.steps[i]);
  const { nObsSteps, horizon } = shape;
  const fill = (
    column: Read,
    size: number,
    i: number,
    start: number,
    count: number,
    out: Float32Array,
    row: number,
  ) => {
    const from = Math.max(start, 0);
    const end = Math.min(start + count, steps[i]);
    const at = row * count;
    column(i, from, end - from, bytesOf(out), (at + from - start) * size);
    for (let step = start; step < from; step++) repeat(out, size, at + from - start, at + step - start);
    for (let step = end; step < start + count; step++)
      repeat(out, size, at + end - 1 - start, at + step - start);
  };
  return (i, start, out, row) => {
    fill(read.observations, observationSize, i, start, nObsSteps, out.observations, row);
    fill(read.actions, actionSize, i, start, horizon, out.plans, row);
  };
}

function repeat(out: Float32Array, size: number, from: number, to: number): void {
  out.copyWithin(to * size, from * size, (from + 1) * size);
}

/** Reads steps `from` to `from` + `count` - 1 of the i-th chosen episode to number `at` of `bytes`, float32. */
type Read = (i: number, from: number, count: number, bytes: Uint8Array, at: number) => void;

/** All that windows know of a data set: where two columns of its episodes lie. */
function readerOf(
  { folder, shards, places, observationSize, actionSize }: Dataset,
  chosen: Uint32Array,
): { observations: Read; actions: Read } {
  const files = shards.map(({ file }) => file);
  const paths = shards.map(({ path }) => path);
  const shard = chosen.map((i) => places.shard[i]);
  const row = chosen.map((i) => places.row[i]);
  const column = (begins: readonly number[], size: number): Read => {
    return (i, from, count, bytes, at) => {
      const begin = begins[shard[i]] + 4 * size * (row[i] + from);
      readBytes(files[shard[i]], bytes.subarray(4 * at, 4 * (at + count * size)), begin);
      const numbers = new Float32Array(bytes.buffer, bytes.byteOffset + 4 * at, count * size);
      if (firstNotFinite(numbers) >= 0)
        throw new UserError(
          `${paths[shard[i]]} holds a number that is not finite in episode ${places.number[chosen[i]]}. ` +
            `To use the rest, run sodp data check ${folder} --quarantine.`,
        );
    };
  };
  return {
    observations: column(
      shards.map(({ begin }) => begin["observation.state"]),
      observationSize,
    ),
    actions: column(
      shards.map(({ begin }) => begin.action),
      actionSize,
    ),
  };
}
