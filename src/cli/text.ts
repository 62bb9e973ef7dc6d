/** @file Numbers as commands write them. */
import { maximum } from "../base/index.ts";

/** A share with one decimal: 0.884 as "88.4 %". */
export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** An interval of shares. */
export const intervalText = ([low, high]: readonly [number, number]): string =>
  `${percent(low)} to ${percent(high)}`;

/** A histogram in one line: a bar per count, the tallest for the largest. */
export function bars(counts: readonly number[]): string {
  const steps = "▁▂▃▄▅▆▇█";
  const most = Math.max(maximum(counts), 1);
  return counts
    .map((count) => (count === 0 ? " " : steps[Math.ceil((count / most) * steps.length) - 1]))
    .join("");
}
