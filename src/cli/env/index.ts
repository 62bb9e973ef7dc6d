/** @file `sodp env`: environments to list, to show, to check and to see solved. */
import { Command } from "commander";
import { checkCommand } from "./check.ts";
import { expertCommand } from "./expert.ts";
import { listCommand } from "./list.ts";
import { showCommand } from "./show.ts";
import { verifyCommand } from "./verify.ts";

export function envCommand(): Command {
  return new Command("env")
    .description(
      "Environments: which there are, what they look like, whether they are the originals, how experts do in them.",
    )
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(checkCommand())
    .addCommand(verifyCommand())
    .addCommand(expertCommand());
}
