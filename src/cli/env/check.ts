/** @file `sodp env check`: whether an environment keeps what every environment promises. */
import { Command } from "commander";
import { brokenPromises, promises } from "../../envs/index.ts";
import { makeEnv } from "../../envs/pool/index.ts";
import { chosenEnvs, envOptionsOption, jsonOption, moduleOption } from "./options.ts";

interface Options {
  readonly module?: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly json?: boolean;
}

export function checkCommand(): Command {
  return new Command("check")
    .description(
      "Put an environment to its contract: equal seeds give equal episodes, sizes, finite numbers, saving, mistakes. " +
        "Exit code 1 if a promise is broken.",
    )
    .argument("<task>", "such as toy/reach, or a task of your own with --module")
    .addOption(moduleOption())
    .addOption(envOptionsOption())
    .addOption(jsonOption())
    .action(async (asked: string, { json, ...where }: Options) => {
      const [{ name, config }] = await chosenEnvs([asked], where);
      const broken = await brokenPromises(() => makeEnv(config));
      const kept = Object.keys(promises).length - broken.length;
      console.log(
        json
          ? JSON.stringify({ task: name, kept, broken }, null, 2)
          : [...broken, `${name}: ${kept} of ${kept + broken.length} promises kept.`].join("\n"),
      );
      if (broken.length > 0) process.exitCode = 1;
    });
}
