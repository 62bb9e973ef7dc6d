/** @file Which trajectories a target buffer holds on to, and how windows of them are drawn: an entry each. */
import { deviationOf, momentsOf } from "../../base/index.ts";

/** A trajectory, as far as the rules look at it. */
export interface RatedTrajectory {
  /** True if any of its steps solved the task. */
  readonly solved: boolean;
  /** Undiscounted return; what was cut short by success counts on the largest reward so far until the limit. */
  readonly score: number;
  /** Windows that can be drawn from it, at least 1. */
  readonly windows: number;
}

interface BufferOrder {
  /** In `--help`. */
  readonly summary: string;
  /** All of them, those to be kept first. kept: in this order   fresh: in the order of their arrival */
  order<T extends RatedTrajectory>(kept: readonly T[], fresh: readonly T[]): readonly T[];
}

const solvedFirst = (a: RatedTrajectory, b: RatedTrajectory) => Number(b.solved) - Number(a.solved);
const byScore = (a: RatedTrajectory, b: RatedTrajectory) => b.score - a.score;

export const bufferOrders = {
  best: {
    summary: "the highest scores; of equals the earlier",
    order: (kept, fresh) => [...kept, ...fresh].toSorted((a, b) => solvedFirst(a, b) || byScore(a, b)),
  },
  latest: {
    summary: "the latest that solved the task, from wherever they started; else the highest scores",
    order: (kept, fresh) =>
      [...fresh.toReversed(), ...kept].toSorted(
        (a, b) => solvedFirst(a, b) || (a.solved ? 0 : byScore(a, b)),
      ),
  },
} as const satisfies Record<string, BufferOrder>;
export type BufferOrderName = keyof typeof bufferOrders;

interface BufferDraw {
  /** In `--help`. */
  readonly summary: string;
  /** Chances of the trajectories, relative to each other; null: each window is as likely as any other. */
  readonly chances: ((trajectories: readonly RatedTrajectory[]) => readonly number[]) | null;
}

/** Least share of the draws that solved trajectories have, as soon as there is one. */
const solvedShare = 0.75;

export const bufferDraws = {
  windows: { summary: "any window as likely as any other", chances: null },
  trajectories: {
    summary: `a trajectory, solved ones at least ${100 * solvedShare} % of the time, then a step of it`,
    chances: (all) => withSolvedShare(all, () => 1),
  },
  weighted: {
    summary: "the same, a trajectory by the exponential of its standardized score",
    chances: (all) => withSolvedShare(all, exponentialOfScore(all)),
  },
} as const satisfies Record<string, BufferDraw>;
export type BufferDrawName = keyof typeof bufferDraws;

/** `weight` of each trajectory, those of solved ones raised until they make `solvedShare`. */
function withSolvedShare(
  all: readonly RatedTrajectory[],
  weight: (trajectory: RatedTrajectory) => number,
): number[] {
  const total = (solved: boolean) =>
    all.filter((each) => each.solved === solved).reduce((sum, each) => sum + weight(each), 0);
  const [won, lost] = [total(true), total(false)];
  const raise = won === 0 ? 1 : Math.max(1, ((solvedShare / (1 - solvedShare)) * lost) / won);
  return all.map((each) => weight(each) * (each.solved ? raise : 1));
}

/** Source: reward-weighted regression with temperature 1 (Peters and Schaal 2007), of whole trajectories. */
function exponentialOfScore(all: readonly RatedTrajectory[]): (trajectory: RatedTrajectory) => number {
  const moments = momentsOf(all.map(({ score }) => score));
  const deviation = deviationOf(moments) + 1e-8;
  return ({ score }) => Math.exp(Math.min((score - moments.mean) / deviation, 5));
}
