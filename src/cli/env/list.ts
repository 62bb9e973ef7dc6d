/** @file `sodp env list`: the tasks of a suite. */
import { Command } from "commander";
import { findTask, suites } from "../../envs/index.ts";
import { columns } from "../table.ts";
import { jsonOption, suiteOption } from "./options.ts";

interface Options {
  readonly suite: readonly string[];
  readonly json?: boolean;
}

export function listCommand(): Command {
  return new Command("list")
    .description("List tasks: how hard they are, their scene, the suites they are in.")
    .addOption(suiteOption().default(suites.mt50, "mt50"))
    .addOption(jsonOption())
    .action(({ suite, json }: Options) => {
      const rows = suite.map(describe);
      console.log(
        json
          ? JSON.stringify(rows, null, 2)
          : columns([
              ["task", "difficulty", "suites"],
              ...rows.map((row) => [row.name, row.difficulty, row.suites.join(" ")]),
            ]),
      );
    });
}

function describe(name: string) {
  const { task } = findTask(name);
  const { difficulty, scene, handStart, random, goalSpace } = task;
  const containing = (["mt10", "mt50"] as const).filter((suite) => suites[suite].includes(name));
  return { name: `${name}-v3`, difficulty, suites: containing, scene, handStart, random, goalSpace };
}
