/**
 * @file The tables of this experiment from what `run.ts` left: `results.csv` beside this file, and Markdown on stdout.
 *
 *     npx tsx experiments/mt10/table.ts outputs/mt10
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Random, wilsonInterval } from "../../src/base/index.ts";
import { interquartileMeanOfRuns, mean, stratifiedBootstrap } from "../../src/rollout/index.ts";

const [, , root] = process.argv;
if (root === undefined) throw new Error("usage: npx tsx experiments/mt10/table.ts <output folder>");

interface Row {
  readonly part: string;
  readonly variant: string;
  readonly task: string;
  readonly seed: string;
  /** Per cent of the episodes that were solved: by the pre-trained planner, the best and the last checkpoint. */
  readonly before: number;
  readonly best: number;
  readonly last: number;
}
const episodes = 50;

const rows: readonly Row[] = ["main", "ablations"].flatMap((part) =>
  list(join(root, part)).flatMap((variant) =>
    list(join(root, part, variant)).flatMap((task) =>
      list(join(root, part, variant, task)).flatMap((seed) => {
        const run = join(root, part, variant, task, seed);
        const [before, best, last] = [
          join(root, "before", task, seed),
          join(run, "eval-best"),
          join(run, "eval-last"),
        ].map(solved);
        return before === null || best === null || last === null
          ? []
          : [{ part, variant, task, seed, before, best, last }];
      }),
    ),
  ),
);
const columns = ["part", "variant", "task", "seed", "before", "best", "last"] as const;
const lines = rows.map((row) => columns.map((column) => row[column]).join(","));
writeFileSync(join(import.meta.dirname, "results.csv"), `${[columns.join(","), ...lines].join("\n")}\n`);
console.log(`${mainTable().join("\n")}\n\n${ablationTable().join("\n")}`);

function mainTable(): string[] {
  const own = rows.filter(({ part }) => part === "main");
  return [
    "| task | before | after | each seed | rise |",
    "|---|---|---|---|---|",
    ...unique(own.map(({ task }) => task)).map((task) => {
      const runs = own.filter((row) => row.task === task);
      const [before, after] = [mean(runs.map((row) => row.before)), mean(runs.map((row) => row.best))];
      const each = runs.map((row) => `${row.before} → ${row.best}`).join(", ");
      return `| ${task} | ${share(before, runs.length)} | ${share(after, runs.length)} | ${each} | ${signed(after - before)} |`;
    }),
  ];
}

function ablationTable(): string[] {
  const own = rows.filter(({ part }) => part === "ablations");
  const tasks = unique(own.map(({ task }) => task));
  return [
    `| variant | ${tasks.join(" | ")} | IQM, last checkpoint | IQM, best checkpoint |`,
    `|---|${tasks.map(() => "---|").join("")}---|---|`,
    ...unique(own.map(({ variant }) => variant)).map((variant) => {
      const strata = (of: "best" | "last") =>
        tasks.map((task) =>
          own.filter((row) => row.variant === variant && row.task === task).map((row) => row[of]),
        );
      const perTask = strata("last").map((scores) => scores.join(", "));
      return `| ${[variant, ...perTask, iqm(strata("last")), iqm(strata("best"))].join(" | ")} |`;
    }),
  ];
}

/** Interquartile mean over tasks and seeds, with its 95 % interval. */
function iqm(strata: readonly (readonly number[])[]): string {
  const [low, high] = stratifiedBootstrap(strata, interquartileMeanOfRuns, new Random(0));
  return `${interquartileMeanOfRuns(strata).toFixed(1)} (${low.toFixed(1)} to ${high.toFixed(1)})`;
}

/** A percentage of all runs' episodes with its 95 % interval. */
function share(percent: number, runs: number): string {
  const all = runs * episodes;
  const [low, high] = wilsonInterval(Math.round((percent / 100) * all), all);
  return `${percent.toFixed(1)} % (${(100 * low).toFixed(0)} to ${(100 * high).toFixed(0)})`;
}

function solved(folder: string): number | null {
  const file = join(folder, "eval_info.json");
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).overall.pc_success : null;
}

function list(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)];
}

function signed(points: number): string {
  return `${points < 0 ? "−" : "+"}${Math.abs(points).toFixed(1)}`;
}
