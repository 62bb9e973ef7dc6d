/**
 * @file Columns of data that value-based algorithms learn from, and their rows in a graph.
 * Symbols: B batch, O observation size, A action size.
 */
import { float32, int32, reshape, slice, sub, type Value } from "../tensor/index.ts";

/** Columns of transitions. */
export const transitionColumns = {
  observation: [0, 1],
  action: [0],
  reward: [0],
  terminated: [0],
  task: [0],
};

/** A batch of them as inputs of a program. */
export const transitionSpecs = (
  { observation, action }: { readonly observation: number; readonly action: number },
  rows: number,
) => ({
  observation: float32(rows, 2, observation),
  action: float32(rows, 1, action),
  reward: float32(rows, 1),
  terminated: float32(rows, 1),
  task: int32(rows, 1),
});

/** A batch of them, traced. */
export type TransitionInputs = Readonly<Record<keyof typeof transitionColumns, Value>>;

/** The same by rows: observations (B, O), actions (B, A), else (B,), but for the tasks, which stay (B, 1). */
export function transitionRows({ observation, action, reward, terminated, task }: TransitionInputs) {
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
