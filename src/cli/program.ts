/** @file All commands of `sodp`. */
import { Command } from "commander";
import { addListed, type ListedCommand } from "./lazy.ts";
import { version } from "./version.ts";

const exitCodesHelp = `
Exit codes:
  0         done
  1         it could not be done; the message says why
  2         the command line or its file asks for what cannot be
  130, 143  stopped by Ctrl-C or SIGTERM; a training has made a checkpoint (a second Ctrl-C does not wait for it)
  129       likewise, by the end of its terminal (SIGHUP)
  75        stopped by SIGUSR1, with a checkpoint: please start it again`;

const algorithm = (name: string, summary: string): ListedCommand => ({
  name,
  summary,
  load: async () => (await import("./train.ts")).algorithmCommand(name),
});

const commands: readonly ListedCommand[] = [
  {
    name: "demo",
    summary: "Watch a planner that comes with the package, before and after fine-tuning.",
    load: async () => (await import("./demo.ts")).demoCommand(),
  },
  {
    name: "quickstart",
    summary: "The whole method in minutes, with a report.",
    load: async () => (await import("./quickstart.ts")).quickstartCommand(),
  },
  {
    name: "info",
    summary: "Show the content of a stored policy or of a safetensors file, and verify its checksum.",
    load: async () => (await import("./info.ts")).infoCommand(),
  },
  {
    name: "export",
    summary: "Write a policy as one self-contained ONNX file.",
    load: async () => (await import("./export.ts")).exportCommand(),
  },
  {
    name: "eval",
    summary: "Evaluate a policy, an episode per seed: success with 95 % intervals.",
    load: async () => (await import("./eval.ts")).evalCommand(),
  },
  {
    name: "train",
    summary: "Train any of the algorithms; this lists them.",
    load: async (words) => (await import("./train.ts")).trainCommand(words),
  },
  algorithm("pretrain", "Stage 1: fit a diffusion planner to a data set, good and bad episodes alike."),
  algorithm("finetune", "Stage 2: improve a planner on a task by reward."),
  algorithm("sac", "Soft actor-critic from first weights: agents, and data from their replays."),
  {
    name: "plot",
    summary: "Draw learning curves of runs, with bands over seeds.",
    load: async () => (await import("./plot.ts")).plotCommand(),
  },
  {
    name: "replay",
    summary: "Draw episodes of a policy, an evaluation or a data set as moving pictures.",
    load: async () => (await import("./replay.ts")).replayCommand(),
  },
  {
    name: "report",
    summary: "Write a page about any runs and their evaluations.",
    load: async () => (await import("./report.ts")).reportCommand(),
  },
  {
    name: "env",
    summary: "Environments: list them, draw them, check them, see their experts.",
    load: async (words) => (await import("./env/index.ts")).envCommand(words),
  },
  {
    name: "data",
    summary: "Data sets: collect, look into, check, merge, import, export.",
    load: async (words) => (await import("./data/index.ts")).dataCommand(words),
  },
];

/**
 * The program; its commands throw CommanderError instead of ending the process.
 * words: of the command line, of which only what they call is loaded; undefined: all commands
 */
export async function createProgram(words?: readonly string[]): Promise<Command> {
  const program = new Command("sodp")
    .description("Robot learning: diffusion planners, pre-trained on mixed data and fine-tuned per task.")
    .version(version)
    .showSuggestionAfterError()
    .addHelpText("after", exitCodesHelp);
  await addListed(program, commands, words);
  prepare(program);
  return program;
}

function prepare(command: Command): void {
  const subcommandTerm = (each: Command) => each.name();
  command
    .exitOverride()
    .configureHelp({ ...command.configureHelp(), showGlobalOptions: true, subcommandTerm });
  command.commands.forEach(prepare);
}
