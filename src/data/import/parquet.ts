/** @file Parquet files, a group of rows and a column at a time. Symbols: N rows, D numbers per row. */
import { stat } from "node:fs/promises";
import {
  asyncBufferFromFile,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetScan,
} from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { UserError } from "../../base/index.ts";
import { type Block, type Column, readerOf } from "./column.ts";

export interface ParquetFile {
  readonly rows: number;
  /** Names of columns. */
  readonly names: readonly string[];
  /** A column of numbers, or of lists, perhaps of lists, of `size` numbers in all. Throws UserError if it is missing. */
  column(name: string, size: number): Column;
  /** All rows of a small table. */
  table(names?: readonly string[]): Promise<Record<string, unknown>[]>;
}

/** Throws UserError if there is no such file, or it is torn or no Parquet file. */
export async function openParquet(path: string): Promise<ParquetFile> {
  if (!(await stat(path).catch(() => undefined))?.isFile()) throw new UserError(`No file ${path}.`);
  const file = await asyncBufferFromFile(path);
  const metadata = await attempt(
    () => parquetMetadataAsync(file),
    () => `${path} is torn, or no Parquet file.`,
  );
  const names = topLevelNames(metadata);
  return {
    rows: Number(metadata.num_rows),
    names,
    column(name, size) {
      if (!names.includes(name))
        throw new UserError(`${path} has no column "${name}". It has: ${names.join(", ")}.`);
      return {
        rows: Number(metadata.num_rows),
        size,
        read: readerOf(size, (row) => decode(name, size, row)),
      };
    },
    table(wanted) {
      const missing = wanted?.find((name) => !names.includes(name));
      if (missing !== undefined)
        throw new UserError(`${path} has no column "${missing}". It has: ${names.join(", ")}.`);
      return attempt(
        () => parquetReadObjects({ file, metadata, compressors, ...(wanted && { columns: [...wanted] }) }),
        () => `${path} is damaged: its content cannot be decoded.`,
      );
    },
  };

  async function decode(name: string, size: number, row: number): Promise<Block> {
    const { from, to } = groupAround(metadata, row, path);
    const values = await attempt(
      async () => {
        const scan = await parquetScan({
          file,
          metadata,
          compressors,
          columns: [name],
          useOffsetIndex: false,
        });
        return scan.readColumn({ column: name, rowStart: from, rowEnd: to });
      },
      () => `${name} in ${path} is damaged between rows ${from} and ${to}.`,
    );
    return { from, to, numbers: flatten(values, size, `${name} in ${path}`, from) };
  }
}

/** The decoder reports every failure as an error of its own; to a person only where it happened matters. */
async function attempt<T>(action: () => Promise<T>, message: () => string): Promise<T> {
  try {
    return await action();
  } catch {
    throw new UserError(message());
  }
}

/** Children of the schema's root. */
function topLevelNames({ schema }: FileMetaData): string[] {
  const names: string[] = [];
  for (let at = 1; at < schema.length; at = afterSubtree(schema, at)) names.push(schema[at].name);
  return names;
}

/** Index of the element after `at` and all below it. */
function afterSubtree(schema: FileMetaData["schema"], at: number): number {
  let next = at + 1;
  for (let child = 0; child < (schema[at].num_children ?? 0); child++) next = afterSubtree(schema, next);
  return next;
}

function groupAround({ row_groups }: FileMetaData, row: number, path: string) {
  let from = 0;
  for (const { num_rows } of row_groups) {
    const to = from + Number(num_rows);
    if (row < to) return { from, to };
    from = to;
  }
  throw new UserError(`${path} ends at row ${from}; row ${row} was expected in it.`);
}

/** values: N numbers, or N lists of `size`. Returns (N, size). first: the first row's number */
function flatten(values: ArrayLike<unknown>, size: number, name: string, first: number): Float32Array {
  const numbers = new Float32Array(values.length * size);
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    const list = Array.isArray(value)
      ? (value.flat(Number.POSITIVE_INFINITY) as unknown[])
      : ArrayBuffer.isView(value)
        ? (value as unknown as ArrayLike<unknown>)
        : undefined;
    if ((list?.length ?? 1) !== size)
      throw new UserError(
        `Expected ${size} numbers per row of ${name}, got ${list?.length ?? 1} in row ${first + row}.`,
      );
    for (let i = 0; i < size; i++) numbers[row * size + i] = toNumber(list ? list[i] : value);
  }
  return numbers;
}

/** NaN for what is missing, which the checks of episodes refuse. */
const toNumber = (value: unknown) => (value === null || value === undefined ? Number.NaN : Number(value));
