/**
 * @file numpy's .npz files: episodes as a table of steps, as stacked arrays of equal length, or one file per episode.
 * Symbols: N steps of all episodes, E episodes, T steps of one, O observation size, A action size.
 *
 * A file with observations (N, O) is a table; its flags, or a length given by the caller, say where episodes end. One
 * with observations (E, T, O) holds episodes of T steps. A folder of numbered files, `{0..1999}.npz`, in one folder per
 * task, is how MTDiff and HarmoDT lay out Meta-World's replay buffers: each file is one episode, in order of collection.
 */
import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { UserError } from "../../base/index.ts";
import type { Episode } from "../episodes/index.ts";
import { flags, type TypedColumn } from "./column.ts";
import type { DatasetDescription, FormatOptions, ImportFormat, SourceDataset } from "./external-dataset.ts";
import { type NpyArray, openNpy } from "./npy.ts";
import {
  describeColumn,
  missingParts,
  readEpisode,
  type TransitionColumns,
  type TransitionKeys,
  transitionEpisodes,
} from "./transitions.ts";
import { zipEntries } from "./zip-file.ts";

const defaultKeys: TransitionKeys = {
  observations: ["observations"],
  actions: "actions",
  rewards: "rewards",
  terminals: "terminals",
  timeouts: "timeouts",
  successes: "successes",
  nextObservations: ["next_observations"],
};

/** The task is the file's name, or what is named; arrays have the usual names, or those that are named. */
export const npz: ImportFormat = {
  summary: "numpy: a file .npz, a table of steps or stacked episodes",
  looksLike: (path, isFolder) => !isFolder && path.endsWith(".npz"),
  open: openNpz,
};

/** As `npz`; of one folder the task may be named. */
export const episodeFiles: ImportFormat = {
  summary:
    "MTDiff and HarmoDT: a folder of files 0.npz, 1.npz, ..., an episode each, or a folder of them per task",
  looksLike: (path, isFolder) => isFolder && episodeFolders(path).length > 0,
  open: openEpisodeFiles,
};

async function openNpz(path: string, options: FormatOptions): Promise<SourceDataset> {
  const keys = { ...defaultKeys, ...options.keys };
  await using arrays = await openArrays(path, keys);
  const { columns, stackedSteps } = arrays;
  const episodeSteps = stackedSteps ?? options.episodeSteps;
  if (!columns.terminals && !columns.timeouts && episodeSteps === undefined)
    throw new UserError(
      `${path} has neither ${keys.terminals} nor ${keys.timeouts}: nothing says where an episode ends. ` +
        `Name the arrays that do, or say how many steps an episode has.`,
    );
  const task = options.task ?? basename(path, ".npz");
  const steps = columns.actions.rows;
  return {
    description: {
      ...describe("npz", path, keys, columns),
      tasks: [task],
      episodes: stackedSteps && steps / stackedSteps,
      steps,
    },
    async *sources() {
      await using again = await openArrays(path, keys);
      yield* transitionEpisodes(again.columns, task, path, episodeSteps);
    },
  };
}

async function openEpisodeFiles(folder: string, options: FormatOptions): Promise<SourceDataset> {
  const keys = { ...defaultKeys, ...options.keys };
  const folders = episodeFolders(folder);
  if (folders.length === 0) throw new UserError(`${folder} holds no files 0.npz, 1.npz, ...`);
  const taskOf = (path: string) => (folders.length === 1 && options.task) || basename(path);
  await using arrays = await openArrays(join(folders[0], `${episodeNumbers(folders[0])[0]}.npz`), keys);
  const { columns } = arrays;
  return {
    description: {
      ...describe("one .npz file per episode", folder, keys, columns),
      tasks: folders.map(taskOf),
      episodes: folders.reduce((sum, path) => sum + episodeNumbers(path).length, 0),
      steps: undefined,
    },
    async *sources() {
      for (const path of folders)
        for (const number of episodeNumbers(path)) {
          const file = join(path, `${number}.npz`);
          yield { name: file, read: () => readFile(file, keys, taskOf(path)) };
        }
    },
  };
}

/** `folder` itself, or the folders in it, that hold numbered files. */
function episodeFolders(folder: string): string[] {
  if (episodeNumbers(folder).length > 0) return [folder];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(folder, entry.name))
    .filter((path) => episodeNumbers(path).length > 0)
    .sort();
}

/** Of the files in `folder`, which is the order in which they were collected. */
function episodeNumbers(folder: string): number[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .flatMap((name) => /^(\d+)\.npz$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

/** A file's episode. What `terminals` say of its last step counts; MTDiff's `dones` also mark a time limit, and do not. */
async function readFile(path: string, keys: TransitionKeys, task: string): Promise<Episode> {
  await using arrays = await openArrays(path, keys);
  const { columns } = arrays;
  const steps = columns.actions.rows;
  const terminals = columns.terminals && flags(await columns.terminals.read(0, steps));
  return await readEpisode(columns, { from: 0, to: steps, terminated: terminals?.[steps - 1] === 1 }, task);
}

/** A file's arrays, until disposed. */
interface OpenArrays extends AsyncDisposable {
  readonly columns: TransitionColumns;
  /** T of observations (E, T, O). */
  readonly stackedSteps: number | undefined;
}

/** Opens the arrays of a file, each a stream of its own. */
async function openArrays(path: string, keys: TransitionKeys): Promise<OpenArrays> {
  const entries = await zipEntries(path);
  const opened: NpyArray[] = [];
  const close = async () => {
    await Promise.all(opened.map((array) => array.close()));
  };
  const open = async (key: string): Promise<NpyArray | undefined> => {
    const entry = entries.find(({ name }) => name === `${key}.npy`);
    if (!entry) return undefined;
    const array = await openNpy(entry.content(), `${key} in ${path}`);
    opened.push(array);
    return array;
  };
  try {
    return {
      ...(await columnsOf(
        open,
        keys,
        path,
        entries.map(({ name }) => basename(name, ".npy")),
      )),
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** open: opens the array of a name, if there is one. known: names of arrays */
async function columnsOf(
  open: (key: string) => Promise<NpyArray | undefined>,
  keys: TransitionKeys,
  path: string,
  known: readonly string[],
): Promise<Pick<OpenArrays, "columns" | "stackedSteps">> {
  const needed = async (key: string) => {
    const array = await open(key);
    if (array) return array;
    throw new UserError(`${path} has no array "${key}". It has: ${known.join(", ")}.`);
  };
  const rowsOf = ({ shape }: NpyArray, stacked: boolean) => (stacked ? shape[0] * shape[1] : shape[0]);
  const observations = await Promise.all(keys.observations.map(needed));
  const [{ shape }] = observations;
  const stacked = shape.length === 3;
  const rows = rowsOf(observations[0], stacked);
  const column = (array: NpyArray, key: string): TypedColumn => {
    const own = rowsOf(array, stacked);
    if (own === rows) return array.column(rows);
    throw new UserError(`Unequal lengths in ${path}: ${rows} ${keys.observations[0]}, ${own} ${key}.`);
  };
  const optional = async (key: string) => {
    const array = await open(key);
    return array && column(array, key);
  };
  const next = await Promise.all(keys.nextObservations.map(optional));
  return {
    stackedSteps: stacked ? shape[1] : undefined,
    columns: {
      observations: observations.map((array, i) => column(array, keys.observations[i])),
      actions: column(await needed(keys.actions), keys.actions),
      rewards: await optional(keys.rewards),
      terminals: await optional(keys.terminals),
      timeouts: await optional(keys.timeouts),
      successes: await optional(keys.successes),
      nextObservations: next.every((found) => found !== undefined) ? next : [],
    },
  };
}

function describe(
  format: string,
  path: string,
  keys: TransitionKeys,
  columns: TransitionColumns,
): Omit<DatasetDescription, "tasks" | "episodes" | "steps"> {
  return {
    format,
    path,
    observation: columns.observations.map((column, i) => describeColumn(keys.observations[i], column)),
    action: describeColumn(keys.actions, columns.actions),
    fps: undefined,
    notes: missingParts(columns),
  };
}
