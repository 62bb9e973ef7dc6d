/**
 * @file Columns of a batch: what they hold, and which steps of them are asked for.
 * Symbols: B batch, T steps of an episode, O observation size, A action size, S steps asked for of a column.
 */
import { lookup, UserError } from "../../base/index.ts";
import type { StoredColumn } from "./episode-store.ts";

/**
 * Arrays of a batch, by column. Outside of an episode, 0 to T - 1, the nearest step stands in, unless said otherwise.
 */
export interface BatchColumns {
  /** (B, S, O). Step T is the final observation. */
  readonly observation: Float32Array;
  /** (B, S, A) */
  readonly action: Float32Array;
  /** (B, S). Outside of the episode 0, so that sums are those of the episode. */
  readonly reward: Float32Array;
  /** (B, S): 1 from the last step on if nothing follows it, else 0. */
  readonly terminated: Float32Array;
  /** (B, S): 1 where the task was solved after the action. Outside of the episode 0. */
  readonly success: Float32Array;
  /** (B, S): index into the sampler's `tasks`. */
  readonly task: Int32Array;
  /** (B, S): sum of the rewards from the step on, discounted if the sampler is told to. */
  readonly returnToGo: Float32Array;
  /** (B, S): number of the step in its episode, 0 to T. */
  readonly step: Int32Array;
  /** (B, S): 1 where the step is one of the episode, 0 where another stands in. */
  readonly mask: Float32Array;
}
export type ColumnName = keyof BatchColumns;

/** Steps of each column, relative to the present, ascending. The order of LeRobot's `delta_indices`. */
export type BatchSpec = { readonly [C in ColumnName]?: readonly number[] };

/** A batch of a spec's columns, to be filled. */
export type Batch<S extends BatchSpec> = {
  readonly [C in keyof S]: C extends ColumnName ? BatchColumns[C] : never;
};

/** The whole numbers from `begin` to `end` - 1. */
export const range = (begin: number, end: number): number[] =>
  Array.from({ length: Math.max(0, end - begin) }, (_, i) => begin + i);

/** The array of each column, and which stored columns it is made of, but for observations after the last action. */
export const arrayTypes = {
  observation: Float32Array,
  action: Float32Array,
  reward: Float32Array,
  terminated: Float32Array,
  success: Float32Array,
  task: Int32Array,
  returnToGo: Float32Array,
  step: Int32Array,
  mask: Float32Array,
} as const satisfies { readonly [C in ColumnName]: unknown };
const stored: { readonly [C in ColumnName]?: StoredColumn } = {
  observation: "observation",
  action: "action",
  reward: "reward",
  success: "success",
  returnToGo: "reward",
};

/** Stored columns that a batch is made of. */
export function storedColumns(spec: BatchSpec): StoredColumn[] {
  const columns = namesOf(spec).flatMap((name) => stored[name] ?? []);
  if ((spec.observation?.at(-1) ?? 0) > 0) columns.push("finalObservation");
  return [...new Set(columns)];
}

/** The columns that a spec asks for. */
export const namesOf = (spec: BatchSpec) => Object.keys(spec) as ColumnName[];

/** Rows of a batch. Throws UserError if its arrays do not fit the columns, or each other. */
export function rowsOf(
  columns: readonly { readonly name: ColumnName; readonly width: number }[],
  arrays: readonly (Float32Array | Int32Array)[],
): number {
  const rows = arrays[0].length / columns[0].width;
  const wrong = columns.findIndex(({ width }, i) => arrays[i]?.length !== rows * width);
  if (wrong < 0 && Number.isInteger(rows)) return rows;
  const widths = columns.map(
    ({ name, width }, i) => `${name} ${width} (${arrays[i]?.length ?? "no"} numbers given)`,
  );
  throw new UserError(
    `A batch has an array for each column, of B times as many numbers as a row: ${widths.join(", ")}.`,
  );
}

/** Throws UserError for a column that is not known, and for steps that are none. */
export function checkSpec(spec: BatchSpec, padAfter: number): void {
  const names = namesOf(spec);
  if (names.length === 0) throw new UserError("A batch needs at least one column.");
  for (const name of names) {
    lookup(arrayTypes, name, "column");
    const steps = spec[name];
    const ascending = steps?.every((step, i) => Number.isInteger(step) && (i === 0 || step > steps[i - 1]));
    if (!steps?.length || !ascending)
      throw new UserError(
        `Steps of the column ${name} are whole numbers in ascending order, got ${steps?.join(", ") || "none"}.`,
      );
  }
  if (!Number.isInteger(padAfter) || padAfter < 0)
    throw new UserError(`padAfter is a whole number from 0, got ${padAfter}.`);
}
