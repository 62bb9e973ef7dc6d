/**
 * @file The tables of this experiment of the folders that `run.ts` wrote, for each of its parts: a CSV file beside this file (`replays.csv`,
 * `results.csv`, `agents.csv`), and Markdown on stdout. Without a folder, `planner` is the table of `results.csv` as it is.
 *
 *     npx tsx experiments/sac/table.ts data|planner|agents [outputs/sac]
 */
import { join } from "node:path";
import { mean } from "../../src/base/index.ts";
import { Dataset } from "../../src/data/index.ts";
import { findRuns, readRun } from "../../src/runs/index.ts";
import {
  type EvaluatedRun,
  evaluatedRuns,
  iqm,
  readEvaluatedRuns,
  share,
  signed,
  unique,
  writeCsv,
} from "../shared/tables.ts";

const [, , part, root] = process.argv;
const csv = join(import.meta.dirname, "results.csv");
if (part === "planner") {
  const columns = ["variant", "task", "seed", "before", "best", "last"] as const;
  if (root !== undefined) writeCsv(csv, columns, await evaluatedRuns(root, "finetune"));
  print(tuningTable(readEvaluatedRuns(csv)));
} else if (part === "agents" && root !== undefined)
  print(await agentTable(join(root, "agents"), "agents.csv"));
else if (part === "data" && root !== undefined) {
  using data = await Dataset.open(join(root, "data"));
  print(await agentTable(join(root, "data"), "replays.csv"));
  print(["", ...dataTable(data)]);
} else throw new Error("usage: npx tsx experiments/sac/table.ts data|planner|agents [output folder]");

function print(lines: readonly string[]): void {
  console.log(lines.join("\n"));
}

/** Of the agents below `folder`, by their own evaluations. */
async function agentTable(folder: string, csv: string): Promise<string[]> {
  const runs = await Promise.all((await findRuns([folder])).map(readRun));
  const agents = runs.map(({ config, metrics }) => ({
    task: config["env.task"],
    seed: config.seed,
    curve: metrics.flatMap(({ env_steps = 0, "eval/success_rate": success }) =>
      typeof success === "number" ? [{ env_steps, success: Math.round(100 * success) }] : [],
    ),
  }));
  writeCsv(
    join(import.meta.dirname, csv),
    ["task", "seed", "env_steps", "success"],
    agents.flatMap(({ curve, ...agent }) => curve.map((point) => ({ ...agent, ...point }))),
  );
  return [
    "| task | seed | 90 % first reached at | highest | last |",
    "|---|---|---|---|---|",
    ...agents.map(({ task, seed, curve }) => {
      const first = curve.find(({ success }) => success >= 90)?.env_steps.toLocaleString("en") ?? "never";
      const highest = Math.max(...curve.map(({ success }) => success));
      return `| ${task} | ${seed} | ${first} | ${highest} | ${curve.at(-1)?.success} |`;
    }),
  ];
}

function dataTable(data: Dataset): string[] {
  const episodes = Array.from({ length: data.episodes }, (_, i) => ({
    task: data.about(i).task,
    solved: data.isSolved(i),
  }));
  const percent = (some: readonly { solved: boolean }[]) =>
    ((100 * some.filter((one) => one.solved).length) / some.length).toFixed(0);
  return [
    "| task | episodes | solved | by tenth of the time of collection |",
    "|---|---|---|---|",
    ...data.tasks.map((task) => {
      const own = episodes.filter((episode) => episode.task === task);
      const tenths = Array.from({ length: 10 }, (_, i) =>
        percent(own.slice(Math.floor((i * own.length) / 10), Math.floor(((i + 1) * own.length) / 10))),
      );
      return `| ${task} | ${own.length} | ${percent(own)} % | ${tenths.join(" ")} |`;
    }),
  ];
}

function tuningTable(runs: readonly EvaluatedRun[]): string[] {
  const tasks = unique(runs.map(({ task }) => task));
  const of = (variant: string, task: string, when: "before" | "best" | "last") =>
    runs.filter((row) => row.variant === variant && row.task === task).map((row) => row[when]);
  const together = (variant: string, when: "best" | "last") =>
    iqm(tasks.map((task) => of(variant, task, when)));
  return [
    "| task | before | after | from scratch | each seed: after, from scratch | ahead by |",
    "|---|---|---|---|---|---|",
    ...tasks.map((task) => {
      const [before, after, scratch] = [
        of("pretrained", task, "before"),
        of("pretrained", task, "best"),
        of("scratch", task, "best"),
      ];
      const shares = [before, after, scratch].map(share);
      const each = `${after.join(", ")}; ${scratch.join(", ")}`;
      return `| ${[task, ...shares, each, signed(mean(after) - mean(scratch))].join(" | ")} |`;
    }),
    "",
    `IQM, best checkpoint: ${together("pretrained", "best")}, from scratch ${together("scratch", "best")}; ` +
      `last checkpoint: ${together("pretrained", "last")}, from scratch ${together("scratch", "last")}.`,
  ];
}
