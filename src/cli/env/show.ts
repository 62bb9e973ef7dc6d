/** @file `sodp env show`: a picture of a task, and of its expert at work. */
import { writeFile } from "node:fs/promises";
import { Command, InvalidArgumentError, Option } from "commander";
import { UserError } from "../../base/index.ts";
import { pictureOf, recordEpisode } from "../../envs/index.ts";
import { makeEnv } from "../../envs/pool/index.ts";
import { encodeAnimation, encodePng } from "../../platform/index.ts";
import { wholeFrom } from "../arguments.ts";
import { chosenEnvs, envOptionsOption, moduleOption } from "./options.ts";

interface Options {
  readonly out?: string;
  readonly replay?: string;
  readonly module?: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly camera?: string;
  readonly width: number;
  readonly height: number;
  readonly seed: number;
}

export function showCommand(): Command {
  return new Command("show")
    .description(
      "Draw how an episode of a task starts, or a whole episode of its expert as a moving picture.",
    )
    .argument("<task>", "such as metaworld/drawer-open or toy/reach")
    .addOption(moduleOption())
    .addOption(envOptionsOption())
    .addOption(new Option("--out <file>", "the start, as PNG (default: <task>.png)").argParser(png))
    .addOption(new Option("--replay <file>", "the expert's episode, as a moving PNG").argParser(png))
    .addOption(
      new Option("--camera <name>", "a camera of the scene, such as corner; default: over its shoulder"),
    )
    .addOption(new Option("--width <pixels>").default(640).argParser(wholeFrom(1)))
    .addOption(new Option("--height <pixels>").default(480).argParser(wholeFrom(1)))
    .addOption(
      new Option("--seed <n>", "fixes where objects and goal are").default(0).argParser(wholeFrom(0)),
    )
    .action(async (asked: string, { out, replay, module, options, seed, ...view }: Options) => {
      const where = { options, ...(module !== undefined && { module }) };
      const [{ name, family, task, config, options: checked }] = await chosenEnvs([asked], where);
      using env = await makeEnv(config);
      if (out !== undefined || replay === undefined) {
        const file = out ?? `${task}.png`;
        env.reset(seed);
        await write(file, encodePng(pictureOf(env, view)));
        console.log(`${file}: ${name} at its start, seed ${seed}.`);
      }
      if (replay === undefined) return;
      const expert = family.expert?.(task, checked);
      if (expert === undefined) throw new UserError(`${family.name} has no scripted policies to show.`);
      const { frames, period, success, steps } = recordEpisode(env, { act: expert.act, seed, ...view });
      await write(replay, encodeAnimation(frames, period));
      const outcome = success ? "solves it" : "does not solve it";
      console.log(`${replay}: the expert ${outcome} in ${steps} steps, ${frames.length} pictures.`);
    });
}

function png(file: string): string {
  if (/\.a?png$/i.test(file)) return file;
  throw new InvalidArgumentError("Pictures are written as PNG, moving ones too: end the name in .png.");
}

async function write(file: string, bytes: Uint8Array): Promise<void> {
  await writeFile(file, bytes).catch(() => {
    throw new UserError(`${file} cannot be written. Give a file in a folder that exists.`);
  });
}
