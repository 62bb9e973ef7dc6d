/** @file `sodp env list`: environments that there are. */
import { Command } from "commander";
import { z } from "zod";
import { envsNamed, type Family, families } from "../../envs/index.ts";
import { loadFamily } from "../../envs/pool/index.ts";
import { configured } from "../config.ts";
import { envOptions, tasksFlag } from "../shared-flags.ts";
import { columns } from "../table.ts";
import { jsonText, print } from "../terminal.ts";

const Flags = z.strictObject({
  env: z.strictObject({ task: tasksFlag().optional(), module: envOptions.module }).prefault({}),
});

export function listCommand(): Command {
  const command = new Command("list").description(
    "List tasks of all families, or those of a suite: how hard they are, the suites they are in.",
  );
  const read = configured(command, { schema: Flags });
  return command.action(async ({ json }: { json?: boolean }) => {
    const { config, checked } = await read();
    const { task, module } = config.env;
    const own = module === undefined ? undefined : await checked(() => loadFamily(module));
    const chosen = task && checked(() => envsNamed(task, own));
    const known = [...(own ? [own] : []), ...Object.values(families)];
    const all = own && chosen === undefined ? [own] : known;
    const rows = all
      .flatMap((family) => family.tasks.map((each) => describe(family, each)))
      .filter(({ name }) => chosen === undefined || chosen.includes(name));
    print(json ? jsonText(rows) : asText(rows, chosen === undefined ? all : []));
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
