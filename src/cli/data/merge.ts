/** @file `sodp data merge`: several data sets as one. */
import { Command } from "commander";
import { z } from "zod";
import { Dataset, mergeDatasets } from "../../data/index.ts";
import { configured } from "../config.ts";
import { Progress } from "../progress.ts";
import { folder } from "../shared-flags.ts";
import { jsonText, print } from "../terminal.ts";
import { faultsOf } from "./info.ts";

const Flags = z.strictObject({ out: folder().describe("where the new data set is written") });

export function mergeCommand(): Command {
  const command = new Command("merge")
    .description(
      "Copy several data sets, one after another, into a new one. Shards in quarantine stay behind.",
    )
    .argument("<folders...>", "folders of data sets");
  const read = configured(command, { schema: Flags });
  return command.action(async (folders: readonly string[], { json }: { json?: boolean }) => {
    const { out } = (await read()).config;
    using progress = new Progress("merge");
    const behind = await mergeDatasets(folders, out, {
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
