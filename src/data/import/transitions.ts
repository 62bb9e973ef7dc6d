/**
 * @file A table of steps, one after the other over all episodes, cut into episodes. D4RL's files and most .npz files.
 * Symbols: N steps of all episodes, T steps of one, O observation size, A action size.
 */
import { successKeys, UserError } from "../../base/index.ts";
import type { Episode } from "../episodes/index.ts";
import { knownFlags, readJoined, successFlags, type TypedColumn } from "./column.ts";
import type { EpisodeSource, FormatOptions, SourceColumn, Tell } from "./external-dataset.ts";

/** The names under which a table has its columns. Only those for observations and actions are needed. */
export interface TransitionKeys {
  readonly observations: readonly string[];
  readonly actions: string;
  readonly rewards: string;
  /** Nothing follows this step. */
  readonly terminals: string;
  /** The episode was cut after this step. */
  readonly timeouts: string;
  readonly successes: string;
  /** Observations after the step, in the order of `observations`. */
  readonly nextObservations: readonly string[];
}

/** Those of a table that it has. */
export type FoundKeys = Pick<TransitionKeys, "observations" | "actions" | "nextObservations"> & {
  readonly [K in "rewards" | "terminals" | "timeouts" | "successes"]: string | undefined;
};

/** Usual names of columns, the likeliest first. */
const usual = {
  observations: ["observations", "observation", "obs", "state"],
  actions: ["actions", "action"],
  rewards: ["rewards", "reward"],
  terminals: ["terminals", "terminated", "terminations"],
  timeouts: ["timeouts", "truncated", "truncations"],
  successes: [...successKeys, ...successKeys.map((key) => `infos/${key}`)],
} as const satisfies { readonly [K in Exclude<keyof TransitionKeys, "nextObservations">]: readonly string[] };

/**
 * Names of a table's columns: those that are asked for, else the usual ones. Observations may be a group of columns.
 * names: of all columns   path: of the table, for a person
 * Throws UserError for one that is asked for and not there, and for a table without observations or actions.
 */
export function findKeys(
  names: readonly string[],
  { observationKeys, keys = {} }: FormatOptions,
  path: string,
): FoundKeys {
  const needed = (name: string) => {
    if (names.includes(name)) return name;
    throw new UserError(`${path} has no array "${name}". It has: ${names.join(", ") || "none"}.`);
  };
  const optional = (role: "rewards" | "terminals" | "timeouts" | "successes") =>
    keys[role] === undefined ? usual[role].find((name) => names.includes(name)) : needed(keys[role]);
  const observations = (
    observationKeys ??
    keys.observations ??
    usual.observations.map((name) => columnsOf(name, names)).find((found) => found.length > 0) ??
    usual.observations.slice(0, 1)
  ).map(needed);
  const next = keys.nextObservations?.map(needed) ?? nextOf(observations, names);
  return {
    observations,
    actions: needed(keys.actions ?? usual.actions.find((name) => names.includes(name)) ?? usual.actions[0]),
    rewards: optional("rewards"),
    terminals: optional("terminals"),
    timeouts: optional("timeouts"),
    successes: optional("successes"),
    nextObservations: next,
  };
}

/** The column of that name, or those of the group of that name. */
const columnsOf = (name: string, names: readonly string[]): readonly string[] =>
  names.includes(name) ? [name] : names.filter((each) => each.startsWith(`${name}/`));

/** "next_observations" of "observations", "next_obs/place" of "obs/place"; empty unless there is one for each. */
function nextOf(observations: readonly string[], names: readonly string[]): readonly string[] {
  const next = observations.map((name) => `next_${name}`);
  return next.every((name) => names.includes(name)) ? next : [];
}

/** The columns of a table, all of N rows. */
export interface TransitionColumns {
  readonly observations: readonly TypedColumn[];
  readonly actions: TypedColumn;
  readonly rewards: TypedColumn | undefined;
  readonly terminals: TypedColumn | undefined;
  readonly timeouts: TypedColumn | undefined;
  readonly successes: TypedColumn | undefined;
  readonly nextObservations: readonly TypedColumn[];
}

/** Place of an episode: steps `from` to `to`. */
export interface Extent {
  readonly from: number;
  readonly to: number;
  readonly terminated: boolean;
  /** False: the table's end is all that ends it. */
  readonly marked?: boolean;
  /** Reason, in a sentence, if it is no episode. */
  readonly fault?: string;
}

/** End of episodes where no flag marks it. */
export interface EpisodeLength {
  /** Most steps of an episode. */
  readonly most?: number | undefined;
  /** Steps of every episode, stacked arrays having as many of each. */
  readonly each?: number | undefined;
}

/** An episode without an end within so many steps is taken for a table that marks no ends. */
const mostSteps = 1_000_000;
const blockSteps = 4096;

/**
 * Sentences about what ends the episodes of a table, whose flags of true ends are read. Throws UserError if nothing says
 * where an episode ends, or the table goes on after the last end with nothing to say where an episode was cut.
 */
export async function endNotes(
  { terminals, timeouts, actions }: TransitionColumns,
  { most, each }: EpisodeLength,
  path: string,
): Promise<string[]> {
  if (timeouts !== undefined || most !== undefined || each !== undefined) return [];
  const ask = "say how many steps an episode has at most (--episode_steps), or name the array that does";
  if (terminals === undefined)
    throw new UserError(
      `${path} has neither terminals nor timeouts: nothing says where an episode ends; ${ask}.`,
    );
  const flags = knownFlags(await terminals.read(0, actions.rows), `${trueEnd} of ${path}`);
  if (flags.at(-1) === 1) return ["No timeouts: only a true end ends an episode."];
  const last = flags.lastIndexOf(1);
  const where = last < 0 ? "no true end either" : `its last true end is step ${last} of ${flags.length}`;
  throw new UserError(
    `${path} has no timeouts, and ${where}: nothing says where an episode was cut; ${ask}.`,
  );
}

/** Name of the flags of true ends in a message. */
export const trueEnd = "terminals";

/**
 * The episodes of a table. Throws UserError where flags are not known.
 * Differs from D4RL's own loaders: the steps after the last end are an episode that was cut short, not left out.
 */
export async function* transitionEpisodes(
  columns: TransitionColumns,
  task: string,
  path: string,
  length: EpisodeLength,
): AsyncGenerator<EpisodeSource> {
  let index = 0;
  for await (const extent of extents(columns, path, length)) {
    yield {
      name: `episode ${index} of ${path}`,
      read: (tell) => readEpisode(columns, extent, task, tell),
    };
    index++;
  }
}

async function* extents(
  { actions, terminals, timeouts }: TransitionColumns,
  path: string,
  { most = Number.POSITIVE_INFINITY, each }: EpisodeLength,
): AsyncGenerator<Extent> {
  let from = 0;
  let fault: string | undefined;
  for (let block = 0; block < actions.rows; block += blockSteps) {
    const end = Math.min(actions.rows, block + blockSteps);
    const read = async (column: TypedColumn | undefined, name: string) =>
      column && knownFlags(await column.read(block, end), `${name} of ${path}`, block);
    const terminal = await read(terminals, trueEnd);
    const timeout = await read(timeouts, "timeouts");
    for (let step = block; step < end; step++) {
      const terminated = terminal?.[step - block] === 1;
      const timedOut = timeout?.[step - block] === 1;
      const atLength = each === undefined ? step + 1 - from >= most : (step + 1) % each === 0;
      const isCut = atLength || timedOut;
      if (each !== undefined && (terminated || timedOut) && !atLength)
        fault ??= `It ends at step ${step - from}, yet has ${each} steps.`;
      const isEnd = each === undefined ? terminated || isCut : atLength;
      if (!isEnd && step + 1 < actions.rows) continue;
      yield { from, to: step + 1, terminated, marked: isEnd, ...(fault !== undefined && { fault }) };
      from = step + 1;
      fault = undefined;
    }
    if (end - from > mostSteps)
      throw new UserError(`${path} marks no end of an episode from step ${from} to step ${end}.`);
  }
}

/** Steps `from` to `to` of the table as an episode. What it was reset with is not known: its seed is 0. */
export async function readEpisode(
  columns: TransitionColumns,
  { from, to, terminated, marked = true, fault }: Extent,
  task: string,
  tell: Tell,
): Promise<Episode> {
  if (fault !== undefined) throw new UserError(fault);
  if (!marked) tell("Nothing marks its end but that of the table: it counts as cut short.");
  const steps = to - from;
  const observations = await readJoined(columns.observations, from, to);
  const next = columns.nextObservations.length
    ? await readJoined(columns.nextObservations, from, to)
    : observations;
  return {
    task,
    seed: 0,
    observations,
    finalObservation: next.slice(next.length - next.length / steps),
    actions: await columns.actions.read(from, to),
    rewards: (await columns.rewards?.read(from, to)) ?? new Float32Array(steps),
    successes: columns.successes
      ? successFlags(await columns.successes.read(from, to), tell)
      : new Uint8Array(steps),
    terminated,
  };
}

/** Throws UserError unless `column`, of flags or rewards, has one number per step. Returns `column`. */
export function oneNumber(column: TypedColumn, name: string, path: string): TypedColumn {
  if (column.size === 1) return column;
  throw new UserError(`Expected one number per step of ${name} in ${path}, got ${column.size}.`);
}

/** A column as a set's description has it. */
export const describeColumn = (key: string, { shape, size, type }: TypedColumn): SourceColumn => ({
  key,
  shape,
  size,
  type,
});

/**
 * Throws UserError unless `column` is as the set's description says, which is drawn from its first episode.
 * Returns `column`.
 */
export function asDescribed(column: TypedColumn, { key, shape }: SourceColumn): TypedColumn {
  if (column.shape.join() === shape.join()) return column;
  throw new UserError(
    `Expected ${key} of shape (${shape.join(", ")}), as in the first episode, got (${column.shape.join(", ")}).`,
  );
}

/** Sentence about what stands in for the final observation. */
export const noNext = "What the last action led to is not stored: the last observation stands in for it.";

/** Sentences about what `columns` lack, and what stands in for it. */
export function missingParts(
  columns: {
    readonly [part in "rewards" | "successes" | "nextObservations"]: unknown;
  },
): string[] {
  const { rewards, successes, nextObservations } = columns;
  const known = Array.isArray(nextObservations) ? nextObservations.length > 0 : nextObservations;
  return [
    rewards ? [] : ["No rewards: they are 0."],
    successes ? [] : ["No successes: no step counts as solved."],
    known ? [] : [noNext],
  ].flat();
}
