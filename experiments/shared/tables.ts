/** @file Parts that tables of experiments have in common. Percentages are of episodes solved. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  hierarchicalBootstrap,
  interquartileMeanOfRuns,
  mean,
  Random,
  stratifiedBootstrap,
  wilsonInterval,
} from "../../src/base/index.ts";
import { readRun } from "../../src/runs/index.ts";

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
  /** Environment steps of the run's own evaluations, which its budget does not count; NaN where it did not log them. */
  readonly evalSteps: number;
}

/** Runs of `tuningJobs` in `<root>/<part>/<variant>/<task>/<seed>`, without those that are not evaluated yet. */
export async function evaluatedRuns(root: string, part: string): Promise<EvaluatedRun[]> {
  const places = list(join(root, part)).flatMap((variant) =>
    list(join(root, part, variant)).flatMap((task) =>
      list(join(root, part, variant, task)).map((seed) => ({ variant, task, seed })),
    ),
  );
  const runs: EvaluatedRun[] = [];
  for (const { variant, task, seed } of places) {
    const run = join(root, part, variant, task, seed);
    const folders = [join(root, "before", task, seed), join(run, "eval-best"), join(run, "eval-last")];
    const [before, best, last] = folders.map(solved);
    if (before === null || best === null || last === null) continue;
    runs.push({ variant, task, seed, before, best, last, evalSteps: await evaluationSteps(run) });
  }
  return runs;
}

async function evaluationSteps(run: string): Promise<number> {
  const { metrics } = await readRun(run);
  const evaluations = metrics.filter((line) => "eval/success_rate" in line);
  return evaluations.reduce((sum, line) => sum + (line["eval/env_steps"] ?? Number.NaN), 0);
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

/**
 * Mean success of runs that differ in their training seed, with its 95 % interval: seeds and episodes are both drawn anew, and
 * it is never narrower than Wilson's over all episodes, which alone has a width where every episode was solved, or none.
 * percents: of each run's episodes
 */
export function share(percents: readonly number[]): string {
  const successes = percents.map((percent) => Math.round((percent / 100) * episodes));
  const runs = successes.map((count) => Array.from({ length: episodes }, (_, i) => Number(i < count)));
  const drawn = hierarchicalBootstrap([runs], ([means]) => mean(means), new Random(0));
  const wilson = wilsonInterval(mean(successes) * percents.length, percents.length * episodes);
  const [low, high] = [Math.min(drawn[0], wilson[0]), Math.max(drawn[1], wilson[1])];
  return `${mean(percents).toFixed(1)} % (${(100 * low).toFixed(0)} to ${(100 * high).toFixed(0)})`;
}

/**
 * Lead of one variant over another, in points, with the 95 % interval over training seeds: runs are paired by task and
 * seed, tasks weigh the same. null where a pair is missing.
 */
export function ahead(
  ours: readonly EvaluatedRun[],
  theirs: readonly EvaluatedRun[],
  checkpoint: "best" | "last",
): string | null {
  const differences = unique(ours.map(({ task }) => task)).map((task) =>
    ours
      .filter((run) => run.task === task)
      .map((run) => {
        const other = theirs.find((their) => their.task === task && their.seed === run.seed);
        return other === undefined ? Number.NaN : run[checkpoint] - other[checkpoint];
      }),
  );
  const statistic = (strata: readonly ArrayLike<number>[]) => mean(strata.map(mean));
  const points = statistic(differences);
  if (Number.isNaN(points)) return null;
  const [low, high] = stratifiedBootstrap(differences, statistic, new Random(0));
  return `${signed(points)} (${signed(low)} to ${signed(high)})`;
}

/** Evaluated runs of a CSV file that `writeCsv` wrote, and the part of the experiment they belong to, if it has parts. */
export function readEvaluatedRuns(file: string): (EvaluatedRun & { readonly part: string | undefined })[] {
  const [header, ...lines] = readFileSync(file, "utf8").trimEnd().split("\n");
  const columns = header.split(",");
  return lines.map((line) => {
    const cells = line.split(",");
    const row = Object.fromEntries(columns.map((column, i) => [column, cells[i]]));
    const { part, variant, task, seed } = row;
    const [before, best, last, evalSteps] = [row.before, row.best, row.last, row.evalSteps].map(Number);
    return { part, variant, task, seed, before, best, last, evalSteps };
  });
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
