/** @file What a bench says of itself: rows, and the table they make. */

/** One measurement. Numbers without a counterpart are null. */
export interface Row {
  readonly name: string;
  readonly ours: number | null;
  readonly pytorch: number | null;
  /** Median of the paired ratios, ours / pytorch. */
  readonly ratio: number | null;
  readonly unit: "ms" | "MB";
  readonly clock: "processor" | "wall" | null;
  readonly threads: number;
  readonly batch: number;
  /** Relative, between the answers of the two. */
  readonly lossDifference: number | null;
  readonly limit: { readonly of: "ratio" | "ours"; readonly atMost: number };
  /** Pairs that the medians are taken of. */
  readonly rounds: number;
}

/** Machine, versions and settings: what a number means nothing without. */
export type Setting = Readonly<Record<string, string>>;

export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Whether the measured number keeps its limit. */
function isWithin(row: Row): boolean {
  const value = row[row.limit.of];
  return value !== null && value <= row.limit.atMost;
}

const header = ["name", "threads", "batch", "ours", "PyTorch", "ratio", "limit", "", "loss difference"];

/** The cells under the header. */
export function showRow(row: Row): string[] {
  return [
    row.name,
    String(row.threads),
    String(row.batch),
    showQuantity(row.ours, row.unit),
    showQuantity(row.pytorch, row.unit),
    row.ratio?.toFixed(2) ?? "-",
    row.limit.of === "ratio" ? row.limit.atMost.toFixed(2) : showQuantity(row.limit.atMost, row.unit),
    isWithin(row) ? "kept" : "missed",
    row.lossDifference?.toExponential(1) ?? "-",
  ];
}

export function showTable(setting: Setting, rows: readonly Row[]): string {
  const cells = rows.map(showRow);
  const widths = header.map((_, i) => Math.max(...[header, ...cells].map((line) => line[i].length)));
  const lines = [header, ...cells].map((line) =>
    line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join("  "),
  );
  const kept = rows.filter(isWithin).length;
  return [
    ...Object.entries(setting).map(([key, value]) => `${key}: ${value}`),
    "",
    ...lines,
    "",
    `${kept} of ${rows.length} rows within their limits`,
  ].join("\n");
}

function showQuantity(value: number | null, unit: Row["unit"]): string {
  return value === null ? "-" : `${value.toFixed(value < 100 ? 1 : 0)} ${unit}`;
}
