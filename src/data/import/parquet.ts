/** @file Parquet files, a group of rows and a column at a time. Symbols: N rows, D numbers per row. */
import { stat } from "node:fs/promises";
import {
  type AsyncBuffer,
  asyncBufferFromFile,
  type ColumnMetaData,
  type FileMetaData,
  parquetMetadataAsync,
  parquetScan,
  type SchemaElement,
} from "hyparquet";
import { requireRoom, UserError } from "../../base/index.ts";
import { type Column, readerOf } from "./column.ts";
import { checkedChunk } from "./parquet-pages.ts";
import { ThriftReader } from "./thrift.ts";

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
  const metadata = await readMetadata(file, path);
  const columns = topLevelColumns(metadata);
  const source = { path, file, metadata, columns };
  const names = [...columns.keys()];
  const rows = Number(metadata.num_rows);
  return {
    rows,
    names,
    column(name, size) {
      require(name);
      return {
        rows,
        size,
        read: readerOf(size, async (row) => {
          const group = groupAround(metadata, row, path);
          const values = await decode(source, name, group);
          const { from, to } = group;
          return { from, to, numbers: flatten(values, size, `${name} in ${path}`, from) };
        }),
      };
    },
    async table(wanted = names) {
      wanted.forEach(require);
      requireRoom(`The table ${path}`, rows * wanted.length * cellBytes);
      const table: Record<string, unknown>[] = Array.from({ length: rows }, () => ({}));
      for (const group of groupsOf(metadata))
        for (const name of wanted) {
          const values = await decode(source, name, group);
          for (let i = 0; i < values.length; i++) table[group.from + i][name] = values[i];
        }
      return table;
    },
  };

  function require(name: string): void {
    if (names.includes(name)) return;
    throw new UserError(`${path} has no column "${name}". It has: ${names.join(", ")}.`);
  }
}

/** A file that was opened. */
interface Source {
  readonly path: string;
  readonly file: AsyncBuffer;
  readonly metadata: FileMetaData;
  readonly columns: ReturnType<typeof topLevelColumns>;
}

/** Values of a column in a group of rows, one for each. */
async function decode(
  { path, file, metadata, columns }: Source,
  name: string,
  { index, from, to }: Group,
): Promise<ArrayLike<unknown>> {
  if (from === to) return [];
  const where = `${name} in ${path}`;
  const values = await attempt(
    async () => {
      const chunks = metadata.row_groups[index].columns.flatMap(({ meta_data: own }) =>
        own?.path_in_schema[0] === name ? [own] : [],
      );
      if (chunks.length !== 1)
        throw new UserError(`${where} is no column of numbers, texts or lists of them.`);
      const bytes = await chunkBytes(file, chunks[0], where);
      const { compressors } = checkedChunk(bytes, chunks[0], columns.get(name) ?? [], where);
      const scan = await parquetScan({
        file: { byteLength: file.byteLength, slice: () => bytes },
        metadata,
        compressors,
        columns: [name],
        useOffsetIndex: false,
      });
      return scan.readColumn({ column: name, rowStart: from, rowEnd: to });
    },
    () => `${where} is damaged between rows ${from} and ${to}.`,
  );
  if (values.length === to - from) return values;
  throw new UserError(`${where} is damaged: it has ${values.length} of rows ${from} to ${to}.`);
}

/** Memory of a cell of a table, about. */
const cellBytes = 100;

function readMetadata(file: AsyncBuffer, path: string): Promise<FileMetaData> {
  return attempt(
    async () => {
      await checkFooter(file, path);
      const read = await parquetMetadataAsync(file, { geoparquet: false });
      checkRows(read, path);
      return read;
    },
    () => `${path} is torn, or no Parquet file.`,
  );
}

/** Throws UserError unless the description at the file's end can be read in bounds. */
async function checkFooter(file: AsyncBuffer, path: string): Promise<void> {
  const { byteLength: size } = file;
  const end = new DataView(await file.slice(Math.max(0, size - 8), size));
  const length = end.byteLength === 8 ? end.getUint32(0, true) : size;
  if (length > size - 12) throw new UserError(`${path} is torn, or no Parquet file.`);
  new ThriftReader(new Uint8Array(await file.slice(size - 8 - length, size - 8)), path).struct();
}

/** Throws UserError unless the rows of all groups are those of the file. */
function checkRows({ num_rows, row_groups }: FileMetaData, path: string): void {
  const rows = row_groups.map((group) => Number(group.num_rows));
  const all = rows.reduce((sum, each) => sum + each, 0);
  if (Number.isSafeInteger(all) && all === Number(num_rows) && rows.every((each) => each >= 0)) return;
  throw new UserError(`${path} is damaged: it tells of ${num_rows} rows, its groups of ${all}.`);
}

/** Bytes of a column's chunk: all pages, the dictionary first. */
async function chunkBytes(
  file: AsyncBuffer,
  { dictionary_page_offset, data_page_offset, total_compressed_size }: ColumnMetaData,
  name: string,
): Promise<ArrayBuffer> {
  const begin = Number(dictionary_page_offset || data_page_offset);
  const end = begin + Number(total_compressed_size);
  if (!(begin >= 0 && end >= begin && end <= file.byteLength))
    throw new UserError(`${name} is damaged: it would lie at bytes ${begin} to ${end} of the file.`);
  return await file.slice(begin, end);
}

/** The decoder reports every failure as an error of its own; to a person only where it happened matters. */
async function attempt<T>(action: () => Promise<T>, message: () => string): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw error instanceof UserError ? error : new UserError(message());
  }
}

/** Children of the schema's root by name: the elements from each to its first leaf. */
function topLevelColumns({ schema }: FileMetaData): ReadonlyMap<string, readonly SchemaElement[]> {
  const columns = new Map<string, readonly SchemaElement[]>();
  for (let at = 1; at < schema.length; at = afterSubtree(schema, at)) {
    const path = [schema[at]];
    while (path.length < schema.length && schema[at + path.length - 1]?.num_children)
      path.push(schema[at + path.length]);
    columns.set(
      schema[at].name,
      path.filter((element) => element !== undefined),
    );
  }
  return columns;
}

/** Index of the element after `at` and all below it. */
function afterSubtree(schema: FileMetaData["schema"], at: number): number {
  let next = at + 1;
  for (let open = schema[at].num_children ?? 0; open > 0 && next < schema.length; open--, next++)
    open += schema[next].num_children ?? 0;
  return next;
}

/** Rows that lie together. */
interface Group {
  readonly index: number;
  readonly from: number;
  readonly to: number;
}

function groupsOf({ row_groups }: FileMetaData): Group[] {
  let to = 0;
  return row_groups.map(({ num_rows }, index) => {
    const from = to;
    to += Number(num_rows);
    return { index, from, to };
  });
}

function groupAround(metadata: FileMetaData, row: number, path: string): Group {
  const groups = groupsOf(metadata);
  const found = groups.find(({ to }) => row < to);
  if (found) return found;
  throw new UserError(`${path} ends at row ${groups.at(-1)?.to ?? 0}; row ${row} was expected in it.`);
}

/** values: N numbers, or N lists of `size`. Returns (N, size). first: the first row's number */
function flatten(values: ArrayLike<unknown>, size: number, name: string, first: number): Float32Array {
  requireRoom(`${values.length} rows of ${name}`, 4 * values.length * size);
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
