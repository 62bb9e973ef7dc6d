/**
 * @file Statistics of a LeRobot feature, of an episode or of the whole set, as LeRobot's own recorder writes them: what it adds
 * to a set is joined with them.
 * Source: lerobot 0.6.1, datasets/compute_stats.py. Differs: quantiles of an episode are exact, not those of a histogram.
 * Symbols: T steps, C channels (the last axis).
 */
import { type Part, quantile, sizeOfPart } from "../../base/index.ts";
import { joinStatistics, type Statistics, statisticsOf } from "../statistics.ts";
import type { ParquetType } from "./parquet-file.ts";

/** Statistics by channel, with quantiles. `steps` is T. */
export interface FeatureStatistics extends Statistics {
  readonly steps: number;
  readonly quantiles: Readonly<Record<keyof typeof shares, readonly number[]>>;
}

const shares = { q01: 0.01, q10: 0.1, q50: 0.5, q90: 0.9, q99: 0.99 };
const quantileNames = Object.keys(shares) as (keyof typeof shares)[];
const names = ["min", "max", "mean", "std", "count", ...quantileNames] as const;

/** rows: (T, ...), T at least 1 */
export function featureStatistics(
  rows: Float32Array | Float64Array | Uint8Array,
  part: Part,
): FeatureStatistics {
  const channels = part.shape.at(-1) ?? 1;
  const columns = Array.from({ length: channels }, (_, c) =>
    Float64Array.from({ length: rows.length / channels }, (_, row) => rows[row * channels + c]),
  );
  return {
    ...statisticsOf(rows, channels),
    steps: rows.length / sizeOfPart(part),
    quantiles: ofQuantiles((name) => columns.map((column) => quantile(column, shares[name]))),
  };
}

/** Those of several parts of a set. Quantiles are means by steps, as LeRobot joins them. */
export function joinFeatureStatistics(a: FeatureStatistics, b: FeatureStatistics): FeatureStatistics {
  const steps = a.steps + b.steps;
  return {
    ...joinStatistics([a, b]),
    steps,
    quantiles: ofQuantiles((name) =>
      a.quantiles[name].map((x, i) => x + (b.steps / steps) * (b.quantiles[name][i] - x)),
    ),
  };
}

const ofQuantiles = (of: (name: keyof typeof shares) => readonly number[]) =>
  Object.fromEntries(quantileNames.map((name) => [name, of(name)])) as FeatureStatistics["quantiles"];

/** LeRobot's statistics by name. Those of pictures are of numbers from 0 to 1, a channel in the shape (1, 1). */
export function asLeRobot(key: string, part: Part, own: FeatureStatistics): Record<string, unknown[]> {
  const values = { ...own, ...own.quantiles };
  const isPicture = isPictureOf(key, part);
  return Object.fromEntries(
    names.map((name) => {
      if (name === "count") return [name, [own.steps]];
      return [name, isPicture ? values[name].map((number) => [[number / 255]]) : [...values[name]]];
    }),
  );
}

/** Columns of the table of episodes that hold a feature's statistics: "stats/action/min", ... */
export const statisticsTypes = (key: string, part: Part): Readonly<Record<string, ParquetType>> =>
  Object.fromEntries(
    names.map((name): [string, ParquetType] => [
      `stats/${key}/${name}`,
      name === "count"
        ? { element: "int64", lists: 1 }
        : { element: "double", lists: isPictureOf(key, part) ? 3 : 1 },
    ]),
  );

/** An episode's row of those columns. */
export const statisticsRow = (key: string, part: Part, own: FeatureStatistics) =>
  Object.fromEntries(
    Object.entries(asLeRobot(key, part, own)).map(([name, list]) => [
      `stats/${key}/${name}`,
      name === "count" ? list.map((count) => BigInt(count as number)) : list,
    ]),
  );

/** LeRobot takes a feature for pictures by its name, and asks for such a shape. */
const isPictureOf = (key: string, { shape }: Part) => key.includes("image") && shape.length === 3;
