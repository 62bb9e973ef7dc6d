/** @file Report of a bench: rows, and the table they make. */

/** One measurement. Numbers without a counterpart are null. */
export interface Row {
  readonly name: string;
  readonly ours: number | null;
  readonly pytorch: number | null;
  /** Median of the paired ratios, ours / pytorch. */
  readonly ratio: number | null;
  readonly unit: "ms" | "MB";
  /** Meaning of time: of the processor, all threads together, or on the wall. */
  readonly clock: "processor" | "wall" | null;
  readonly threads: number;
  readonly batch: number;
  /** Relative, between the answers of the two. */
  readonly lossDifference: number | null;
  readonly limit: { readonly of: "ratio" | "ours"; readonly atMost: number };
  /** Pairs measured. */
  readonly rounds: number;
  /** Those in which the machine had little else to do: the medians are theirs, or of all pairs if these are too few. */
  readonly quietRounds: number | null;
}

/** Machine, versions and settings: what a number means nothing without. */
export type Setting = Readonly<Record<string, string>>;

export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** So many quiet rounds stand for all; with fewer, all count. */
export const enoughQuiet = 3;

/** Verdict on the measured number's limit; "disturbed" where other programs make a time on the wall mean nothing. */
export function verdict(row: Row): "kept" | "missed" | "disturbed" {
  if (row.clock === "wall" && row.quietRounds !== null && row.quietRounds < enoughQuiet) return "disturbed";
  const value = row[row.limit.of];
  return value !== null && value <= row.limit.atMost ? "kept" : "missed";
}

const header = [
  "name",
  "threads",
  "batch",
  "ours",
  "PyTorch",
  "ratio",
  "limit",
  "",
  "quiet",
  "loss difference",
];

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
    verdict(row),
    row.quietRounds === null ? "-" : `${row.quietRounds}/${row.rounds}`,
    row.lossDifference?.toExponential(1) ?? "-",
  ];
}

export function showTable(setting: Setting, rows: readonly Row[]): string {
  const cells = rows.map(showRow);
  const widths = header.map((_, i) => Math.max(...[header, ...cells].map((line) => line[i].length)));
  const lines = [header, ...cells].map((line) =>
    line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join("  "),
  );
  const kept = rows.filter((row) => verdict(row) === "kept").length;
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
