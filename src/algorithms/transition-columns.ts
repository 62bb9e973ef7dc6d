/** @file Columns of data that transitions are made of. Symbols: n steps of a transition. */
import { range } from "../data/index.ts";
import { float32, int32 } from "../tensor/index.ts";

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
