/**
 * @file The tables of this experiment from what `run.ts` left, for each of its parts: a CSV file beside this file (`replays.csv`,
 * `results.csv`, `agents.csv`), and Markdown on stdout.
 *
 *     npx tsx experiments/sac/table.ts outputs/sac data|planner|agents
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Dataset } from "../../src/data/index.ts";
import { mean } from "../../src/rollout/index.ts";
import { iqm, list, share, signed, solved, unique } from "../shared/tables.ts";

const [, , root, part] = process.argv;
const parts: Record<string, () => Promise<string[]>> = {
  data: async () => {
    const folder = join(root, "data");
    const agents = list(join(folder, "sac")).map((task) => agentIn(join(folder, "sac", task), task, 0));
    using data = await Dataset.open(folder);
    return [...agentTable("replays.csv", agents), "", ...dataTable(data)];
  },
  planner: async () => tuningTable(),
  agents: async () => {
    const folder = join(root, "agents");
    const agents = list(folder).flatMap((task) =>
      list(join(folder, task)).map((seed) => agentIn(join(folder, task, seed), task, Number(seed))),
    );
    return agentTable("agents.csv", agents);
  },
};
if (root === undefined || parts[part] === undefined)
  throw new Error("usage: npx tsx experiments/sac/table.ts <output folder> data|planner|agents");
console.log((await parts[part]()).join("\n"));

/** An agent and its own evaluations: environment steps, and per cent solved. */
interface Agent {
  readonly task: string;
  readonly seed: number;
  readonly curve: readonly { readonly envSteps: number; readonly success: number }[];
}

function agentIn(folder: string, task: string, seed: number): Agent {
  const curve = readFileSync(join(folder, "metrics.jsonl"), "utf8")
    .split("\n")
    .filter((line) => line.includes('"eval/success_rate"'))
    .map((line) => JSON.parse(line))
    .map((line) => ({
      envSteps: line.env_steps as number,
      success: Math.round(100 * line["eval/success_rate"]),
    }));
  return { task, seed, curve };
}

function agentTable(file: string, agents: readonly Agent[]): string[] {
  write(
    file,
    ["task", "seed", "env_steps", "success"],
    agents.flatMap(({ task, seed, curve }) =>
      curve.map(({ envSteps, success }) => [task, seed, envSteps, success]),
    ),
  );
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

function write(name: string, head: readonly string[], rows: readonly (readonly unknown[])[]): void {
  const lines = [head, ...rows].map((row) => row.join(","));
  writeFileSync(join(import.meta.dirname, name), `${lines.join("\n")}\n`);
}
