/** @file `sodp env list`: environments that there are. */
import { Command } from "commander";
import { type Family, families } from "../../envs/index.ts";
import { loadFamily } from "../../envs/pool/index.ts";
import { columns } from "../table.ts";
import { jsonOption, moduleOption, suiteOption } from "./options.ts";

interface Options {
  readonly suite?: readonly string[];
  readonly module?: string;
  readonly json?: boolean;
}

export function listCommand(): Command {
  return new Command("list")
    .description("List the tasks of all families, or of a suite: how hard they are, the suites they are in.")
    .addOption(suiteOption())
    .addOption(moduleOption().conflicts("suite"))
    .addOption(jsonOption())
    .action(async ({ suite, module, json }: Options) => {
      const all = module === undefined ? Object.values(families) : [await loadFamily(module)];
      const rows = all
        .flatMap((family) => family.tasks.map((task) => describe(family, task)))
        .filter(({ name }) => suite === undefined || suite.includes(name));
      console.log(json ? JSON.stringify(rows, null, 2) : asText(rows, suite === undefined ? all : []));
    });
}

function describe(family: Family, task: string) {
  const name = `${family.name}/${task}`;
  const own = Object.entries(family.suites).filter(([, tasks]) => tasks.includes(task));
  return { name, suites: own.map(([suite]) => suite), ...family.describe?.(task) };
}

/** A table of tasks, and a line for each family. */
function asText(rows: readonly ReturnType<typeof describe>[], all: readonly Family[]): string {
  const table = columns([["task", "suites"], ...rows.map((row) => [row.name, row.suites.join(" ")])]);
  const lines = all.map(
    ({ name, summary, openTasks }) =>
      `${name}: ${summary}${openTasks === undefined ? "" : `; ${name}/ is followed by ${openTasks}`}.`,
  );
  return [table, ...(lines.length > 0 ? ["", ...lines] : [])].join("\n");
}
