/**
 * @file Columns of data that transitions are made of.
 * Symbols: n steps of a transition, B batch, O observation size, A action size.
 */
import { range } from "../data/index.ts";
import { float32, int32, reshape, slice, sub, type Value } from "../tensor/index.ts";

/** Columns of transitions of one step, each told its task. */
export const oneStepColumns = {
  observation: [0, 1],
  action: [0],
  reward: [0],
  terminated: [0],
  task: [0],
};

/** Such columns as inputs of a program, `rows` rows. */
export const oneStepSpecs = (
  { observation, action }: { readonly observation: number; readonly action: number },
  rows: number,
) => ({
  observation: float32(rows, 2, observation),
  action: float32(rows, 1, action),
  reward: float32(rows, 1),
  terminated: float32(rows, 1),
  task: int32(rows, 1),
});

/** Such columns, traced. */
export type OneStepInputs = Readonly<Record<keyof typeof oneStepColumns, Value>>;

/** The same by rows: observations (B, O), actions (B, A), else (B,), but for the tasks, which stay (B, 1). */
export function oneStepRows({ observation, action, reward, terminated, task }: OneStepInputs) {
  const [rows, , size] = observation.shape;
  const at = (step: number) => reshape(slice(observation, 1, step, step + 1), [rows, size]);
  const flat = (column: Value) => reshape(column, [rows]);
  return {
    now: at(0),
    next: at(1),
    action: reshape(action, [rows, -1]),
    reward: flat(reward),
    /** 0 where nothing follows, else 1. */
    goesOn: sub(1, flat(terminated)),
    task,
  };
}

/** Columns that transitions are made of. */
export interface TransitionColumns {
  readonly observation: readonly number[];
  readonly action: readonly number[];
  readonly reward: readonly number[];
  readonly terminated: readonly number[];
  readonly task: readonly number[];
  readonly mask?: readonly number[];
  readonly returnToGo?: readonly number[];
}

/** Columns of transitions of n steps; with returns, what their episodes earn from them on. */
export const transitionColumns = ({
  nSteps = 1,
  returns = false,
}: {
  readonly nSteps?: number;
  readonly returns?: boolean;
} = {}): TransitionColumns => ({
  ...oneStepColumns,
  observation: [0, nSteps],
  reward: range(0, nSteps),
  terminated: [nSteps - 1],
  ...(nSteps > 1 && { mask: range(0, nSteps) }),
  ...(returns && { returnToGo: [0] }),
});
