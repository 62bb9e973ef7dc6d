/**
 * @file Columns of a data set on disk, by steps: in memory where they are small, else read when they are asked for.
 * Symbols: D numbers of a row, N steps of the episodes that are read at once.
 */
import { type Space, type Spaces, sizeOfSpace, UserError } from "../base/index.ts";
import type { Dataset } from "./dataset.ts";
import type { Readers, ReadSteps, StoredColumn } from "./episodes/index.ts";
import { partPlaces } from "./episodes/index.ts";
import { readBytes } from "./shard.ts";
import { columnOfPart, finalColumnOf } from "./shard-columns.ts";

/** A column of a shard's file that holds a part, or all, of what is asked for. */
interface FileColumn {
  readonly name: string;
  /** True: a row per step. False: a row per episode. */
  readonly perStep: boolean;
  readonly type: typeof Float32Array | typeof Uint8Array;
  /** Numbers per row, and where they lie in the row of D that is asked for. */
  readonly size: number;
  readonly offset: number;
  /** D */
  readonly stride: number;
}

export interface ReadOptions {
  /** Columns that take less are read at once. */
  readonly memoryBytes: number;
  /** True: a number that is not finite is an error. */
  readonly checked: boolean;
}

/** Readers of some columns of a data set, and of nothing else. See `EpisodeStore.readers`. */
export function readersOf(
  dataset: Dataset,
  columns: readonly StoredColumn[],
  episodes: Uint32Array,
  { memoryBytes, checked }: ReadOptions,
): Readers {
  const files = columns.map((column) => ({ column, parts: fileColumns(dataset.spaces, column) }));
  const steps = episodes.reduce((sum, i) => sum + dataset.places.steps[i], 0);
  const bytes = files
    .flatMap(({ parts }) => parts)
    .reduce(
      (sum, { perStep, size, type }) =>
        sum + (perStep ? steps : episodes.length) * size * type.BYTES_PER_ELEMENT,
      0,
    );
  const open = bytes < memoryBytes ? fromMemory : fromDisk;
  return Object.fromEntries(
    files.map(({ column, parts }) => {
      const reads = parts.map((part) => open(dataset, part, rowReader(dataset, part, checked), episodes));
      if (reads.length === 1) return [column, reads[0]];
      const read: ReadSteps = (i, from, count, out, at) => {
        for (const each of reads) each(i, from, count, out, at);
      };
      return [column, read];
    }),
  );
}

/** Columns of a shard that a stored column consists of. */
function fileColumns(spaces: Spaces, column: StoredColumn): FileColumn[] {
  const single = { perStep: true, size: 1, offset: 0, stride: 1 };
  switch (column) {
    case "observation":
      return ofParts(spaces.observation, (part) => columnOfPart("observation", part), true);
    case "finalObservation":
      return ofParts(spaces.observation, finalColumnOf, false);
    case "action":
      return ofParts(spaces.action, (part) => columnOfPart("action", part), true);
    case "reward":
      return [{ ...single, name: "next.reward", type: Float32Array }];
    case "success":
      return [{ ...single, name: "next.success", type: Uint8Array }];
  }
}

/** A column for each part of a space. */
function ofParts(space: Space, nameOf: (part: string) => string, perStep: boolean): FileColumn[] {
  return partPlaces(space).map(({ name, part, size, offset }) => ({
    name: nameOf(name),
    perStep,
    type: part.dtype === "uint8" ? Uint8Array : Float32Array,
    size,
    offset,
    stride: sizeOfSpace(space),
  }));
}

/** The chosen episodes' rows of a column, read at once; nothing else is kept. */
function fromMemory(
  dataset: Dataset,
  { size, offset, stride, perStep, type }: FileColumn,
  read: ReadRows,
  episodes: Uint32Array,
): ReadSteps {
  const first = new Uint32Array(dataset.episodes); // row of each episode
  let rows = 0;
  for (const i of episodes) {
    first[i] = rows;
    rows += perStep ? dataset.places.steps[i] : 1;
  }
  const numbers = new type(rows * size);
  for (let at = 0; at < episodes.length; at++) {
    const i = episodes[at];
    const end = at + 1 < episodes.length ? first[episodes[at + 1]] : rows;
    read(i, 0, end - first[i], numbers, first[i] * size);
  }
  return (i, from, count, out, at) =>
    copyRows(numbers, first[i] + from, count, size, out, at + offset, stride);
}

/** A read per call; straight into what is to be filled, where a column is all of it. */
function fromDisk(_: Dataset, { size, offset, stride, type }: FileColumn, read: ReadRows): ReadSteps {
  if (size === stride && type === Float32Array) return read;
  let rows = new type(0);
  return (i, from, count, out, at) => {
    if (rows.length < count * size) rows = new type(count * size);
    read(i, from, count, rows, 0);
    copyRows(rows, 0, count, size, out, at + offset, stride);
  };
}

/** Copies `count` rows of `size` numbers, from row `from` on, to every `stride`-th number of `out` from `at` on. */
function copyRows(
  rows: Float32Array | Uint8Array,
  from: number,
  count: number,
  size: number,
  out: Float32Array,
  at: number,
  stride: number,
): void {
  let i = from * size;
  for (let row = 0; row < count; row++, at += stride - size)
    for (const end = i + size; i < end; ) out[at++] = rows[i++];
}

/** Fills `count` rows of `rows` from number `at` on with those of a column from step `from` of an episode on. */
type ReadRows = (
  episode: number,
  from: number,
  count: number,
  rows: Float32Array | Uint8Array,
  at: number,
) => void;

/** All that a sampler knows of a data set: where some columns of its episodes lie. */
function rowReader(
  { folder, shards, places, verification }: Dataset,
  { name, perStep, size, type }: FileColumn,
  checked: boolean,
): ReadRows {
  const files = shards.map(({ file }) => file);
  const begins = shards.map(({ begin }) => begin[name]);
  const paths = shards.map(({ path }) => path);
  const { shard, number } = places;
  const first = perStep ? places.row : places.local;
  const { BYTES_PER_ELEMENT: width } = type;
  let memory: Uint8Array = new Uint8Array(0); // of the array that was filled last: a view for each row would cost more than the check
  return (i, from, count, rows, at) => {
    verification.requireNoFault();
    const own = shard[i];
    if (memory.buffer !== rows.buffer) memory = new Uint8Array(rows.buffer);
    const begin = begins[own] + width * size * (first[i] + from);
    readBytes(files[own], memory, begin, rows.byteOffset + width * at, width * size * count);
    if (checked && width > 1 && !allFinite(rows, at, at + size * count))
      throw new UserError(
        `${paths[own]} holds a number that is not finite in episode ${number[i]}. ` +
          `To use the rest, run sodp data check ${folder} --quarantine.`,
      );
  };
}

function allFinite(numbers: Float32Array | Uint8Array, begin: number, end: number): boolean {
  for (let i = begin; i < end; i++) if (!Number.isFinite(numbers[i])) return false;
  return true;
}
