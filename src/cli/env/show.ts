/** @file `sodp env show`: a picture of a task, and of its expert at work. */
import { Command } from "commander";
import { z } from "zod";
import { countTo, mostUnits, UserError } from "../../base/index.ts";
import { type Env, pictureOf, recordEpisode } from "../../envs/index.ts";
import { makeEnv } from "../../envs/pool/index.ts";
import { encodeAnimation, encodePng, writeWhole } from "../../platform/index.ts";
import { configured } from "../config.ts";
import { envOptions, file, seed } from "../shared-flags.ts";
import { jsonText, print } from "../terminal.ts";
import { UsageError } from "../usage-error.ts";
import { type ChosenEnv, chosenEnvs, taskArgument } from "./options.ts";

const pixels = (count: number) => countTo(mostUnits).meta({ placeholder: "pixels" }).default(count);
const Flags = z.strictObject({
  env: z.strictObject(envOptions).prefault({}),
  out: file().optional().describe("the start, as PNG; default: TASK.png"),
  replay: file().optional().describe("the expert's episode, as a moving PNG"),
  camera: z
    .string()
    .meta({ placeholder: "name" })
    .optional()
    .describe("a camera of the scene, such as corner; default: over its shoulder"),
  width: pixels(640).describe("width of a picture"),
  height: pixels(480).describe("height of a picture"),
  seed: seed.describe("fixes where objects and goal are"),
});

export function showCommand(): Command {
  const command = new Command("show")
    .description("Draw the start of an episode, or a whole episode of the task's expert as a moving picture.")
    .argument(...taskArgument);
  const read = configured(command, { schema: Flags });
  return command.action(async (asked: string, { json }: { json?: boolean }) => {
    const { config, checked } = await read();
    const { out, replay, seed, camera, width, height } = config;
    checked(() => [out, replay].forEach(requirePng));
    const chosen = await checked(() => chosenEnvs({ ...config.env, task: asked }));
    if (chosen.length > 1) throw new UsageError(`One task can be shown, ${asked} is ${chosen.length}.`);
    const [{ name, task, config: where }] = chosen;
    const view = { width, height, ...(camera !== undefined && { camera }) };
    using env = await makeEnv(where);
    const start = out ?? (replay === undefined ? `${task}.png` : undefined);
    if (start !== undefined) {
      env.reset(seed);
      await write(start, encodePng(pictureOf(env, view)));
      if (!json) print(`${start}: ${name} at its start, seed ${seed}.`);
    }
    const episode =
      replay === undefined ? undefined : await writeReplay(replay, env, chosen[0], { seed, ...view });
    if (json) print(jsonText({ task: name, seed, start: start ?? null, episode: episode ?? null }));
    else if (episode) {
      const { file, success, steps, pictures } = episode;
      const outcome = success ? "solves it" : "does not solve it";
      print(`${file}: the expert ${outcome} in ${steps} steps, ${pictures} pictures.`);
    }
  });
}

/** Writes the expert's episode as a moving picture. Throws UserError if the family has no expert. */
async function writeReplay(
  file: string,
  env: Env,
  { family, task, options }: ChosenEnv,
  view: Omit<Parameters<typeof recordEpisode>[1], "act">,
) {
  const expert = family.expert?.(task, options);
  if (expert === undefined) throw new UserError(`${family.name} has no scripted policies to show.`);
  const { frames, period, success, steps } = recordEpisode(env, { act: expert.act, ...view });
  await write(file, encodeAnimation(frames, period));
  return { file, success, steps, pictures: frames.length };
}

function requirePng(path: string | undefined): void {
  if (path !== undefined && !/\.a?png$/i.test(path))
    throw new UserError(`Pictures are written as PNG, moving ones too: end the name ${path} in .png.`);
}

async function write(file: string, bytes: Uint8Array): Promise<void> {
  await writeWhole(file, bytes).catch((error) => {
    if (error instanceof UserError) throw error;
    throw new UserError(`${file} cannot be written: ${(error as Error).message}.`);
  });
}
