/** @file `sodp data`: sets of episodes to collect, to look at, to check and to merge. */
import { Command } from "commander";
import { addListed, type ListedCommand } from "../lazy.ts";

const commands: readonly ListedCommand[] = [
  {
    name: "collect",
    summary: "Let scripted experts with noise, or agents under training, play episodes of tasks.",
    load: async () => (await import("./collect.ts")).collectCommand(),
  },
  {
    name: "info",
    summary: "Show the content of a data set, per task.",
    load: async () => (await import("./info.ts")).infoCommand(),
  },
  {
    name: "view",
    summary: "Draw a data set as one page, with episodes that move.",
    load: async () => (await import("./view.ts")).viewCommand(),
  },
  {
    name: "check",
    summary: "Read every byte of a data set: checksums, structure, numbers.",
    load: async () => (await import("./check.ts")).checkCommand(),
  },
  {
    name: "merge",
    summary: "Copy several data sets into a new one.",
    load: async () => (await import("./merge.ts")).mergeCommand(),
  },
  {
    name: "import",
    summary: "Read a data set in another program's format.",
    load: async () => (await import("./import.ts")).importCommand(),
  },
  {
    name: "export",
    summary: "Write a data set in another program's format.",
    load: async () => (await import("./export.ts")).exportCommand(),
  },
];

/** words: see `addListed` */
export function dataCommand(words: readonly string[] | undefined): Promise<Command> {
  const command = new Command("data").description(
    "Data sets: collect sub-optimal episodes, see what a set holds, check it, merge several.",
  );
  return addListed(command, commands, words);
}
