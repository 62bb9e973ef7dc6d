/** @file Report of the envs bench: a row per task, and totals. */
import { median, type Setting } from "../learning/report.ts";

export interface EnvRow {
  readonly task: string;
  /** Steps per second of processor time. */
  readonly ours: number;
  readonly python: number;
  /** Median of the paired ratios, ours / python: how many times as fast we are. */
  readonly ratio: number;
  /** Milliseconds of processor time per reset. */
  readonly resetOurs: number;
  readonly resetPython: number;
  /** python / ours. */
  readonly resetRatio: number;
  /** Milliseconds on the wall from a task's name to its environment. */
  readonly loadOurs: number;
  readonly loadPython: number;
  readonly steps: number;
  /** Largest difference of the observations after the last action, metres: engines of different versions drift. */
  readonly drift: number;
}

/** All fifty environments in one worker. */
export interface Footprint {
  /** Slowest, milliseconds. */
  readonly slowestLoad: number;
  readonly medianLoad: number;
  /** The simulator's memory, MB. */
  readonly heap: number;
  /** Growth of the process, MB; null where the system does not tell. */
  readonly resident: number | null;
}

export interface Total {
  readonly name: string;
  readonly value: number;
  readonly limit: { readonly atLeast: number } | { readonly atMost: number };
  readonly unit: "times" | "ms" | "MB";
  readonly verdict: "kept" | "missed";
}

export function totals(rows: readonly EnvRow[], { slowestLoad, heap, resident }: Footprint): Total[] {
  const ratios = rows.map(({ ratio }) => ratio);
  return [
    total("steps, median ratio", median(ratios), "times", { atLeast: 2 }),
    total("steps, smallest ratio", Math.min(...ratios), "times", { atLeast: 1 }),
    total("reset, smallest ratio", Math.min(...rows.map(({ resetRatio }) => resetRatio)), "times", {
      atLeast: 5,
    }),
    total("slowest scene to load", slowestLoad, "ms", { atMost: 100 }),
    total("all 50 scenes in one worker", resident ?? heap, "MB", { atMost: 200 }),
  ];
}

function total(name: string, value: number, unit: Total["unit"], limit: Total["limit"]): Total {
  const kept = "atLeast" in limit ? value >= limit.atLeast : value <= limit.atMost;
  return { name, value, unit, limit, verdict: kept ? "kept" : "missed" };
}

const header = [
  "task",
  "ours",
  "Python",
  "ratio",
  "reset ours",
  "Python",
  "ratio",
  "load ours",
  "Python",
  "drift",
];

/** The cells under the header. */
export function showRow(row: EnvRow): string[] {
  return [
    row.task,
    `${row.ours.toFixed(0)}/s`,
    `${row.python.toFixed(0)}/s`,
    row.ratio.toFixed(2),
    `${row.resetOurs.toFixed(2)} ms`,
    `${row.resetPython.toFixed(1)} ms`,
    row.resetRatio.toFixed(1),
    `${row.loadOurs.toFixed(0)} ms`,
    `${row.loadPython.toFixed(0)} ms`,
    row.drift.toExponential(0),
  ];
}

export function showTable(setting: Setting, rows: readonly EnvRow[], sums: readonly Total[]): string {
  const cells = [header, ...rows.map(showRow)];
  const widths = header.map((_, i) => Math.max(...cells.map((line) => line[i].length)));
  const lines = cells.map((line) =>
    line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join("  "),
  );
  return [
    ...Object.entries(setting).map(([key, value]) => `${key}: ${value}`),
    "",
    ...lines,
    "",
    ...sums.map(showTotal),
  ].join("\n");
}

function showTotal({ name, value, unit, limit, verdict }: Total): string {
  const bound = "atLeast" in limit ? `at least ${limit.atLeast}` : `at most ${limit.atMost}`;
  return `${name}: ${value.toFixed(unit === "times" ? 2 : 0)} ${unit}, ${bound}: ${verdict}`;
}
