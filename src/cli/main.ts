#!/usr/bin/env node
/**
 * @file The command line. Results go to stdout, everything else to stderr.
 * Exit codes: 0 done, 1 it could not be done, 2 the command was not understood.
 */
import { Command, CommanderError } from "commander";
import { UserError } from "../base/index.ts";
import { envCommand } from "./env/index.ts";
import { exportCommand } from "./export.ts";
import { infoCommand } from "./info.ts";
import { version } from "./version.ts";

const program = new Command("sodp")
  .description("Robot learning: diffusion planners, pre-trained on mixed data and fine-tuned per task.")
  .version(version)
  .addCommand(infoCommand())
  .addCommand(exportCommand())
  .addCommand(envCommand())
  .showSuggestionAfterError();
prepare(program);

function prepare(command: Command): void {
  command.exitOverride().configureHelp({ showGlobalOptions: true });
  command.commands.forEach(prepare);
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has printed what there is to say; help and version are no mistakes.
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else if (error instanceof UserError || isSystemError(error)) {
    console.error(error.message);
    process.exitCode = 1;
  } else throw error;
}

/** What the operating system refuses, such as a folder that is not there or a full disk, is for the user to mend. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error && "code" in error;
}
