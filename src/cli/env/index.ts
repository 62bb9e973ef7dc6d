/** @file `sodp env`: environments to list, to show, to check and to see solved. */
import { Command } from "commander";
import { addListed, type ListedCommand } from "../lazy.ts";

const commands: readonly ListedCommand[] = [
  {
    name: "list",
    summary: "List tasks of all families, or those of a suite.",
    load: async () => (await import("./list.ts")).listCommand(),
  },
  {
    name: "show",
    summary: "Draw the start of an episode, or a whole episode of the task's expert.",
    load: async () => (await import("./show.ts")).showCommand(),
  },
  {
    name: "check",
    summary: "Check that an environment keeps its contract.",
    load: async () => (await import("./check.ts")).checkCommand(),
  },
  {
    name: "verify",
    summary: "Replay recorded official episodes in the Meta-World tasks.",
    load: async () => (await import("./verify.ts")).verifyCommand(),
  },
  {
    name: "expert",
    summary: "Evaluate the scripted experts: success per task.",
    load: async () => (await import("./expert.ts")).expertCommand(),
  },
];

/** words: see `addListed` */
export function envCommand(words: readonly string[] | undefined): Promise<Command> {
  const command = new Command("env").description(
    "Environments: which there are, what they look like, whether they are the originals, how experts do in them.",
  );
  return addListed(command, commands, words);
}
