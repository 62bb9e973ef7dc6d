/**
 * @file Filling the columns of a batch, one present at a time.
 * Symbols: p present, T steps of an episode, S steps asked for of a column.
 */
import type { ColumnName } from "./batch.ts";
import type { EpisodeStore, Readers, ReadSteps, StoredColumn } from "./episode-store.ts";

/** Numbers of an observation and of an action. */
export interface Sizes {
  readonly observation: number;
  readonly action: number;
}

/** Fills row `row` of a column's array with what is asked for around step `present` of an episode. */
export type FillColumn = (
  episode: number,
  present: number,
  out: Float32Array | Int32Array,
  row: number,
) => void;

/** The filler of a column. steps: S of them, relative to the present, ascending   discount: of later rewards in returns */
export function fillerOf(
  name: ColumnName,
  steps: readonly number[],
  store: EpisodeStore,
  readers: Readers,
  sizes: Sizes,
  discount: number,
): FillColumn {
  const lastStep = (episode: number) => store.stepsOf(episode) - 1;
  switch (name) {
    case "observation":
      return nearest(observationReader(store, readers, sizes.observation), steps, sizes.observation, (i) =>
        store.stepsOf(i),
      );
    case "action":
      return nearest(needed(readers, "action"), steps, sizes.action, lastStep);
    case "reward":
      return inside(needed(readers, "reward"), steps, lastStep);
    case "success":
      return inside(needed(readers, "success"), steps, lastStep);
    case "returnToGo":
      return returnsToGo(needed(readers, "reward"), steps, lastStep, discount);
    case "terminated":
      return each(steps, (i, step) => Number(store.isTerminated(i) && step >= lastStep(i)));
    case "task":
      return each(steps, (i) => store.taskOf(i));
    case "step":
      return each(steps, (i, step) => Math.min(Math.max(step, 0), store.stepsOf(i)));
    case "mask":
      return each(steps, (i, step) => Number(step >= 0 && step <= lastStep(i)));
  }
}

/** A column that needs no reading. of: its number at a step, which may lie outside of the episode */
function each(steps: readonly number[], of: (episode: number, step: number) => number): FillColumn {
  return (episode, present, out, row) => {
    for (let s = 0; s < steps.length; s++) out[row * steps.length + s] = of(episode, present + steps[s]);
  };
}

/** Steps that follow one another. */
interface Run {
  /** The first, relative to the present, and where it is among all steps asked for. */
  readonly first: number;
  readonly at: number;
  readonly count: number;
}

function runsOf(steps: readonly number[]): Run[] {
  const begins = [...steps.keys()].filter((s) => s === 0 || steps[s] !== steps[s - 1] + 1);
  return begins.map((at, i) => ({ first: steps[at], at, count: (begins[i + 1] ?? steps.length) - at }));
}

/** Rows of `size` numbers, the nearest step's outside of 0 to `last`: a read for each run of steps. */
function nearest(
  read: ReadSteps,
  steps: readonly number[],
  size: number,
  last: (episode: number) => number,
): FillColumn {
  const runs = runsOf(steps);
  return (episode, present, out, row) => {
    const end = last(episode);
    for (const { first, at, count } of runs) {
      const begin = row * steps.length + at; // row of `out` for the run's first step
      const from = Math.min(Math.max(present + first, 0), end);
      const to = Math.min(Math.max(present + first + count - 1, 0), end);
      const before = Math.min(Math.max(from - present - first, 0), count - 1);
      const rows = to - from + 1;
      read(episode, from, rows, out as Float32Array, (begin + before) * size);
      for (let i = 0; i < before; i++) repeat(out, size, begin + before, begin + i);
      for (let i = before + rows; i < count; i++) repeat(out, size, begin + before + rows - 1, begin + i);
    }
  };
}

function repeat(out: Float32Array | Int32Array, size: number, from: number, to: number): void {
  out.copyWithin(to * size, from * size, (from + 1) * size);
}

/** Single numbers, 0 outside of the episode. */
function inside(read: ReadSteps, steps: readonly number[], last: (episode: number) => number): FillColumn {
  const runs = runsOf(steps);
  return (episode, present, out, row) => {
    const end = last(episode);
    for (const { first, at, count } of runs) {
      const begin = row * steps.length + at;
      out.fill(0, begin, begin + count);
      const from = Math.max(present + first, 0);
      const to = Math.min(present + first + count - 1, end);
      if (from <= to) read(episode, from, to - from + 1, out as Float32Array, begin + from - present - first);
    }
  };
}

/** Sums of the rewards from each step on, added up in float64 from the last to the first. */
function returnsToGo(
  read: ReadSteps,
  steps: readonly number[],
  last: (episode: number) => number,
  discount: number,
): FillColumn {
  let rewards = new Float32Array(1024);
  return (episode, present, out, row) => {
    const end = last(episode);
    const from = Math.min(Math.max(present + steps[0], 0), end);
    const count = end - from + 1;
    if (count > rewards.length) rewards = new Float32Array(2 * count);
    read(episode, from, count, rewards, 0);
    let sum = 0;
    let next = end; // the step whose reward is added next
    for (let s = steps.length - 1; s >= 0; s--) {
      const step = Math.max(present + steps[s], 0);
      while (next >= step) sum = rewards[next-- - from] + discount * sum;
      out[row * steps.length + s] = sum;
    }
  };
}

/** Observations, of which the one after the last action is kept apart. */
function observationReader(store: EpisodeStore, readers: Readers, size: number): ReadSteps {
  const observation = needed(readers, "observation");
  const { finalObservation } = readers;
  if (!finalObservation) return observation;
  return (episode, from, count, out, at) => {
    const inside = Math.min(count, store.stepsOf(episode) - from);
    if (inside > 0) observation(episode, from, inside, out, at);
    if (inside < count) finalObservation(episode, 0, 1, out, at + inside * size);
  };
}

function needed(readers: Readers, column: StoredColumn): ReadSteps {
  const reader = readers[column];
  if (reader) return reader;
  throw new Error(`The column ${column} was not opened.`);
}
