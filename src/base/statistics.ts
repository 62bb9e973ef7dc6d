/**
 * @file How good a policy is, and how sure that is, from few scores.
 * Scores come in strata: one list per task, of one number per run or episode. What is drawn anew is a task's scores,
 * never the tasks, so an interval says what would happen if the same tasks were tried again.
 * Source: Agarwal et al. 2021, arXiv:2108.13264, and its code rliable (1.2.0).
 */
import type { Random } from "./random.ts";

export type Interval = readonly [low: number, high: number];

export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}

/** Smallest of any number of values; Infinity of none. Math.min with an argument for each overflows the stack. */
export function minimum(values: ArrayLike<number>): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < values.length; i++) least = Math.min(least, values[i]);
  return least;
}

/** Largest of any number of values; -Infinity of none. */
export function maximum(values: ArrayLike<number>): number {
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) most = Math.max(most, values[i]);
  return most;
}

/** Count, mean and spread of numbers. */
export interface Moments {
  readonly count: number;
  readonly mean: number;
  /** Sum of squared differences from the mean. */
  readonly squares: number;
}

/** Moments of `values`; the mean of none is NaN. */
export function momentsOf(values: ArrayLike<number>): Moments {
  const average = mean(values);
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += (values[i] - average) ** 2;
  return { count: values.length, mean: average, squares };
}

/** Standard deviation of the numbers themselves, not an estimate of what they were drawn from. */
export const deviationOf = ({ squares, count }: Moments): number => Math.sqrt(squares / count);

/**
 * Mean of the middle half: a quarter of the values, rounded down, is left out at either end. Outliers move it less than
 * the mean, chance less than the median. Source: scipy.stats.trim_mean, as rliable uses it.
 */
export function interquartileMean(values: ArrayLike<number>): number {
  const sorted = Float64Array.from(values).sort();
  const cut = Math.floor(sorted.length / 4);
  return mean(sorted.subarray(cut, sorted.length - cut));
}

/** The value below which a share of the values lies, 0 to 1; between two values it is interpolated, as numpy does. */
export function quantile(values: ArrayLike<number>, share: number): number {
  const sorted = Float64Array.from(values).sort();
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}

/**
 * The 95 % interval of a statistic by the percentile bootstrap: each stratum's scores are drawn anew with replacement,
 * again and again. The same stream gives the same interval.
 * It has no width where the scores of a stratum are all equal; for success rates near 0 or 1 see `wilsonInterval`.
 * statistic: is given the strata as they were drawn, in arrays that are used again
 */
export function stratifiedBootstrap(
  strata: readonly ArrayLike<number>[],
  statistic: (strata: readonly Float64Array[]) => number,
  random: Random,
  resamples = 10_000,
): Interval {
  const drawn = strata.map(({ length }) => new Float64Array(length));
  return percentileInterval(resamples, () => {
    strata.forEach((scores, stratum) => {
      const own = drawn[stratum];
      for (let i = 0; i < own.length; i++) own[i] = scores[random.integer(own.length)];
    });
    return statistic(drawn);
  });
}

/**
 * The 95 % interval of a statistic of several trainings, where the training and its evaluation are both chance: a task's
 * runs are drawn anew with replacement, then the episodes of each, again and again. Wider than an interval over all
 * episodes together wherever runs differ by more than their episodes do.
 * tasks: of each, its runs; of each, one score per episode   statistic: is given the mean score of every run drawn, by task
 */
export function hierarchicalBootstrap(
  tasks: readonly (readonly ArrayLike<number>[])[],
  statistic: (means: readonly Float64Array[]) => number,
  random: Random,
  resamples = 10_000,
): Interval {
  const means = tasks.map(({ length }) => new Float64Array(length));
  return percentileInterval(resamples, () => {
    for (const [task, runs] of tasks.entries())
      for (let run = 0; run < runs.length; run++)
        means[task][run] = meanOfDraws(runs[random.integer(runs.length)], random);
    return statistic(means);
  });
}

/** Bounds of the middle 95 % of as many statistics as asked for. */
function percentileInterval(resamples: number, draw: () => number): Interval {
  const statistics = Float64Array.from({ length: resamples }, draw);
  return [quantile(statistics, 0.025), quantile(statistics, 0.975)];
}

function meanOfDraws(scores: ArrayLike<number>, random: Random): number {
  let sum = 0;
  for (let i = 0; i < scores.length; i++) sum += scores[random.integer(scores.length)];
  return sum / scores.length;
}

/** The interquartile mean over tasks and runs together, as rliable reports it. */
export function interquartileMeanOfRuns(strata: readonly ArrayLike<number>[]): number {
  return interquartileMean(strata.flatMap((scores) => Array.from(scores)));
}

/**
 * Probability that a run of x scores above one of y on the same task, 0 to 1, ties counted half; the mean over tasks.
 * x, y: strata of the same tasks
 */
export function probabilityOfImprovement(
  x: readonly ArrayLike<number>[],
  y: readonly ArrayLike<number>[],
): number {
  const perTask = x.map((ours, task) => {
    const theirs = Array.from(y[task]);
    return mean(Array.from(ours, (our) => mean(theirs.map((their) => (Math.sign(our - their) + 1) / 2))));
  });
  return mean(perTask);
}
