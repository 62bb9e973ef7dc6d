/** @file `sodp finetune`: stage 2 from the command line. */
import { availableParallelism } from "node:os";
import { Command } from "commander";
import { z } from "zod";
import { FinetuneConfig, finetune, finetunePresets } from "../algorithms/index.ts";
import { windowsOf } from "../data/index.ts";
import { cpu } from "../devices/index.ts";
import { denoisingSteps } from "../diffusion/index.ts";
import { findEnv } from "../envs/index.ts";
import { loadPlanner } from "../policies/files/index.ts";
import { diffusionOf } from "../policies/index.ts";
import { EnvPool } from "../rollout/local/index.ts";
import { findPolicy } from "../runs/index.ts";
import { outputDir, trains } from "./run-command.ts";
import { openTrainingData } from "./training-data.ts";

const folder = () => z.string().meta({ placeholder: "folder" });

const Config = z.strictObject({
  policy: z.strictObject({
    path: folder().describe(
      "planner to start from: a run, whose best checkpoint it is, a checkpoint, or a planner",
    ),
  }),
  env: z.strictObject({
    task: z.string().describe("what to become good at, such as metaworld/drawer-open"),
    maxSteps: z
      .int()
      .positive()
      .optional()
      .describe("steps after which an episode ends unsolved; default: the environment's own"),
    numEnvs: z.int().positive().default(32).describe("environments that are stepped at once"),
  }),
  outputDir,
  dataset: z
    .strictObject({
      root: folder()
        .nullable()
        .default(null)
        .describe("the pre-training's data set, which the regularizer pl needs"),
    })
    .prefault({}),
  ...FinetuneConfig.shape,
  threads: z
    .int()
    .positive()
    .default(availableParallelism)
    .describe("of the processor; equal numbers give equal bits"),
});

export function finetuneCommand(): Command {
  const command = new Command("finetune").description(
    "Make a planner good at one task: reinforcement learning of its denoising steps, kept near its best trajectories.",
  );
  return trains(command, {
    schema: Config,
    presets: finetunePresets,
    check: ({ env }) => void findEnv(env.task),
    async train({ config, checked }, open) {
      const { policy, env, outputDir: _, dataset: where, threads, ...settings } = config;
      const found = await findPolicy(policy.path);
      const planner = await loadPlanner(found.folder);
      checked(() => denoisingSteps(diffusionOf(planner.config), settings.denoising));
      using dataset = where.root === null ? null : await openTrainingData(where.root);
      await using pool = await EnvPool.start(
        { env: env.task, maxSteps: env.maxSteps },
        { numEnvs: env.numEnvs, threads },
      );
      const run = await open({ ...config, policy: { path: found.folder } }, found.run?.id);
      const options = {
        device: cpu({ threads }),
        ...(dataset && { data: windowsOf(dataset, planner.config, "train") }),
      };
      return (await finetune(settings, planner, pool, run, options)) !== null;
    },
  });
}
