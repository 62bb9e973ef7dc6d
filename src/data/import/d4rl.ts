/**
 * @file D4RL's HDF5 files: one table of steps over all episodes. `terminals` are true ends, `timeouts` cuts.
 * Source: D4RL (d842aa1), d4rl/__init__.py and offline_env.py.
 */
import { basename } from "node:path";
import { UserError } from "../../base/index.ts";
import type { FormatOptions, ImportFormat, SourceDataset } from "./external-dataset.ts";
import { type Hdf5File, openHdf5 } from "./hdf5.ts";
import {
  describeColumn,
  missingParts,
  type TransitionColumns,
  type TransitionKeys,
  transitionEpisodes,
} from "./transitions.ts";

/** As D4RL names them; the Adroit sets have their successes among the infos. */
const keys = {
  observations: ["observations"],
  actions: "actions",
  rewards: "rewards",
  terminals: "terminals",
  timeouts: "timeouts",
  nextObservations: ["next_observations"],
} as const satisfies Partial<TransitionKeys>;
const successKeys = ["infos/success", "infos/goal_achieved", "successes"];

/** The task is the file's name, or what is named. */
export const d4rl: ImportFormat = {
  summary: "D4RL: a file .hdf5 or .h5",
  looksLike: (path, isFolder) => !isFolder && /\.(hdf5|h5)$/.test(path),
  open: openD4rl,
};

async function openD4rl(path: string, options: FormatOptions): Promise<SourceDataset> {
  using file = await openHdf5(path);
  const columns = columnsOf(file, path);
  const [observations] = columns.observations;
  const task = options.task ?? basename(path).replace(/\.(hdf5|h5)$/, "");
  return {
    description: {
      format: "D4RL (HDF5)",
      path,
      observation: [describeColumn("observations", observations)],
      action: describeColumn(keys.actions, columns.actions),
      tasks: [task],
      episodes: undefined,
      steps: columns.actions.rows,
      fps: undefined,
      notes: missingParts(columns),
    },
    async *sources() {
      using again = await openHdf5(path);
      yield* transitionEpisodes(columnsOf(again, path), task, path, undefined);
    },
  };
}

function columnsOf(file: Hdf5File, path: string): TransitionColumns {
  if (file.kind("data") === "group")
    throw new UserError(
      `${path} is laid out as robomimic does (data/demo_0, ...); a table of steps is read.`,
    );
  const actions = file.column(keys.actions);
  const optional = (...names: readonly string[]) => {
    const name = names.find((candidate) => file.kind(candidate) === "numbers");
    return name === undefined ? undefined : needed(name);
  };
  const needed = (name: string) => {
    const column = file.column(name);
    if (column.rows === actions.rows) return column;
    throw new UserError(`Unequal lengths in ${path}: ${actions.rows} actions, ${column.rows} ${name}.`);
  };
  const observations = keys.observations.map(needed);
  const next = optional(...keys.nextObservations);
  const columns = {
    observations,
    actions,
    rewards: optional(keys.rewards),
    terminals: optional(keys.terminals),
    timeouts: optional(keys.timeouts),
    successes: optional(...successKeys),
    nextObservations: next ? [next] : [],
  };
  if (columns.terminals || columns.timeouts) return columns;
  throw new UserError(`${path} has neither terminals nor timeouts: nothing says where an episode ends.`);
}
