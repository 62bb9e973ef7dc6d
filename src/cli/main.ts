#!/usr/bin/env node
/**
 * @file The command line. Results go to stdout, everything else to stderr. Exit codes: see `exitCodesHelp`.
 */
import { Command, CommanderError } from "commander";
import { UserError } from "../base/index.ts";
import { UsageError } from "./arguments.ts";
import { dataCommand } from "./data/index.ts";
import { envCommand } from "./env/index.ts";
import { evalCommand } from "./eval.ts";
import { exportCommand } from "./export.ts";
import { finetuneCommand } from "./finetune.ts";
import { infoCommand } from "./info.ts";
import { plotCommand } from "./plot.ts";
import { pretrainCommand } from "./pretrain.ts";
import { quickstartCommand } from "./quickstart.ts";
import { sacCommand } from "./sac.ts";
import { version } from "./version.ts";

const exitCodesHelp = `
Exit codes:
  0         done
  1         it could not be done; the message says why
  2         the command line or its file asks for what cannot be
  130, 143  stopped by Ctrl-C or SIGTERM; a training has made a checkpoint (a second Ctrl-C does not wait for it)
  75        stopped by SIGUSR1, with a checkpoint: please start it again`;

const program = new Command("sodp")
  .description("Robot learning: diffusion planners, pre-trained on mixed data and fine-tuned per task.")
  .version(version)
  .addCommand(quickstartCommand())
  .addCommand(infoCommand())
  .addCommand(exportCommand())
  .addCommand(evalCommand())
  .addCommand(pretrainCommand())
  .addCommand(finetuneCommand())
  .addCommand(sacCommand())
  .addCommand(plotCommand())
  .addCommand(envCommand())
  .addCommand(dataCommand())
  .showSuggestionAfterError()
  .addHelpText("after", exitCodesHelp);
prepare(program);

function prepare(command: Command): void {
  command.exitOverride().configureHelp({ ...command.configureHelp(), showGlobalOptions: true });
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
    process.exitCode = error instanceof UsageError ? 2 : 1;
  } else throw error;
}

/** What the operating system refuses, such as a folder that is not there or a full disk, is for the user to mend. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error && "code" in error;
}
