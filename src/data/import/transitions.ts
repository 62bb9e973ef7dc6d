/**
 * @file A table of steps, one after the other over all episodes, cut into episodes. D4RL's files and most .npz files.
 * Symbols: N steps of all episodes, T steps of one, O observation size, A action size.
 */
import { UserError } from "../../base/index.ts";
import type { Episode } from "../episodes/index.ts";
import { flags, readJoined, type TypedColumn } from "./column.ts";
import type { EpisodeSource, SourceColumn } from "./external-dataset.ts";

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
}

/** An episode without an end within so many steps is taken for a table that marks no ends. */
const mostSteps = 1_000_000;
const blockSteps = 4096;

/**
 * The episodes of a table.
 * episodeSteps: T, where the table marks no ends because all episodes are equally long
 * Differs from D4RL's own loaders: the steps after the last end are an episode that was cut short, not left out.
 */
export async function* transitionEpisodes(
  columns: TransitionColumns,
  task: string,
  path: string,
  episodeSteps: number | undefined,
): AsyncGenerator<EpisodeSource> {
  let index = 0;
  for await (const extent of extents(columns, path, episodeSteps)) {
    yield { name: `episode ${index} of ${path}`, read: () => readEpisode(columns, extent, task) };
    index++;
  }
}

async function* extents(
  { actions, terminals, timeouts }: TransitionColumns,
  path: string,
  episodeSteps: number | undefined,
): AsyncGenerator<Extent> {
  let from = 0;
  for (let block = 0; block < actions.rows; block += blockSteps) {
    const end = Math.min(actions.rows, block + blockSteps);
    const terminal = await terminals?.read(block, end);
    const timeout = await timeouts?.read(block, end);
    for (let step = block; step < end; step++) {
      const terminated = (terminal?.[step - block] ?? 0) !== 0;
      const cut =
        (timeout?.[step - block] ?? 0) !== 0 || (step + 1) % (episodeSteps ?? Number.POSITIVE_INFINITY) === 0;
      if (!terminated && !cut && step + 1 < actions.rows) continue;
      yield { from, to: step + 1, terminated };
      from = step + 1;
    }
    if (end - from > mostSteps)
      throw new UserError(`${path} marks no end of an episode from step ${from} to step ${end}.`);
  }
}

/** Steps `from` to `to` of the table as an episode. What it was reset with is not known: its seed is 0. */
export async function readEpisode(
  columns: TransitionColumns,
  extent: Extent,
  task: string,
): Promise<Episode> {
  const { from, to, terminated } = extent;
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
    successes: columns.successes ? flags(await columns.successes.read(from, to)) : new Uint8Array(steps),
    terminated,
  };
}

/** A column as a set's description has it. */
export const describeColumn = (key: string, { shape, size, type }: TypedColumn): SourceColumn => ({
  key,
  shape,
  size,
  type,
});

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
    known ? [] : ["What the last action led to is not stored: the last observation stands in for it."],
  ].flat();
}
