/**
 * @file D4RL's HDF5 files: one table of steps over all episodes. `terminals` are true ends, `timeouts` cuts.
 * Source: D4RL (d842aa1), d4rl/__init__.py and offline_env.py.
 */
import { basename } from "node:path";
import { UserError } from "../../base/index.ts";
import type { FormatOptions, ImportFormat, SourceDataset } from "./external-dataset.ts";
import { arraysIn, type Hdf5File, openHdf5 } from "./hdf5.ts";
import { isDemonstrations } from "./robomimic.ts";
import {
  describeColumn,
  endNotes,
  type FoundKeys,
  findKeys,
  missingParts,
  oneNumber,
  type TransitionColumns,
  transitionEpisodes,
} from "./transitions.ts";

/** The task is the file's name, or what is named. Where there are no `timeouts`, the caller says how long an episode is. */
export const d4rl: ImportFormat = {
  summary: "D4RL: a file .hdf5 or .h5",
  uses: ["observationKeys", "task", "keys", "episodeSteps"],
  looksLike: async (path, isFolder) =>
    !isFolder && /\.(hdf5|h5)$/.test(path) && !(await isDemonstrations(path)),
  open: openD4rl,
};

async function openD4rl(path: string, options: FormatOptions): Promise<SourceDataset> {
  using file = await openHdf5(path);
  const keys = findKeys(arraysIn(file), options, path);
  const columns = columnsOf(file, keys, path);
  const length = { most: options.episodeSteps };
  const ends = await endNotes(columns, length, path);
  const task = options.task ?? basename(path).replace(/\.(hdf5|h5)$/, "");
  return {
    description: {
      format: "D4RL (HDF5)",
      path,
      observation: columns.observations.map((column, i) => describeColumn(keys.observations[i], column)),
      action: describeColumn(keys.actions, columns.actions),
      tasks: [task],
      episodes: undefined,
      steps: columns.actions.rows,
      fps: undefined,
      notes: [...missingParts(columns), ...ends],
    },
    async *sources() {
      using again = await openHdf5(path);
      yield* transitionEpisodes(columnsOf(again, keys, path), task, path, length);
    },
  };
}

function columnsOf(file: Hdf5File, keys: FoundKeys, path: string): TransitionColumns {
  const actions = file.column(keys.actions);
  const column = (name: string) => {
    const found = file.column(name);
    if (found.rows === actions.rows) return found;
    throw new UserError(`Unequal lengths in ${path}: ${actions.rows} actions, ${found.rows} ${name}.`);
  };
  const optional = (name: string | undefined) =>
    name === undefined ? undefined : oneNumber(column(name), name, path);
  return {
    observations: keys.observations.map(column),
    actions,
    rewards: optional(keys.rewards),
    terminals: optional(keys.terminals),
    timeouts: optional(keys.timeouts),
    successes: optional(keys.successes),
    nextObservations: keys.nextObservations.map(column),
  };
}
