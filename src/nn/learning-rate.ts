/**
 * @file Learning-rate schedules: pure functions from the number of updates already made to a factor in [0, 1] that
 * multiplies the configured learning rate. A run that continues needs nothing but its step counter.
 */

import { UserError } from "../base/index.ts";

/** step: updates already made, 0 for the first. */
export type LearningRateSchedule = (step: number) => number;

export interface WarmUp {
  /** Updates during which the factor rises in a straight line from 0 to 1. The first of them moves nothing. */
  readonly warmupSteps?: number;
}

/** Source: diffusers optimization.py (0.42.1), get_constant_schedule_with_warmup. */
export function constant({ warmupSteps = 0 }: WarmUp = {}): LearningRateSchedule {
  expectSteps("warmupSteps", warmupSteps, 0);
  return (step) => (step < warmupSteps ? step / warmupSteps : 1);
}

export interface CosineOptions extends WarmUp {
  /** Updates of the whole run, warm-up included: the factor reaches its floor after the last. */
  readonly totalSteps: number;
  /** Smallest factor, 0 to 1: eta_min / lr of PyTorch. */
  readonly floor?: number;
}

/**
 * Half a cosine from 1 down to `floor`, after an optional warm-up.
 * Source: torch CosineAnnealingLR (PyTorch 2.13) with T_max = totalSteps - warmupSteps, and diffusers optimization.py
 * (0.42.1), get_cosine_schedule_with_warmup. Differs: after totalSteps both rise again; this stays at the floor.
 */
export function cosine({ totalSteps, warmupSteps = 0, floor = 0 }: CosineOptions): LearningRateSchedule {
  expectSteps("totalSteps", totalSteps, 1);
  expectSteps("warmupSteps", warmupSteps, 0);
  if (warmupSteps >= totalSteps) {
    throw new UserError(`A warm-up of ${warmupSteps} steps leaves nothing of a run of ${totalSteps} steps.`);
  }
  if (!(floor >= 0 && floor <= 1)) throw new UserError(`floor is in [0, 1], got ${floor}.`);
  return (step) => {
    if (step < warmupSteps) return step / warmupSteps;
    if (step >= totalSteps) return floor;
    const root = cosineOfQuarter((step - warmupSteps) / (totalSteps - warmupSteps));
    return floor + (1 - floor) * root * root; // cos^2(x / 2) = (1 + cos x) / 2
  };
}

/** cos(x pi / 2) for x in [0, 1] by its Taylor series: unlike Math.cos, the same bits on every engine. */
function cosineOfQuarter(x: number): number {
  const square = ((x * Math.PI) / 2) ** 2;
  let series = 1;
  for (let n = 22; n > 0; n -= 2) series = 1 - (square * series) / (n * (n - 1));
  return series;
}

function expectSteps(name: string, steps: number, least: number): void {
  if (Number.isSafeInteger(steps) && steps >= least) return;
  throw new UserError(`${name} is a whole number of at least ${least}, got ${steps}.`);
}
