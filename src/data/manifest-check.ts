/** @file Consistency of a manifest: what its parts say of each other. */
import type { z } from "zod";
import { type Space, type Spaces, sizeOfPart } from "../base/index.ts";
import { partPlaces } from "./episodes/index.ts";
import { columnOfPart } from "./shard-columns.ts";
import type { Statistics } from "./statistics.ts";

interface Shards {
  readonly spaces: Spaces;
  readonly shards: readonly {
    readonly file: string;
    readonly sha256: string;
    readonly steps: number;
    readonly stats: Readonly<Record<string, Statistics>>;
  }[];
}

/** Adds an issue for each contradiction: names and statistics of other sizes than the parts, shards that come twice. */
export function checkConsistency({ spaces, shards }: Shards, { addIssue }: z.RefinementCtx): void {
  const add = (path: readonly (string | number)[], message: string) =>
    addIssue({ code: "custom", path: [...path], message });
  for (const kind of ["observation", "action"] as const)
    for (const [part, { shape, names }] of Object.entries(spaces[kind]))
      if (names !== undefined && names.length !== (shape.at(-1) ?? 1))
        add(["spaces", kind, part], `${names.length} names for ${shape.at(-1) ?? 1} numbers`);
  const columns = statisticsColumns(spaces);
  for (const [i, { file, sha256, steps, stats }] of shards.entries()) {
    const first = shards.findIndex((other) => other.file === file || other.sha256 === sha256);
    if (first < i) add(["shards", i, "file"], `${file} is listed twice, first as shards.${first}`);
    const other = Object.keys(stats).find((name) => !Object.hasOwn(columns, name));
    if (other !== undefined) add(["shards", i, "stats"], `there is no column ${other}`);
    for (const [name, { channels, rows }] of Object.entries(columns)) {
      const fault = stats[name] === undefined ? "missing" : faultOf(stats[name], channels, rows * steps);
      if (fault !== undefined) add(["shards", i, "stats", name], fault);
    }
  }
}

/** Columns that have statistics: their channels, and rows of them per step. */
function statisticsColumns({ observation, action }: Spaces) {
  const ofParts = (kind: keyof Spaces, space: Space) =>
    partPlaces(space).map(({ name, part, channels }) => [
      columnOfPart(kind, name),
      { channels, rows: sizeOfPart(part) / channels },
    ]);
  return Object.fromEntries([
    ...ofParts("observation", observation),
    ...ofParts("action", action),
    ["next.reward", { channels: 1, rows: 1 }],
  ]) as Readonly<Record<string, { readonly channels: number; readonly rows: number }>>;
}

/** Share of the range by which rounding may carry a mean beyond it. */
const rounding = 1e-6;

function faultOf(
  { count, min, max, mean, std }: Statistics,
  channels: number,
  rows: number,
): string | undefined {
  for (const [name, numbers] of Object.entries({ min, max, mean, std }))
    if (numbers.length !== channels) return `${name} has ${numbers.length} numbers, the column ${channels}`;
  if (count !== rows) return `count is ${count}, the column has ${rows} rows`;
  for (let i = 0; i < channels; i++) {
    const slack = rounding * (Math.abs(min[i]) + Math.abs(max[i]));
    const inside = mean[i] >= min[i] - slack && mean[i] <= max[i] + slack;
    if (min[i] > max[i] || !inside || std[i] < 0 || std[i] > max[i] - min[i] + slack)
      return `of number ${i}, min ${min[i]}, max ${max[i]}, mean ${mean[i]} and std ${std[i]} contradict each other`;
  }
  return undefined;
}
