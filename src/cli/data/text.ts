/** @file How these commands write numbers. */

export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

export const intervalText = ([low, high]: readonly [number, number]): string =>
  `${percent(low)} to ${percent(high)}`;

/** "1.2 GB" */
export function size(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1);
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}

/** Whole numbers in ascending order, runs of them in short: "3, 11-17". */
export function ranges(numbers: readonly number[]): string {
  const runs: [first: number, last: number][] = [];
  for (const number of numbers) {
    const run = runs.at(-1);
    if (run !== undefined && run[1] === number - 1) run[1] = number;
    else runs.push([number, number]);
  }
  return runs.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`)).join(", ");
}

/** A histogram in one line: a bar per count, the tallest for the largest. */
export function bars(counts: readonly number[]): string {
  const steps = "▁▂▃▄▅▆▇█";
  const most = Math.max(...counts, 1);
  return counts
    .map((count) => (count === 0 ? " " : steps[Math.ceil((count / most) * steps.length) - 1]))
    .join("");
}
