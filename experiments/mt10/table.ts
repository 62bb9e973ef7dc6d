/**
 * @file The tables of this experiment of the folders that `run.ts` wrote: `results.csv` beside this file, and Markdown on stdout.
 *
 *     npx tsx experiments/mt10/table.ts outputs/mt10
 */
import { join } from "node:path";
import { mean } from "../../src/base/index.ts";
import { evaluatedRuns, iqm, share, signed, unique, writeCsv } from "../shared/tables.ts";

const [, , root] = process.argv;
if (root === undefined) throw new Error("usage: npx tsx experiments/mt10/table.ts <output folder>");

const rows = ["main", "ablations"].flatMap((part) =>
  evaluatedRuns(root, part).map((run) => ({ part, ...run })),
);
writeCsv(
  join(import.meta.dirname, "results.csv"),
  ["part", "variant", "task", "seed", "before", "best", "last"],
  rows,
);
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
