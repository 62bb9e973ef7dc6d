/**
 * @file diffusion_policy's replay buffers: a zarr folder with a table of steps, data/action, data/state, ..., and the ends of
 * episodes, meta/episode_ends.
 * Source: diffusion_policy (5ba07ac), common/replay_buffer.py. Symbols: N steps of all episodes.
 */
import { existsSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { type DataType, open, type Readable, root, type Array as ZarrArray } from "zarrita";
import { requireRoom, UserError } from "../../base/index.ts";
import { isHidden } from "../../platform/index.ts";
import { readerOf, type TypedColumn, toFloat32 } from "./column.ts";
import type { EpisodeSource, FormatOptions, ImportFormat, SourceDataset } from "./external-dataset.ts";
import {
  describeColumn,
  type FoundKeys,
  findKeys,
  missingParts,
  oneNumber,
  readEpisode,
  type TransitionColumns,
} from "./transitions.ts";
import { limitCodecs } from "./zarr-codecs.ts";

const endsKey = "meta/episode_ends";

/** Observations are all arrays in data that are not known to be something else, or those that are named. */
export const zarr: ImportFormat = {
  summary: "diffusion_policy: a zarr folder with meta/episode_ends",
  uses: ["observationKeys", "task", "keys"],
  looksLike: (path, isFolder) => (isFolder ? existsSync(join(path, endsKey)) : path.endsWith(".zarr.zip")),
  open: openZarr,
};

async function openZarr(path: string, options: FormatOptions): Promise<SourceDataset> {
  if (path.endsWith(".zip"))
    throw new UserError(`${path} is an archive: unpack it, and name the folder in it.`);
  const names = arrayNames(path);
  const keys = withoutOthers(names, options, path);
  const columns = await columnsOf(path, keys);
  const ends = await episodeEnds(path, columns.actions.rows);
  const missing: string[] = [];
  for (const key of [...Object.values(keys).flat()].filter((name) => name !== undefined))
    for (const chunk of missingChunks(path, `data/${key}`, await openColumn(path, `data/${key}`)))
      missing.push(chunk);
  const task = options.task ?? basename(path).replace(/\.zarr$/, "");
  return {
    description: {
      format: "diffusion_policy (zarr)",
      path,
      observation: columns.observations.map((column, i) => describeColumn(keys.observations[i], column)),
      action: describeColumn(keys.actions, columns.actions),
      tasks: [task],
      episodes: ends.length,
      steps: columns.actions.rows,
      fps: undefined,
      notes: [
        ...names
          .filter((name) => !Object.values(keys).flat().includes(name))
          .map((name) => `${name} is left out.`),
        ...missingParts(columns),
        ...missing,
      ],
    },
    async *sources(): AsyncGenerator<EpisodeSource> {
      const again = await columnsOf(path, keys);
      for (const [index, to] of ends.entries()) {
        const extent = { from: ends[index - 1] ?? 0, to, terminated: false };
        yield {
          name: `episode ${index} of ${path}`,
          read: (tell) => readEpisode(again, extent, task, tell),
        };
      }
    },
  };
}

/** Names of the arrays in data. */
function arrayNames(path: string): string[] {
  const folder = join(path, "data");
  if (!existsSync(folder)) throw new UserError(`${path} has no folder data.`);
  return readdirSync(folder)
    .filter((name) => !isHidden(name))
    .filter((name) => [".zarray", "zarr.json"].some((file) => existsSync(join(folder, name, file))))
    .sort();
}

/** As `findKeys`; observations are by default all arrays that have no other role. */
function withoutOthers(names: readonly string[], options: FormatOptions, path: string): FoundKeys {
  const { observations: _, ...others } = findKeys(names, { ...options, observationKeys: [] }, path);
  const taken = Object.values(others).flat();
  const rest = names.filter((name) => !taken.includes(name));
  const { observationKeys = rest } = options;
  if (observationKeys.length === 0)
    throw new UserError(`${path} has no observations beside ${names.join(", ")}.`);
  return findKeys(names, { ...options, observationKeys }, path);
}

async function columnsOf(path: string, keys: FoundKeys): Promise<TransitionColumns> {
  const actions = await openColumn(path, `data/${keys.actions}`);
  const column = async (name: string) => {
    const found = await openColumn(path, `data/${name}`);
    if (found.rows === actions.rows) return found;
    throw new UserError(
      `Unequal lengths in ${path}: ${actions.rows} ${keys.actions}, ${found.rows} ${name}.`,
    );
  };
  const optional = async (name: string | undefined) =>
    name === undefined ? undefined : oneNumber(await column(name), name, path);
  return {
    observations: await Promise.all(keys.observations.map(column)),
    actions,
    rewards: await optional(keys.rewards),
    terminals: undefined,
    timeouts: undefined,
    successes: await optional(keys.successes),
    nextObservations: await Promise.all(keys.nextObservations.map(column)),
  };
}

/** Step after the last of each episode. Throws UserError unless they rise to N. */
async function episodeEnds(path: string, steps: number): Promise<readonly number[]> {
  const column = oneNumber(await openColumn(path, endsKey), endsKey, path);
  const ends = [...(await column.read(0, column.rows))];
  const wrong = ends.findIndex((end, i) => end <= (ends[i - 1] ?? 0));
  if (wrong >= 0)
    throw new UserError(`${endsKey} of ${path} does not rise: ${ends[wrong]} is number ${wrong}.`);
  if (ends.at(-1) !== steps)
    throw new UserError(`${endsKey} of ${path} ends at step ${ends.at(-1) ?? 0}; the data have ${steps}.`);
  return ends;
}

interface ChunkedColumn extends TypedColumn {
  /** Rows of a chunk. */
  readonly chunkRows: number;
  /** Number of axes, rows among them. */
  readonly axes: number;
}

/** Bytes of a chunk that is unpacked, and of what is known of each. */
const mostChunkBytes = 2 ** 30;
const chunkFacts = 100;

/** An array as rows along its first axis, a chunk at a time. Throws UserError if it is missing, or not read as numbers. */
async function openColumn(path: string, key: string): Promise<ChunkedColumn> {
  limitCodecs();
  const where = `${key} in ${path}`;
  const limits = { chunkBytes: 0 };
  const store = storeOf(path, (await packsWithBlosc(path, key)) ? limits : undefined);
  const array = await open(root(store).resolve(key), { kind: "array" }).catch(() => {
    throw new UserError(`${where} is missing or damaged: its description cannot be read.`);
  });
  const { shape, chunks, dtype } = array;
  if (!/^((u?int|float)\d+|bool)$/.test(dtype)) throw new UserError(`${where} holds ${dtype}, no numbers.`);
  const product = (lengths: readonly number[]) => lengths.reduce((all, length) => all * length, 1);
  const isWhole = (length: number) => Number.isSafeInteger(length) && length > 0;
  if (![shape, chunks].every((axes: unknown) => Array.isArray(axes) && axes.every(isWhole)))
    throw new UserError(`${where} is damaged: its shape and its chunks are no lists of whole numbers.`);
  if (chunks.length !== shape.length)
    throw new UserError(`${where} is damaged: it has ${shape.length} axes, its chunks ${chunks.length}.`);
  limits.chunkBytes = product(chunks) * (dtype === "bool" ? 1 : Number(/\d+$/.exec(dtype)?.[0]) / 8);
  requireRoom(`A chunk of ${where}`, limits.chunkBytes, mostChunkBytes);
  requireRoom(`The list of chunks of ${where}`, chunkFacts * (shape[0] / chunks[0]));
  const rest = shape.slice(1);
  if (shape.length === 0 || rest.some((length, i) => chunks[i + 1] < length))
    throw new UserError(`${where} is cut into chunks across its rows; save it with whole rows in a chunk.`);
  const size = rest.reduce((product, length) => product * length, 1);
  return {
    rows: shape[0],
    shape: rest.length > 0 ? rest : [1],
    size,
    type: dtype,
    chunkRows: chunks[0],
    axes: shape.length,
    read: readerOf(size, async (row) => {
      const chunk = Math.floor(row / chunks[0]);
      const from = chunk * chunks[0];
      const to = Math.min(shape[0], from + chunks[0]);
      const numbers = await readChunk(array, chunk, where);
      return {
        from,
        to,
        numbers: toFloat32(numbers.slice(0, (to - from) * size), { name: where, first: from, size }),
      };
    }),
  };
}

type Numbers = Float64Array | BigInt64Array;

/** The numbers of a chunk, row by row. */
async function readChunk(
  array: ZarrArray<DataType, Readable>,
  chunk: number,
  where: string,
): Promise<Numbers> {
  const damaged = () => new UserError(`${where} is damaged: its chunk ${chunk} cannot be read.`);
  const rest = array.shape.slice(1);
  const read = await array.getChunk([chunk, ...rest.map(() => 0)]).catch(() => {
    throw damaged();
  });
  const { data, shape, stride } = read as { data: Numbers; shape: number[]; stride: number[] };
  const count = shape.reduce((product, length) => product * length, 1);
  const numbers = ArrayBuffer.isView(data) ? data : Float64Array.from(data as Iterable<number>, Number);
  if (numbers.length !== count) throw damaged();
  const rowMajor = stride.every((step, i) => step === shape.slice(i + 1).reduce((a, b) => a * b, 1));
  if (!rowMajor || rest.some((length, i) => shape[i + 1] !== length))
    throw new UserError(`${where} is not stored row by row; save it in C order, whole rows in a chunk.`);
  return numbers as Numbers;
}

/**
 * Files of a folder by key. blosc: of chunks that are packed with Blosc, whose decoder makes up what a torn one lacks and
 * believes what it says of its size; both lengths that a header tells are checked. Source: c-blosc 1.21,
 * README_CHUNK_FORMAT.rst.
 */
function storeOf(folder: string, blosc?: { readonly chunkBytes: number }): Readable {
  return {
    async get(key) {
      const bytes = await readFile(join(folder, key)).catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return undefined;
        throw error;
      });
      const isChunk = !/(^|\/)(\.z\w+|zarr\.json)$/.test(key);
      if (blosc && isChunk && bytes) {
        const isWhole = bytes.length >= 16 && bytes.readUInt32LE(12) === bytes.length;
        if (!isWhole || bytes.readUInt32LE(4) !== blosc.chunkBytes)
          throw new UserError(`${join(folder, key)} is torn.`);
      }
      return bytes;
    },
  };
}

/** True if an array's description names Blosc. */
async function packsWithBlosc(path: string, key: string): Promise<boolean> {
  for (const name of [".zarray", "zarr.json"]) {
    const text = await readFile(join(path, key, name), "utf8").catch(() => "");
    if (/"(id|name)":\s*"blosc"/.test(text)) return true;
  }
  return false;
}

/** Sentence about chunks that are not there, for which zarr puts one number everywhere; none if all are. */
function missingChunks(path: string, key: string, { rows, chunkRows, axes }: ChunkedColumn): string[] {
  const folder = join(path, key);
  const count = Math.ceil(rows / chunkRows);
  const isThere = (chunk: number) =>
    [".", "/"].some((separator) => {
      const name = [chunk, ...Array(axes - 1).fill(0)].join(separator);
      return existsSync(join(folder, name)) || existsSync(join(folder, "c", name));
    });
  const missing = Array.from({ length: count }, (_, chunk) => chunk).filter((chunk) => !isThere(chunk));
  return missing.length === 0
    ? []
    : [
        `${missing.length} of ${count} chunks of ${key} are not there, the first from row ${missing[0] * chunkRows} on: ` +
          "zarr leaves out those of one number, which stands in for them.",
      ];
}
