/**
 * @file The tables of this experiment from what `run.ts` left: `agents.csv` and `results.csv` beside this file, and Markdown on
 * stdout.
 *
 *     npx tsx experiments/sac/table.ts outputs/sac
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Dataset } from "../../src/data/index.ts";
import { suites } from "../../src/envs/index.ts";
import { mean } from "../../src/rollout/index.ts";
import { iqm, list, share, signed, solved, unique } from "../shared/tables.ts";

const [, , root] = process.argv;
if (root === undefined) throw new Error("usage: npx tsx experiments/sac/table.ts <output folder>");

const agents = suites.mt10.flatMap((task) =>
  [0, 1, 2, 3].flatMap((seed) => {
    const folder = seed === 0 ? join(root, "data", "sac", task) : join(root, "agents", task, `${seed}`);
    const curve = list(folder).includes("metrics.jsonl") ? curveOf(join(folder, "metrics.jsonl")) : [];
    return curve.length === 0 ? [] : [{ task, seed, curve }];
  }),
);
write(
  "agents.csv",
  ["task", "seed", "env_steps", "success"],
  agents.flatMap(({ task, seed, curve }) =>
    curve.map(({ envSteps, success }) => [task, seed, envSteps, success]),
  ),
);

const runs = ["pretrained", "scratch"].flatMap((variant) =>
  list(join(root, "finetune", variant)).flatMap((task) =>
    list(join(root, "finetune", variant, task)).flatMap((seed) => {
      const run = join(root, "finetune", variant, task, seed);
      const folders = [join(root, "before", task, seed), join(run, "eval-best"), join(run, "eval-last")];
      const [before, best, last] = folders.map(solved);
      return before === null || best === null || last === null
        ? []
        : [{ variant, task, seed, before, best, last }];
    }),
  ),
);
const columns = ["variant", "task", "seed", "before", "best", "last"] as const;
write(
  "results.csv",
  columns,
  runs.map((row) => columns.map((column) => row[column])),
);

using data = await Dataset.open(join(root, "data"));
console.log([agentTable(), dataTable(data), tuningTable()].map((rows) => rows.join("\n")).join("\n\n"));

function agentTable(): string[] {
  return [
    "| task | seed | 90 % first reached at | highest | last |",
    "|---|---|---|---|---|",
    ...agents.map(({ task, seed, curve }) => {
      const first = curve.find(({ success }) => success >= 90)?.envSteps.toLocaleString("en") ?? "never";
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

function tuningTable(): string[] {
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
      const shares = [before, after, scratch].map((scores) => share(mean(scores), scores.length));
      const each = `${after.join(", ")}; ${scratch.join(", ")}`;
      return `| ${[task, ...shares, each, signed(mean(after) - mean(scratch))].join(" | ")} |`;
    }),
    "",
    `IQM, best checkpoint: ${together("pretrained", "best")}, from scratch ${together("scratch", "best")}; ` +
      `last checkpoint: ${together("pretrained", "last")}, from scratch ${together("scratch", "last")}.`,
  ];
}

function curveOf(file: string) {
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line.includes('"eval/success_rate"'))
    .map((line) => JSON.parse(line))
    .map((line) => ({
      envSteps: line.env_steps as number,
      success: Math.round(100 * line["eval/success_rate"]),
    }));
}

function write(name: string, head: readonly string[], rows: readonly (readonly unknown[])[]): void {
  const lines = [head, ...rows].map((row) => row.join(","));
  writeFileSync(join(import.meta.dirname, name), `${lines.join("\n")}\n`);
}
