/** @file All commands of `sodp`. */
import { Command } from "commander";
import { dataCommand } from "./data/index.ts";
import { demoCommand } from "./demo.ts";
import { envCommand } from "./env/index.ts";
import { evalCommand } from "./eval.ts";
import { exportCommand } from "./export.ts";
import { infoCommand } from "./info.ts";
import { plotCommand } from "./plot.ts";
import { quickstartCommand } from "./quickstart.ts";
import { replayCommand } from "./replay.ts";
import { reportCommand } from "./report.ts";
import { algorithmCommand, trainCommand } from "./train.ts";
import { version } from "./version.ts";

const exitCodesHelp = `
Exit codes:
  0         done
  1         it could not be done; the message says why
  2         the command line or its file asks for what cannot be
  130, 143  stopped by Ctrl-C or SIGTERM; a training has made a checkpoint (a second Ctrl-C does not wait for it)
  129       likewise, by the end of its terminal (SIGHUP)
  75        stopped by SIGUSR1, with a checkpoint: please start it again`;

/** The program; its commands throw CommanderError instead of ending the process. */
export function createProgram(): Command {
  const program = new Command("sodp")
    .description("Robot learning: diffusion planners, pre-trained on mixed data and fine-tuned per task.")
    .version(version)
    .addCommand(demoCommand())
    .addCommand(quickstartCommand())
    .addCommand(infoCommand())
    .addCommand(exportCommand())
    .addCommand(evalCommand())
    .addCommand(trainCommand())
    .addCommand(algorithmCommand("pretrain"))
    .addCommand(algorithmCommand("finetune"))
    .addCommand(algorithmCommand("sac"))
    .addCommand(plotCommand())
    .addCommand(replayCommand())
    .addCommand(reportCommand())
    .addCommand(envCommand())
    .addCommand(dataCommand())
    .showSuggestionAfterError()
    .addHelpText("after", exitCodesHelp);
  prepare(program);
  return program;
}

function prepare(command: Command): void {
  command.exitOverride().configureHelp({ ...command.configureHelp(), showGlobalOptions: true });
  command.commands.forEach(prepare);
}
