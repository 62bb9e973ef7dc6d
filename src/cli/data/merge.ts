/** @file `sodp data merge`: several data sets as one. */
import { Command, Option } from "commander";
import { Dataset, mergeDatasets } from "../../data/index.ts";
import { canonicalTask } from "../../envs/index.ts";
import { jsonOption } from "../env/options.ts";
import { Progress } from "../progress.ts";
import { jsonText, print } from "../terminal.ts";
import { faultsOf } from "./info.ts";

interface Options {
  readonly out: string;
  readonly json?: boolean;
}

export function mergeCommand(): Command {
  return new Command("merge")
    .description("Copy several data sets, one after another, into a new one. What is damaged stays behind.")
    .argument("<folders...>", "of data sets")
    .addOption(new Option("--out <folder>", "of the new data set").makeOptionMandatory())
    .addOption(jsonOption())
    .action(async (folders: readonly string[], { out, json }: Options) => {
      using progress = new Progress("merge");
      const behind = await mergeDatasets(folders, out, {
        taskOf: canonicalTask,
        onProgress: (done, all) => progress.progress(done, all, {}),
      });
      for (const fault of faultsOf(behind, [])) progress.note(fault);
      using merged = await Dataset.open(out);
      const { episodes, steps, tasks } = merged;
      progress[Symbol.dispose]();
      print(
        json
          ? jsonText({ folder: out, episodes, steps, tasks, behind })
          : `${out}: ${episodes} episodes, ${steps} steps of ${tasks.length} tasks.`,
      );
    });
}
