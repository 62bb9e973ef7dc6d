/** @file A curve: one metric of one run over another. */
import { mean } from "../base/index.ts";
import type { MetricsLine, RunFiles } from "../wire/index.ts";
import { groupBy } from "./group-by.ts";

/** A metric's points, by rising x. */
export interface Curve {
  readonly run: RunFiles;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** The run's `y` over `x`; values at the same x are averaged. */
export function curveOf(run: RunFiles, x: string, y: string): Curve {
  const points = run.metrics.flatMap((line) => {
    const [at, value] = [line[x as keyof MetricsLine], line[y as keyof MetricsLine]];
    return typeof at === "number" && typeof value === "number" ? [[at, value] as const] : [];
  });
  return { run, points: averaged(points, ([at]) => at) };
}

/** A point for each value of `place`, at it: the mean of the points there. */
function averaged(
  points: Curve["points"],
  place: (point: readonly [number, number]) => number,
): Curve["points"] {
  const there = groupBy(points, place);
  return [...there]
    .map(([at, group]) => [at, mean(group.map(([, value]) => value))] as const)
    .sort(([a], [b]) => a - b);
}

/** The first x, and the last. */
export const startOf = ({ points }: Curve): number => points[0][0];
export const endOf = ({ points }: Curve): number => points[points.length - 1][0];

/** The curve from `first` to `last` as the means of so many equal parts, each at its middle. */
export function binned({ run, points }: Curve, first: number, last: number, bins: number): Curve {
  const width = (last - first) / bins;
  const middle = (x: number) => first + (Math.min(Math.floor((x - first) / width), bins - 1) + 0.5) * width;
  const within = points.filter(([x]) => x >= first && x <= last);
  return { run, points: averaged(within, ([x]) => middle(x)) };
}

/** A curve's value at x, between its neighbours; beyond its ends, its ends'. */
export function valueAt(points: Curve["points"], x: number): number {
  const next = points.findIndex(([place]) => place >= x);
  if (next === -1) return points[points.length - 1][1];
  const [x1, y1] = points[next];
  if (next === 0 || x1 === x) return y1;
  const [x0, y0] = points[next - 1];
  return y0 + ((x - x0) / (x1 - x0)) * (y1 - y0);
}
