/**
 * @file The tables of this experiment as Markdown, of the folders that `run.ts` wrote, of which `results.csv` beside this file is
 * made anew; without a folder, of that file as it is.
 *
 *     npx tsx experiments/mt10/table.ts [outputs/mt10]
 */
import { join } from "node:path";
import { ahead, evaluatedRuns, iqm, readEvaluatedRuns, share, unique, writeCsv } from "../shared/tables.ts";

const [, , root] = process.argv;
const csv = join(import.meta.dirname, "results.csv");
if (root !== undefined) {
  const parts = ["main", "ablations"].map(async (part) =>
    (await evaluatedRuns(root, part)).map((run) => ({ part, ...run })),
  );
  const columns = ["part", "variant", "task", "seed", "before", "best", "last", "evalSteps"] as const;
  writeCsv(csv, columns, (await Promise.all(parts)).flat());
}
const rows = readEvaluatedRuns(csv);
console.log(`${mainTable().join("\n")}\n\n${ablationTable().join("\n")}\n\n${evaluationCost().join("\n")}`);

/** Environment steps of the runs' own evaluations, by part. */
function evaluationCost(): string[] {
  return unique(rows.map(({ part }) => part ?? "")).map((part) => {
    const steps = rows.filter((row) => row.part === part).map(({ evalSteps }) => evalSteps);
    return `${part}: a run's own evaluations took ${Math.min(...steps)} to ${Math.max(...steps)} environment steps more.`;
  });
}

function mainTable(): string[] {
  const own = rows.filter(({ part }) => part === "main");
  return [
    "| task | before | best checkpoint | last checkpoint | each seed: before, best, last |",
    "|---|---|---|---|---|",
    ...unique(own.map(({ task }) => task)).map((task) => {
      const runs = own.filter((row) => row.task === task);
      const shares = (["before", "best", "last"] as const).map((when) => share(runs.map((row) => row[when])));
      const each = runs.map(({ before, best, last }) => [before, best, last].join(", "));
      return `| ${[task, ...shares, each.join("; ")].join(" | ")} |`;
    }),
  ];
}

function ablationTable(): string[] {
  const own = rows.filter(({ part }) => part === "ablations");
  const tasks = unique(own.map(({ task }) => task));
  const runsOf = (variant: string) => own.filter((row) => row.variant === variant);
  return [
    `| variant | ${tasks.join(" | ")} | IQM, last checkpoint | IQM, best checkpoint | bc ahead, last checkpoint |`,
    `|---|${tasks.map(() => "---|").join("")}---|---|---|`,
    ...unique(own.map(({ variant }) => variant)).map((variant) => {
      const strata = (of: "best" | "last") =>
        tasks.map((task) =>
          runsOf(variant)
            .filter((row) => row.task === task)
            .map((row) => row[of]),
        );
      const perTask = strata("last").map((scores) => scores.join(", "));
      const lead = variant === "bc" ? "" : ahead(runsOf("bc"), runsOf(variant), "last");
      return `| ${[variant, ...perTask, iqm(strata("last")), iqm(strata("best")), lead].join(" | ")} |`;
    }),
  ];
}
