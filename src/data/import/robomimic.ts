/**
 * @file robomimic's HDF5 files: a group per demonstration, data/demo_0, ..., with observations by name.
 * Source: robomimic 0.5, docs/datasets/overview.md and utils/dataset.py. Differs: masks, which name some of the
 * demonstrations, are left out; dones are true ends, though a file may have them at a time limit, too.
 */
import { basename } from "node:path";
import { z } from "zod";
import { UserError } from "../../base/index.ts";
import type { Episode } from "../episodes/index.ts";
import { knownFlags, type TypedColumn } from "./column.ts";
import type {
  DatasetDescription,
  FormatOptions,
  ImportFormat,
  SourceDataset,
  Tell,
} from "./external-dataset.ts";
import { arraysIn, type Hdf5File, openHdf5 } from "./hdf5.ts";
import { parseJson } from "./python-json.ts";
import {
  asDescribed,
  describeColumn,
  type FoundKeys,
  findKeys,
  missingParts,
  oneNumber,
  readEpisode,
  trueEnd,
} from "./transitions.ts";

/** Observations are all in the group obs, or those that are named; the task is the environment's name, or what is named. */
export const robomimic: ImportFormat = {
  summary: "robomimic: a file .hdf5 with demonstrations data/demo_0, ...",
  uses: ["observationKeys", "task", "keys"],
  looksLike: (path, isFolder) => !isFolder && isDemonstrations(path),
  open: openRobomimic,
};

/** True for an HDF5 file with a group of demonstrations; false for one that cannot be read. */
export async function isDemonstrations(path: string): Promise<boolean> {
  if (!/\.(hdf5|h5)$/.test(path)) return false;
  try {
    using file = await openHdf5(path);
    return demonstrations(file).length > 0;
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}

async function openRobomimic(path: string, options: FormatOptions): Promise<SourceDataset> {
  using file = await openHdf5(path);
  const names = demonstrations(file);
  if (names.length === 0) throw new UserError(`${path} has no demonstrations data/demo_0, ...`);
  const keys = keysOf(file, names[0], options, path);
  const column = (key: string) => file.column(`${names[0]}/${key}`);
  const notes = missingParts({
    rewards: keys.rewards,
    successes: keys.successes,
    nextObservations: keys.nextObservations,
  });
  if (file.kind("mask") === "group") notes.push("mask is left out: all demonstrations are read.");
  const task = options.task ?? environmentName(file) ?? basename(path).replace(/\.(hdf5|h5)$/, "");
  const description: DatasetDescription = {
    format: "robomimic (HDF5)",
    path,
    observation: keys.observations.map((key) => describeColumn(key, column(key))),
    action: describeColumn(keys.actions, column(keys.actions)),
    tasks: [task],
    episodes: names.length,
    steps: names.reduce((sum, name) => sum + file.column(`${name}/${keys.actions}`).rows, 0),
    fps: undefined,
    notes,
  };
  return {
    description,
    async *sources() {
      using again = await openHdf5(path);
      for (const group of names)
        yield {
          name: `${group} of ${path}`,
          read: (tell) => readDemonstration(again, group, options, description, tell),
        };
    },
  };
}

/** Groups of demonstrations, in order of their numbers. */
function demonstrations(file: Hdf5File): string[] {
  const number = (name: string) => Number(/^demo_?(\d+)$/.exec(name)?.[1] ?? Number.NaN);
  return file
    .keys("data")
    .filter((name) => !Number.isNaN(number(name)))
    .sort((a, b) => number(a) - number(b))
    .map((name) => `data/${name}`);
}

/** Names of a demonstration's arrays, within its group. */
function keysOf(file: Hdf5File, group: string, options: FormatOptions, path: string): FoundKeys {
  const names = arraysIn(file, group).map((name) => name.slice(group.length + 1));
  const inGroup = (name: string) => (names.includes(name) ? name : `obs/${name}`);
  const { observationKeys = names.filter((name) => name.startsWith("obs/")), keys } = options;
  if (observationKeys.length === 0)
    throw new UserError(
      `${path} has no observations (${group}/obs), only states: robomimic makes them with dataset_states_to_obs.py.`,
    );
  const terminals = keys?.terminals ?? (names.includes("dones") ? "dones" : undefined);
  return findKeys(
    names,
    {
      observationKeys: observationKeys.map(inGroup),
      keys: { ...keys, ...(terminals !== undefined && { terminals }) },
    },
    `${group} of ${path}`,
  );
}

async function readDemonstration(
  file: Hdf5File,
  group: string,
  options: FormatOptions,
  described: DatasetDescription,
  tell: Tell,
): Promise<Episode> {
  const keys = keysOf(file, group, options, described.path);
  const actions = asDescribed(file.column(`${group}/${keys.actions}`), described.action);
  const steps = actions.rows;
  const column = (key: string): TypedColumn => {
    const found = file.column(`${group}/${key}`);
    if (found.rows === steps) return found;
    throw new UserError(`Unequal lengths: ${steps} actions, ${found.rows} ${key}.`);
  };
  const optional = (key: string | undefined) =>
    key === undefined ? undefined : oneNumber(column(key), key, group);
  const columns = {
    observations: described.observation.map((each) => asDescribed(column(each.key), each)),
    actions,
    rewards: optional(keys.rewards),
    terminals: optional(keys.terminals),
    timeouts: undefined,
    successes: optional(keys.successes),
    nextObservations: keys.nextObservations.map(column),
  };
  for (const note of missingParts(columns)) if (!described.notes.includes(note)) tell(note);
  const dones = columns.terminals && knownFlags(await columns.terminals.read(0, steps), trueEnd);
  if (dones?.subarray(0, -1).includes(1))
    tell("It goes on after a step that it calls its true end: only what is said of its last step counts.");
  const extent = { from: 0, to: steps, terminated: dones?.[steps - 1] === 1 };
  return readEpisode(columns, extent, described.tasks[0], tell);
}

/** The name in data's `env_args`, a string of JSON. */
function environmentName(file: Hdf5File): string | undefined {
  const text = file.attribute("data", "env_args");
  if (typeof text !== "string") return undefined;
  try {
    return z.object({ env_name: z.string().min(1) }).safeParse(parseJson(text, "env_args")).data?.env_name;
  } catch {
    return undefined; // no JSON: the file's name stands in for it
  }
}
