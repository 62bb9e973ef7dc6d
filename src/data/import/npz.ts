/**
 * @file numpy's .npz files: episodes as a table of steps, as stacked arrays of equal length, or one file per episode.
 * Symbols: N steps of all episodes, E episodes, T steps of one, O observation size, A action size.
 *
 * A file with actions (N, A) is a table; its flags, or a length given by the caller, say where episodes end. One with
 * actions (E, T, A), or rewards (E, T), holds episodes of T steps. A folder of numbered files, `{0..1999}.npz`, in one folder
 * per task, is how MTDiff and HarmoDT lay out Meta-World's replay buffers: each file is one episode, in order of collection.
 */
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { UserError } from "../../base/index.ts";
import { isHidden } from "../../platform/index.ts";
import type { Episode } from "../episodes/index.ts";
import { knownFlags, type TypedColumn } from "./column.ts";
import type {
  DatasetDescription,
  FormatOptions,
  ImportFormat,
  SourceDataset,
  Tell,
} from "./external-dataset.ts";
import { type NpyArray, openNpy } from "./npy.ts";
import {
  asDescribed,
  describeColumn,
  endNotes,
  type FoundKeys,
  findKeys,
  missingParts,
  oneNumber,
  readEpisode,
  type TransitionColumns,
  transitionEpisodes,
  trueEnd,
} from "./transitions.ts";
import { zipEntries } from "./zip-file.ts";

/** The task is the file's name, or what is named; arrays have the usual names, or those that are named. */
export const npz: ImportFormat = {
  summary: "numpy: a file .npz, a table of steps or stacked episodes",
  uses: ["observationKeys", "task", "keys", "episodeSteps"],
  looksLike: (path, isFolder) => !isFolder && path.endsWith(".npz"),
  open: openNpz,
};

/** As `npz`; of one folder the task may be named. */
export const episodeFiles: ImportFormat = {
  summary:
    "MTDiff and HarmoDT: a folder of files 0.npz, 1.npz, ..., an episode each, or a folder of them per task",
  uses: ["observationKeys", "task", "keys"],
  looksLike: (path, isFolder) => isFolder && episodeFolders(path).length > 0,
  open: openEpisodeFiles,
};

async function openNpz(path: string, options: FormatOptions): Promise<SourceDataset> {
  await using arrays = await openArrays(path, options);
  const { columns, keys, stackedSteps } = arrays;
  const length = { most: options.episodeSteps, each: stackedSteps };
  if (stackedSteps !== undefined && options.episodeSteps !== undefined)
    throw new UserError(
      `${path} holds episodes of ${stackedSteps} steps each: --episode_steps has no use here.`,
    );
  const ends = await endNotes(columns, length, path);
  const task = options.task ?? basename(path, ".npz");
  const steps = columns.actions.rows;
  return {
    description: {
      ...describe("npz", path, keys, columns),
      tasks: [task],
      episodes: stackedSteps && steps / stackedSteps,
      steps,
      notes: [...missingParts(columns), ...ends],
    },
    async *sources() {
      await using again = await openArrays(path, options);
      yield* transitionEpisodes(again.columns, task, path, length);
    },
  };
}

async function openEpisodeFiles(folder: string, options: FormatOptions): Promise<SourceDataset> {
  const folders = episodeFolders(folder);
  if (folders.length === 0) throw new UserError(`${folder} holds no files 0.npz, 1.npz, ...`);
  if (folders.length > 1 && options.task !== undefined)
    throw new UserError(
      `${folder} has a folder for each of ${folders.length} tasks, whose names are theirs: --task has no use here.`,
    );
  const taskOf = (path: string) => options.task ?? basename(path);
  await using arrays = await openArrays(join(folders[0], episodeNames(folders[0])[0]), options);
  const description = {
    ...describe("one .npz file per episode", folder, arrays.keys, arrays.columns),
    tasks: folders.map(taskOf),
    episodes: folders.reduce((sum, path) => sum + episodeNames(path).length, 0),
    steps: undefined,
  };
  return {
    description,
    async *sources() {
      for (const path of folders)
        for (const name of episodeNames(path)) {
          const file = join(path, name);
          yield { name: file, read: (tell) => readFile(file, options, taskOf(path), description, tell) };
        }
    },
  };
}

/** `folder` itself, or the folders in it, that hold numbered files. */
function episodeFolders(folder: string): string[] {
  if (episodeNames(folder).length > 0) return [folder];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !isHidden(entry.name))
    .map((entry) => join(folder, entry.name))
    .filter((path) => episodeNames(path).length > 0)
    .sort();
}

/** Names of the numbered files in `folder`, in order of their numbers, which is that of their collection. */
function episodeNames(folder: string): string[] {
  const numberOf = (name: string) => /^(\d+)\.npz$/.exec(name)?.[1];
  return readdirSync(folder)
    .filter((name) => numberOf(name) !== undefined)
    .sort((a, b) => Number(numberOf(a)) - Number(numberOf(b)) || a.length - b.length);
}

/**
 * A file's episode. What `terminals` say of its last step counts; MTDiff's `dones` also mark a time limit, and do not.
 * described: the set, by its first file
 */
async function readFile(
  path: string,
  options: FormatOptions,
  task: string,
  described: DatasetDescription,
  tell: Tell,
): Promise<Episode> {
  await using arrays = await openArrays(path, options);
  const { columns, stackedSteps } = arrays;
  if (stackedSteps !== undefined) throw new UserError(`Expected one episode, got stacked arrays of several.`);
  for (const [i, column] of columns.observations.entries()) asDescribed(column, described.observation[i]);
  asDescribed(columns.actions, described.action);
  for (const note of missingParts(columns)) if (!described.notes.includes(note)) tell(note);
  const steps = columns.actions.rows;
  const terminals = columns.terminals && knownFlags(await columns.terminals.read(0, steps), trueEnd);
  const early = terminals?.indexOf(1) ?? -1;
  if (early >= 0 && early < steps - 1)
    tell("It goes on after a step that it calls its true end: only what is said of its last step counts.");
  const extent = { from: 0, to: steps, terminated: terminals?.[steps - 1] === 1 };
  return await readEpisode(columns, extent, task, tell);
}

/** A file's arrays, until disposed. */
interface OpenArrays extends AsyncDisposable {
  readonly columns: TransitionColumns;
  readonly keys: FoundKeys;
  /** T of actions (E, T, A). */
  readonly stackedSteps: number | undefined;
}

/** Opens the arrays of a file, each a stream of its own. */
async function openArrays(path: string, options: FormatOptions): Promise<OpenArrays> {
  const entries = new Map(
    (await zipEntries(path))
      .filter(({ name }) => name.endsWith(".npy") && !name.split("/").some(isHidden))
      .map((entry) => [entry.name.slice(0, -".npy".length), entry]),
  );
  const keys = findKeys([...entries.keys()], options, path);
  const opened: NpyArray[] = [];
  const close = async () => {
    await Promise.all(opened.map((array) => array.close()));
  };
  const open = async (key: string): Promise<NpyArray> => {
    const entry = entries.get(key);
    if (entry === undefined) throw new Error(`${key} is not among the arrays it was found in.`);
    const array = await openNpy(entry.content(), `${key} in ${path}`, entry.bytes);
    opened.push(array);
    return array;
  };
  try {
    return { ...(await columnsOf(open, keys, path)), keys, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** open: opens the array of a name */
async function columnsOf(
  open: (key: string) => Promise<NpyArray>,
  keys: FoundKeys,
  path: string,
): Promise<Pick<OpenArrays, "columns" | "stackedSteps">> {
  const observations = await Promise.all(keys.observations.map(open));
  const actions = await open(keys.actions);
  const rewards = keys.rewards === undefined ? undefined : await open(keys.rewards);
  const stacked = actions.shape.length > 2 || (rewards?.shape.length === 2 && rewards.shape[1] > 1);
  const axes = stacked ? 2 : 1;
  const { rows } = actions.column(axes);
  const columnOf = (array: NpyArray, key: string): TypedColumn => {
    const column = array.column(axes);
    if (column.rows === rows) return column;
    throw new UserError(`Unequal lengths in ${path}: ${rows} ${keys.actions}, ${column.rows} ${key}.`);
  };
  const column = async (key: string) => columnOf(await open(key), key);
  const optional = async (key: string | undefined) =>
    key === undefined ? undefined : oneNumber(await column(key), key, path);
  return {
    stackedSteps: stacked ? actions.shape[1] : undefined,
    columns: {
      observations: observations.map((array, i) => columnOf(array, keys.observations[i])),
      actions: columnOf(actions, keys.actions),
      rewards: rewards && oneNumber(columnOf(rewards, keys.rewards ?? ""), keys.rewards ?? "", path),
      terminals: await optional(keys.terminals),
      timeouts: await optional(keys.timeouts),
      successes: await optional(keys.successes),
      nextObservations: await Promise.all(keys.nextObservations.map(column)),
    },
  };
}

function describe(
  format: string,
  path: string,
  keys: FoundKeys,
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
