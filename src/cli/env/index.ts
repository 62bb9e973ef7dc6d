/** @file `sodp env`: worlds to look at, to check and to see solved. */
import { Command } from "commander";
import { checkCommand } from "./check.ts";
import { expertCommand } from "./expert.ts";
import { listCommand } from "./list.ts";
import { showCommand } from "./show.ts";
import { verifyCommand } from "./verify.ts";

export function envCommand(): Command {
  return new Command("env")
    .description(
      "Worlds: what there is, what it looks like, whether it is the original, how experts do in it.",
    )
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(checkCommand())
    .addCommand(verifyCommand())
    .addCommand(expertCommand());
}
