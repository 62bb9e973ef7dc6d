/** @file `sodp data`: sets of episodes to collect, to look at, to check and to merge. */
import { Command } from "commander";
import { checkCommand } from "./check.ts";
import { collectCommand } from "./collect.ts";
import { exportCommand } from "./export.ts";
import { importCommand } from "./import.ts";
import { infoCommand } from "./info.ts";
import { mergeCommand } from "./merge.ts";
import { viewCommand } from "./view.ts";

export function dataCommand(): Command {
  return new Command("data")
    .description("Data sets: collect sub-optimal episodes, see what a set holds, check it, merge several.")
    .addCommand(collectCommand())
    .addCommand(infoCommand())
    .addCommand(viewCommand())
    .addCommand(checkCommand())
    .addCommand(mergeCommand())
    .addCommand(importCommand())
    .addCommand(exportCommand());
}
