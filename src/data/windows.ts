/**
 * @file Windows of episodes: what a planner learns from. No window crosses from one episode into another.
 * Symbols: B windows, H actions of a plan (the paper's T_p), T_o observations it is made on, T_a actions executed of it,
 * T steps of an episode, O observation size, A action size.
 *
 * A window that starts at step t holds the observations t to t + T_o - 1 and the actions t to t + H - 1: the present is
 * the last of its observations. It may reach T_o - 1 steps before an episode and T_a - 1 beyond it; there the first and
 * the last step repeat, as in acting, where the first observation repeats until there are T_o.
 *
 *     step              0   1   2   3   4   5 ...
 *     t = -1            0 0                         observations, T_o = 2
 *                       0 0 1   2                   actions, H = 4
 *
 * Source: Diffusion Policy's and CleanDiffuser's sequence sampler (05f17fc).
 */
import { type Random, UserError } from "../base/index.ts";
import type { Episode } from "./episodes/index.ts";

export interface WindowShape {
  /** T_o */
  readonly nObsSteps: number;
  /** H */
  readonly horizon: number;
  /** T_a, at most H - T_o + 1 */
  readonly nActionSteps: number;
}

/** A batch of windows, to be filled. */
export interface WindowBatch {
  /** (B, T_o, O) */
  readonly observations: Float32Array;
  /** (B, H, A) */
  readonly plans: Float32Array;
}

/** What of an episode a planner may see. */
export type Trajectory = Pick<Episode, "observations" | "finalObservation" | "actions">;

/** Smallest and largest number of each dimension. */
export interface Range {
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** All that pre-training is given: what was seen and what was done, in windows. Neither rewards nor names of tasks. */
export interface Windows {
  /** O */
  readonly observationSize: number;
  /** A */
  readonly actionSize: number;
  /** Of all observations, (O,) each, whichever part of them these windows are. */
  readonly observationRange: Range;
  /** Of all actions, (A,) each. */
  readonly actionRange: Range;
  /** How many different windows there are. */
  readonly count: number;
  /** Fills the first `size` rows of `out` with windows, each as likely as any other, and again each time. */
  sample(random: Random, size: number, out: WindowBatch): void | Promise<void>;
}

/**
 * Windows of an episode of `steps`: `count` of them, starting at `first`, `first` + 1, ... An episode shorter than
 * H - T_o - T_a + 2 has none.
 */
export function windowStarts(
  steps: number,
  { nObsSteps, horizon, nActionSteps }: WindowShape,
): { readonly first: number; readonly count: number } {
  const first = 1 - nObsSteps;
  const last = steps - horizon + nActionSteps - 1;
  return { first, count: Math.max(0, last - first + 1) };
}

/** Writes the window that starts at step `start` of an episode into row `row` of `out`. */
export function fillWindow(
  { observations, finalObservation, actions }: Trajectory,
  start: number,
  { nObsSteps, horizon }: WindowShape,
  out: WindowBatch,
  row: number,
): void {
  const observationSize = finalObservation.length;
  const steps = observations.length / observationSize;
  const actionSize = actions.length / steps;
  fillSteps(observations, 0, steps, observationSize, start, nObsSteps, out.observations, row);
  fillSteps(actions, 0, steps, actionSize, start, horizon, out.plans, row);
}

/** Windows of episodes in memory. Throws UserError if there are none, or the episodes' sizes differ. */
export function windowsOfEpisodes(episodes: readonly Trajectory[], shape: WindowShape): Windows {
  if (episodes.length === 0) throw new UserError("Windows need at least one episode, got none.");
  const sizes = episodes.map(sizesOf);
  const [{ observationSize, actionSize }] = sizes;
  const other = sizes.findIndex(
    (each) => each.observationSize !== observationSize || each.actionSize !== actionSize,
  );
  if (other >= 0)
    throw new UserError(
      `Episodes of one data set observe and act in equal sizes: episode 0 in ${observationSize} and ${actionSize}, ` +
        `episode ${other} in ${sizes[other].observationSize} and ${sizes[other].actionSize}.`,
    );
  const seen: readonly Trajectory[] = episodes.map(({ observations, finalObservation, actions }) => ({
    observations,
    finalObservation,
    actions,
  }));
  return windowsFrom(
    {
      observationSize,
      actionSize,
      observationRange: rangeOf(
        seen.map(({ observations }) => observations),
        observationSize,
      ),
      actionRange: rangeOf(
        seen.map(({ actions }) => actions),
        actionSize,
      ),
      fill: (episode, start, out, row) => fillWindow(seen[episode], start, shape, out, row),
    },
    sizes.map(({ steps }) => steps),
    shape,
  );
}

/** Where windows come from. */
export interface WindowSource {
  readonly observationSize: number;
  readonly actionSize: number;
  readonly observationRange: Range;
  readonly actionRange: Range;
  /** Writes the window that starts at step `start` of an episode into row `row` of `out`. */
  fill(episode: number, start: number, out: WindowBatch, row: number): void;
}

/**
 * The windows of a source's episodes. Throws UserError if there are none, or the shape makes no sense.
 * lengths: steps of each episode
 */
export function windowsFrom(
  { observationSize, actionSize, observationRange, actionRange, fill }: WindowSource,
  lengths: Iterable<number>,
  shape: WindowShape,
): Windows {
  checkShape(shape);
  const ends: number[] = []; // windows of each episode and all before it
  let count = 0;
  let longest = 0;
  for (const steps of lengths) {
    longest = Math.max(longest, steps);
    count += windowStarts(steps, shape).count;
    ends.push(count);
  }
  if (count === 0)
    throw new UserError(
      `No window of horizon ${shape.horizon} fits: the longest of the episodes has ${longest} steps, ` +
        `it takes ${shape.horizon - shape.nObsSteps - shape.nActionSteps + 2}.`,
    );
  const { first } = windowStarts(0, shape);
  return Object.freeze({
    observationSize,
    actionSize,
    observationRange,
    actionRange,
    count,
    sample(random: Random, size: number, out: WindowBatch) {
      const { nObsSteps, horizon } = shape;
      const rows = out.plans.length / (horizon * actionSize);
      if (rows < size || out.observations.length !== rows * nObsSteps * observationSize)
        throw new UserError(
          `These windows have ${nObsSteps} observations of ${observationSize} numbers and ${horizon} actions of ` +
            `${actionSize}; a batch of ${size} was given room for ${out.observations.length} and ${out.plans.length} numbers.`,
        );
      for (let row = 0; row < size; row++) {
        const window = random.integer(count);
        const episode = firstAbove(ends, window);
        fill(episode, first + window - (ends[episode - 1] ?? 0), out, row);
      }
    },
  });
}

/**
 * Writes `count` steps from `start` on of the episode whose `steps` rows of `size` numbers begin at row `begin` of
 * `column`, into row `row` of `out`, (B, count, size). Steps before the first are the first, beyond the last the last.
 */
export function fillSteps(
  column: Float32Array,
  begin: number,
  steps: number,
  size: number,
  start: number,
  count: number,
  out: Float32Array,
  row: number,
): void {
  let to = row * count * size;
  for (let i = 0; i < count; i++) {
    let from = (begin + Math.min(Math.max(start + i, 0), steps - 1)) * size;
    for (let end = from + size; from < end; ) out[to++] = column[from++];
  }
}

/** The range of each of `size` dimensions over rows that lie in several arrays. */
function rangeOf(columns: Iterable<Float32Array>, size: number): { low: number[]; high: number[] } {
  const low = new Float32Array(size).fill(Number.POSITIVE_INFINITY);
  const high = new Float32Array(size).fill(Number.NEGATIVE_INFINITY);
  for (const column of columns)
    for (let at = 0; at < column.length; )
      for (let dimension = 0; dimension < size; dimension++, at++) {
        if (column[at] < low[dimension]) low[dimension] = column[at];
        if (column[at] > high[dimension]) high[dimension] = column[at];
      }
  return { low: [...low], high: [...high] };
}

function sizesOf({ observations, finalObservation, actions }: Trajectory) {
  const observationSize = finalObservation.length;
  const steps = observations.length / observationSize;
  return { observationSize, steps, actionSize: actions.length / steps };
}

function checkShape({ nObsSteps, horizon, nActionSteps }: WindowShape): void {
  for (const [name, steps] of Object.entries({ nObsSteps, horizon, nActionSteps }))
    if (!Number.isInteger(steps) || steps < 1)
      throw new UserError(`A window's ${name} is a whole number from 1, got ${steps}.`);
  const most = horizon - nObsSteps + 1;
  if (nActionSteps <= most) return;
  throw new UserError(
    `Of a plan of horizon ${horizon} on ${nObsSteps} observations at most ${most} actions can be executed, ` +
      `got nActionSteps ${nActionSteps}.`,
  );
}

/** The first index whose entry is above `value`. ascending: numbers that do not fall, the last above `value` */
function firstAbove(ascending: readonly number[], value: number): number {
  let [low, high] = [0, ascending.length - 1];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle] > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
