/** @file A column of a set: numbers on disk, one row per step, whatever the file. Symbols: N rows, D numbers per row. */
import { requireRoom, UserError } from "../../base/index.ts";

export interface Column {
  readonly rows: number;
  readonly size: number;
  /** Rows `from` to `to` as float32, (to - from, D). Ranges are asked for in order, none twice. Throws UserError. */
  read(from: number, to: number): Promise<Float32Array>;
}

/** A column of which it is known how it is stored: float32, float64, ..., and in which shape a row is. */
export interface TypedColumn extends Column {
  readonly shape: readonly number[];
  readonly type: string;
}

/** Rows of a column that were decoded together. */
export interface Block {
  readonly from: number;
  readonly to: number;
  /** (to - from, D) */
  readonly numbers: Float32Array;
}

/** Reads any range from blocks, each decoded once however many ranges of it are asked for. decode: the block of a row */
export function readerOf(size: number, decode: (row: number) => Promise<Block>): Column["read"] {
  let block: Block | undefined;
  return async (from, to) => {
    requireRoom(`Rows ${from} to ${to} of ${size} numbers`, 4 * (to - from) * size);
    const out = new Float32Array((to - from) * size);
    for (let row = from; row < to; ) {
      if (!block || row < block.from || row >= block.to) block = await decode(row);
      const end = Math.min(to, block.to);
      const rows = block.numbers.subarray((row - block.from) * size, (end - block.from) * size);
      out.set(rows, (row - from) * size);
      row = end;
    }
    return out;
  };
}

/** Columns of equal length side by side, as one of all their numbers. */
export async function readJoined(
  columns: readonly Column[],
  from: number,
  to: number,
): Promise<Float32Array> {
  const parts = await Promise.all(columns.map((column) => column.read(from, to)));
  if (parts.length === 1) return parts[0];
  const size = columns.reduce((sum, column) => sum + column.size, 0);
  requireRoom(`Rows ${from} to ${to} of ${size} numbers`, 4 * (to - from) * size);
  const joined = new Float32Array((to - from) * size);
  let offset = 0;
  for (const [i, part] of parts.entries()) {
    const width = columns[i].size;
    for (let row = 0; row < to - from; row++)
      joined.set(part.subarray(row * width, (row + 1) * width), row * size + offset);
    offset += width;
  }
  return joined;
}

/** Whole numbers above it are not all float32's own. */
const mostExact = 2 ** 24;

/**
 * Numbers as float32, which episodes hold. Throws UserError for a number that it cannot hold: one that is too large, and a
 * whole number that it would round.
 * name: of the column, for a person   first: the first row's number   size: D
 */
export function toFloat32(
  numbers: ArrayLike<number> | ArrayLike<bigint>,
  { name, first, size }: { readonly name: string; readonly first: number; readonly size: number },
): Float32Array {
  const out = new Float32Array(numbers.length);
  const isFloat = numbers instanceof Float64Array || numbers instanceof Float32Array;
  const whole = typeof numbers[0] === "bigint" || (ArrayBuffer.isView(numbers) && !isFloat);
  for (let i = 0; i < numbers.length; i++) {
    const number = Number(numbers[i]);
    out[i] = number;
    const isLost =
      (Number.isFinite(number) && !Number.isFinite(out[i])) ||
      (whole && Math.abs(number) > mostExact && out[i] !== number);
    if (isLost)
      throw new UserError(
        `${name} holds ${numbers[i]} in row ${first + Math.floor(i / Math.max(1, size))}, which is not a number of float32.`,
      );
  }
  return out;
}

/** Flags of steps: 1 where yes, 0 where no and where it is not known. */
export interface Flags {
  readonly values: Uint8Array;
  /** Number of those that are not known: they are NaN, or missing. */
  readonly unknown: number;
}

/**
 * Reads numbers as flags. Throws UserError for a number that is neither 0, 1 nor NaN.
 * name: of the column, for a person   first: the first number's step
 */
export function flagsOf(numbers: ArrayLike<number>, name: string, first = 0): Flags {
  const values = new Uint8Array(numbers.length);
  let unknown = 0;
  for (let i = 0; i < numbers.length; i++) {
    const number = numbers[i];
    if (Number.isNaN(number)) unknown++;
    else if (number === 0 || number === 1) values[i] = number;
    else throw new UserError(`${name} is expected to be 0 or 1, got ${number} at step ${first + i}.`);
  }
  return { values, unknown };
}

/** As `flagsOf`, for flags that decide where an episode ends: throws UserError if one is not known. */
export function knownFlags(numbers: ArrayLike<number>, name: string, first = 0): Uint8Array {
  const { values, unknown } = flagsOf(numbers, name, first);
  if (unknown === 0) return values;
  const at = Array.from(numbers).findIndex(Number.isNaN);
  throw new UserError(`${name} is not known at step ${first + at}: it is ${numbers[at]}.`);
}

/** Flags of success of an episode's steps; told of those that are not known. Throws UserError as `flagsOf` does. */
export function successFlags(numbers: ArrayLike<number>, tell: (sentence: string) => void): Uint8Array {
  const { values, unknown } = flagsOf(numbers, "success");
  if (unknown > 0)
    tell(
      unknown === values.length
        ? "Whether its steps solved the task is not known: none counts as solved."
        : "Whether some of its steps solved the task is not known: they count as not solved.",
    );
  return values;
}
