/**
 * @file HDF5 files as the thread has them that reads them, where they lie: a slice at a time, never a whole file. What the
 * library cannot decode is refused by name before it is tried, and so is what names more numbers than a file of its size
 * can hold.
 */
import type { Dataset, Group, OutputData } from "h5wasm/node";
import { bytesText, requireRoom, UserError } from "../../base/index.ts";
import { type Block, toFloat32 } from "./column.ts";
import type { Hdf5Column, Hdf5File } from "./hdf5.ts";
import { library, watched } from "./hdf5-library.ts";

/** A file that is read here. */
export interface OpenFile extends Omit<Hdf5File, "column"> {
  /** Description of an array of numbers. Throws UserError as `Hdf5File.column` does. */
  column(path: string): Hdf5Column;
  /** The rows of an array of numbers that are decoded together, of which `row` is one. */
  block(path: string, row: number): Block;
}

/** Filters that can be undone: deflate, shuffle, fletcher32, szip, nbit, scale-offset. */
const knownFilters = [1, 2, 3, 4, 5, 6];
/** Rows that are decoded at a time, where chunks are not larger. */
const leastBlockRows = 1024;
/** Bytes that they take at most. */
const blockBytes = 2 ** 26;
/** Bytes of a block, or of a chunk: the library's memory has 2 GiB in all. */
const mostBlockBytes = 2 ** 29;
/** Bytes of numbers for a byte of a file: what deflate makes of zeros, and more. */
const mostPacked = 1100;
const integerClass = 0;
const floatClass = 1;
const enumClass = 8;

/** Descriptions of arrays that are remembered. */
const mostColumns = 64;

/** bytes: size of the file. Throws UserError if it is torn or no HDF5 file. */
export async function openFile(path: string, bytes: number): Promise<OpenFile> {
  const h5wasm = await library();
  const file = watched(
    path,
    () => new h5wasm.File(path, "r"),
    () => new UserError(`${path} is torn, or no HDF5 file.`),
  );
  /** Finding of `look` in the entity of that name. */
  const of = <T>(name: string, look: (entity: unknown) => T): T =>
    watched(
      path,
      () => look(name === "" ? file : file.get(name)),
      () => new UserError(`${name || "the root"} of ${path} is damaged.`),
    );
  const isDataset = (entity: unknown): entity is Dataset => entity instanceof h5wasm.Dataset;
  const isGroup = (entity: unknown): entity is Group => entity instanceof h5wasm.Group;
  const known = new Map<string, NumberArray>();
  const array = (name: string): NumberArray => {
    const found = known.get(name);
    if (found !== undefined) return found;
    const made = of(name, (entity) => {
      if (!isDataset(entity)) throw new UserError(`${path} has no data set ${name}.`);
      return arrayOf(entity, name, path, bytes);
    });
    if (known.size >= mostColumns) known.clear();
    known.set(name, made);
    return made;
  };
  return {
    keys: (group) => of(group, (entity) => (isGroup(entity) ? entity.keys() : [])),
    kind: (name) =>
      of(name, (entity) => {
        if (isGroup(entity)) return "group";
        if (!isDataset(entity)) return undefined;
        return entity.shape?.length && isNumeric(entity) ? "numbers" : "other";
      }),
    attribute: (name, key) =>
      of(name, (entity) => {
        const value = isDataset(entity) || isGroup(entity) ? entity.attrs[key]?.value : undefined;
        if (typeof value === "bigint") return Number(value);
        return typeof value === "string" || typeof value === "number" ? value : undefined;
      }),
    column: (name) => array(name).column,
    block: (name, row) => array(name).block(row),
    [Symbol.dispose]() {
      file.close();
    },
  };
}

interface NumberArray {
  readonly column: Hdf5Column;
  block(row: number): Block;
}

/** fileBytes: size of the file at `path` */
function arrayOf(entity: Dataset, name: string, path: string, fileBytes: number): NumberArray {
  const where = `${name} in ${path}`;
  const { shape, filters, metadata } = entity;
  if (!shape?.length || !isNumeric(entity)) throw new UserError(`${where} is no array of numbers.`);
  const unknown = filters.find(({ id }) => !knownFilters.includes(id));
  if (unknown)
    throw new UserError(
      `${where} is packed with the filter "${filterName(unknown)}"; deflate, shuffle, fletcher32, szip, nbit and ` +
        `scale-offset are read. h5repack -f NONE removes it.`,
    );
  const rest = shape.slice(1);
  const size = product(rest);
  requireRoom(
    `${where}, in a file of ${bytesText(fileBytes)},`,
    product(shape) * metadata.size,
    mostPacked * fileBytes,
  );
  requireRoom(`A chunk of ${where}`, product(metadata.chunks ?? []) * metadata.size, mostBlockBytes);
  const blockRows = blockRowsOf(metadata.chunks?.[0] ?? 1, size * metadata.size);
  const bytesOfBlock = Math.min(blockRows, shape[0]) * size * metadata.size;
  requireRoom(`${blockRows} rows of ${where}`, blockRows * size * metadata.size, mostBlockBytes);
  return {
    column: {
      rows: shape[0],
      shape: rest.length > 0 ? rest : [1],
      size,
      type: typeName(entity),
      blockBytes: bytesOfBlock,
    },
    block(row) {
      const from = row - (row % blockRows);
      const to = Math.min(shape[0], from + blockRows);
      const numbers = watched(
        path,
        () => numbersOf(entity.slice([[from, to], ...rest.map((): [] => [])])),
        () => new UserError(`${where} is damaged between rows ${from} and ${to}.`),
      );
      return { from, to, numbers: toFloat32(numbers, { name: where, first: from, size }) };
    },
  };
}

const product = (lengths: readonly number[]) => lengths.reduce((all, length) => all * length, 1);

/** Rows of a block: whole chunks, or the library decodes a chunk again for every slice of it. rowBytes: bytes of a row */
function blockRowsOf(chunkRows: number, rowBytes: number): number {
  const most = Math.min(leastBlockRows, Math.floor(blockBytes / Math.max(1, rowBytes)));
  return Math.max(1, chunkRows) * Math.max(1, Math.floor(most / Math.max(1, chunkRows)));
}

/** Integers, booleans (h5py's enumeration), and floats of 4 or 8 bytes. */
function isNumeric({ metadata }: Dataset): boolean {
  const { type, size } = metadata;
  if (type === floatClass) return size === 4 || size === 8;
  return (type === integerClass || type === enumClass) && [1, 2, 4, 8].includes(size);
}

function typeName({ metadata }: Dataset): string {
  const { type, size, signed } = metadata;
  if (type === enumClass) return "bool";
  return `${type === floatClass ? "float" : signed ? "int" : "uint"}${8 * size}`;
}

const filterName = ({ id, name }: { id: number; name: string }) => name.split(";")[0] || `number ${id}`;

function numbersOf(numbers: OutputData | null): ArrayLike<number> | ArrayLike<bigint> {
  if (ArrayBuffer.isView(numbers)) return numbers as unknown as ArrayLike<number>;
  throw new Error("The library read numbers as something else.");
}
