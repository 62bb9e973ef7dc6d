/**
 * @file HDF5 files, read where they lie: a slice at a time, never a whole file.
 *
 * The library is told to throw: left alone it returns whatever lay in memory where it cannot decode. What it cannot
 * decode is refused by name before it is tried.
 */
import { stat } from "node:fs/promises";
import type { Dataset, Group, OutputData } from "h5wasm/node";
import { UserError } from "../../base/index.ts";
import { readerOf, type TypedColumn, toFloat32 } from "./column.ts";

/** A file open for reading, until disposed. */
export interface Hdf5File extends Disposable {
  /** Names in a group ("" is the file's root); empty where there is no such group. */
  keys(group: string): readonly string[];
  /** "other": an array that is not of numbers, as far as they are read. Undefined where there is neither. */
  kind(path: string): "group" | "numbers" | "other" | undefined;
  /** An attribute of a group or a data set; integers as numbers. */
  attribute(path: string, name: string): string | number | undefined;
  /** An array, (N, ...), as N rows. Throws UserError if it is missing, or not readable as numbers. */
  column(path: string): TypedColumn;
}

/** Filters that can be undone: deflate, shuffle, fletcher32, szip, nbit, scale-offset. */
const knownFilters = [1, 2, 3, 4, 5, 6];
/** Rows that are decoded at a time, where chunks are not larger. */
const leastBlockRows = 1024;
const integerClass = 0;
const floatClass = 1;
const enumClass = 8;

async function library() {
  const { default: h5wasm } = await import("h5wasm/node");
  const core = await h5wasm.ready;
  core.activate_throwing_error_handler();
  return h5wasm;
}

/** Throws UserError if there is no such file, or it is torn or no HDF5 file. */
export async function openHdf5(path: string): Promise<Hdf5File> {
  if (!(await stat(path).catch(() => undefined))?.isFile()) throw new UserError(`No file ${path}.`);
  const h5wasm = await library();
  const file = attempt(
    () => new h5wasm.File(path, "r"),
    () => new UserError(`${path} is torn, or no HDF5 file.`),
  );
  const at = (name: string) => (name === "" ? file : file.get(name));
  const isDataset = (entity: unknown): entity is Dataset => entity instanceof h5wasm.Dataset;
  const isGroup = (entity: unknown): entity is Group => entity instanceof h5wasm.Group;
  return {
    keys(group) {
      const entity = at(group);
      return isGroup(entity) ? entity.keys() : [];
    },
    kind(name) {
      const entity = at(name);
      if (isGroup(entity)) return "group";
      if (!isDataset(entity)) return undefined;
      return entity.shape?.length && isNumeric(entity) ? "numbers" : "other";
    },
    attribute(name, key) {
      const entity = at(name);
      const value = isDataset(entity) || isGroup(entity) ? entity.attrs[key]?.value : undefined;
      if (typeof value === "bigint") return Number(value);
      return typeof value === "string" || typeof value === "number" ? value : undefined;
    },
    column(name) {
      const entity = at(name);
      const where = `${name} in ${path}`;
      if (!isDataset(entity)) throw new UserError(`${path} has no data set ${name}.`);
      const { shape, filters } = entity;
      if (!shape?.length || !isNumeric(entity)) throw new UserError(`${where} is no array of numbers.`);
      const unknown = filters.find(({ id }) => !knownFilters.includes(id));
      if (unknown)
        throw new UserError(
          `${where} is packed with the filter "${filterName(unknown)}"; deflate, shuffle, fletcher32, szip, nbit and ` +
            `scale-offset are read. h5repack -f NONE removes it.`,
        );
      const rest = shape.slice(1);
      const size = rest.reduce((product, length) => product * length, 1);
      // Whole chunks, or the library decodes a chunk again for every slice of it.
      const blockRows = Math.max(entity.metadata.chunks?.[0] ?? 0, leastBlockRows);
      return {
        rows: shape[0],
        shape: rest.length > 0 ? rest : [1],
        size,
        type: typeName(entity),
        read: readerOf(size, async (row) => {
          const from = row - (row % blockRows);
          const to = Math.min(shape[0], from + blockRows);
          const numbers = attempt(
            () => entity.slice([[from, to], ...rest.map((): [] => [])]),
            () => new UserError(`${where} is damaged between rows ${from} and ${to}.`),
          );
          return { from, to, numbers: toFloat32(numbersOf(numbers), { name: where, first: from, size }) };
        }),
      };
    },
    [Symbol.dispose]() {
      file.close();
    },
  };
}

/** Groups within groups that are looked into. */
const mostDepth = 8;

/** Paths of all arrays in a group, those of the groups in it among them. */
export function arraysIn(file: Hdf5File, group = "", depth = mostDepth): string[] {
  return file.keys(group).flatMap((name) => {
    const path = group === "" ? name : `${group}/${name}`;
    const kind = file.kind(path);
    if (kind === "group") return depth > 0 ? arraysIn(file, path, depth - 1) : [];
    return kind === undefined ? [] : [path];
  });
}

/** The library reports every failure as an error of its own; to a person only where it happened matters. */
function attempt<T>(action: () => T, failure: () => UserError): T {
  try {
    return action();
  } catch {
    throw failure();
  }
}

/** Integers, booleans (h5py's enumeration), and floats of 4 or 8 bytes. */
function isNumeric({ metadata }: Dataset): boolean {
  const { type, size } = metadata;
  return type === integerClass || type === enumClass || (type === floatClass && size >= 4);
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
