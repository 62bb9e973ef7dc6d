/** @file Pace of a moving average of weights that is not updated at every step. */

/** Pace of an average. */
export interface AverageOptions {
  /** Share of the average that an update keeps. */
  readonly decay: number;
  /** Steps from one update to the next. */
  readonly every: number;
  /** Steps before which it is a copy of the weights. */
  readonly from: number;
}

/** Decay of the average at each step: 0 copies the weights, 1 leaves the average as it is.   step: from 0 */
export const averagePace =
  ({ decay, every, from }: AverageOptions): ((step: number) => number) =>
  (step) => {
    if (step < from) return 0;
    return step % every === 0 ? decay : 1;
  };
