/** @file Parts that tables of experiments have in common. Percentages are of episodes solved. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  interquartileMeanOfRuns,
  Random,
  stratifiedBootstrap,
  wilsonInterval,
} from "../../src/base/index.ts";

/** Episodes of an evaluation. */
const episodes = 50;

/** A fine-tuned run, as it was evaluated. */
export interface EvaluatedRun {
  readonly variant: string;
  readonly task: string;
  readonly seed: string;
  /** Per cent of the episodes that were solved: by the pre-trained planner, the best and the last checkpoint. */
  readonly before: number;
  readonly best: number;
  readonly last: number;
}

/** Runs of `tuningJobs` in `<root>/<part>/<variant>/<task>/<seed>`, without those that are not evaluated yet. */
export function evaluatedRuns(root: string, part: string): EvaluatedRun[] {
  return list(join(root, part)).flatMap((variant) =>
    list(join(root, part, variant)).flatMap((task) =>
      list(join(root, part, variant, task)).flatMap((seed) => {
        const run = join(root, part, variant, task, seed);
        const folders = [join(root, "before", task, seed), join(run, "eval-best"), join(run, "eval-last")];
        const [before, best, last] = folders.map(solved);
        return before === null || best === null || last === null
          ? []
          : [{ variant, task, seed, before, best, last }];
      }),
    ),
  );
}

/** Per cent solved of an evaluation's folder, by any version of sodp; null if there is none. */
function solved(folder: string): number | null {
  const file = join(folder, "eval_info.json");
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).overall.pc_success : null;
}

/** Writes `columns` of `rows`. */
export function writeCsv<Row>(file: string, columns: readonly (keyof Row)[], rows: readonly Row[]): void {
  const lines = rows.map((row) => columns.map((column) => row[column]).join(","));
  writeFileSync(file, `${[columns.join(","), ...lines].join("\n")}\n`);
}

/** Interquartile mean over tasks and seeds, with its 95 % interval. */
export function iqm(strata: readonly (readonly number[])[]): string {
  const [low, high] = stratifiedBootstrap(strata, interquartileMeanOfRuns, new Random(0));
  return `${interquartileMeanOfRuns(strata).toFixed(1)} (${low.toFixed(1)} to ${high.toFixed(1)})`;
}

/** A percentage of all runs' episodes with its 95 % interval. */
export function share(percent: number, runs: number): string {
  const all = runs * episodes;
  const [low, high] = wilsonInterval(Math.round((percent / 100) * all), all);
  return `${percent.toFixed(1)} % (${(100 * low).toFixed(0)} to ${(100 * high).toFixed(0)})`;
}

/** Names in a folder, sorted; none if there is no folder. */
function list(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}

export function unique(names: readonly string[]): string[] {
  return [...new Set(names)];
}

export function signed(points: number): string {
  return `${points < 0 ? "−" : "+"}${Math.abs(points).toFixed(1)}`;
}
