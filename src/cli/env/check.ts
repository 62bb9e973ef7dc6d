/** @file `sodp env check`: an environment, put to the promises of every environment. */
import { Command } from "commander";
import { z } from "zod";
import { brokenPromises, promises } from "../../envs/index.ts";
import { makeEnv } from "../../envs/pool/index.ts";
import { configured } from "../config.ts";
import { envOptions } from "../shared-flags.ts";
import { jsonText, print } from "../terminal.ts";
import { chosenEnvs, taskArgument } from "./options.ts";

const Flags = z.strictObject({ env: z.strictObject(envOptions).prefault({}) });

export function checkCommand(): Command {
  const command = new Command("check")
    .description(
      "Check that an environment keeps its contract: equal seeds give equal episodes, sizes, finite numbers, saving, mistakes. " +
        "Exit code 1 if a promise is broken.",
    )
    .argument(...taskArgument);
  const read = configured(command, { schema: Flags });
  return command.action(async (asked: string, { json }: { json?: boolean }) => {
    const { config, checked } = await read();
    const [{ name, config: env }] = await checked(() => chosenEnvs({ ...config.env, task: asked }));
    const broken = await brokenPromises(() => makeEnv(env));
    const kept = Object.keys(promises).length - broken.length;
    print(
      json
        ? jsonText({ task: name, kept, broken })
        : [...broken, `${name}: ${kept} of ${kept + broken.length} promises kept.`].join("\n"),
    );
    if (broken.length > 0) process.exitCode = 1;
  });
}
