/** @file Ticks of an axis: their places and their labels. */

/** Round numbers within [low, high], about `count` of them, a step of 1, 2 or 5 times a power of ten apart. */
export function ticks(low: number, high: number, count: number): number[] {
  const step = tickStep(low, high, count);
  const [first, last] = [Math.ceil(low / step - 1e-9), Math.floor(high / step + 1e-9)];
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** [low, high] widened to whole tick steps. A range without width gets some on both sides. */
export function roundRange(low: number, high: number, count: number): readonly [low: number, high: number] {
  if (low === high) return [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2];
  const step = tickStep(low, high, count);
  return [Math.floor(low / step + 1e-9) * step, Math.ceil(high / step - 1e-9) * step];
}

/** 1, 2 or 5 times a power of ten, whichever is nearest, by ratio, to what gives `count` steps. */
function tickStep(low: number, high: number, count: number): number {
  const wanted = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(wanted));
  const ratio = wanted / power;
  return power * (ratio < Math.sqrt(2) ? 1 : ratio < Math.sqrt(10) ? 2 : ratio < Math.sqrt(50) ? 5 : 10);
}

/** Label of a tick: 0.25, 40, 20k, 1.5M, 1e-4. */
export function tickLabel(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e6 && size < 1e12) return `${signed(value / 1e6)}M`;
  if (size >= 1e4 && size < 1e6) return `${signed(value / 1e3)}k`;
  if (value !== 0 && (size < 1e-3 || size >= 1e12))
    return Number(value.toPrecision(6)).toExponential().replace("e+", "e").replaceAll("-", "−");
  return signed(value);
}

/** A share as whole per cent: 0.884 as "88 %", with a no-break space. */
export function percentLabel(share: number): string {
  return `${signed(Math.round(100 * share))}\u00a0%`;
}

/** Whole numbers in ascending order, consecutive ones as a range: "3, 11-17". */
export function asRanges(numbers: readonly number[]): string {
  const runs: [first: number, last: number][] = [];
  for (const number of numbers) {
    const run = runs.at(-1);
    if (run !== undefined && run[1] === number - 1) run[1] = number;
    else runs.push([number, number]);
  }
  return runs.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`)).join(", ");
}

/** With at most six digits and a true minus sign. */
function signed(value: number): string {
  return `${Number(value.toPrecision(6))}`.replace("-", "−");
}
