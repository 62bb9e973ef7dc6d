/** @file `sodp pretrain`: stage 1 from the command line. */
import { availableParallelism } from "node:os";
import { Command } from "commander";
import { z } from "zod";
import { PretrainConfig, pretrain, pretrainPresets } from "../algorithms/index.ts";
import { Random } from "../base/index.ts";
import { readAhead, windowsOf } from "../data/index.ts";
import { cpu } from "../devices/index.ts";
import { envsNamed, taskOf } from "../envs/index.ts";
import { checkHorizon, DiffusionPolicy, type Planner } from "../policies/index.ts";
import { evaluate, trainingSeed } from "../rollout/index.ts";
import { EnvPool } from "../rollout/local/index.ts";
import { outputDir, trains } from "./run-command.ts";
import { openTrainingData } from "./training-data.ts";

const Config = z.strictObject({
  dataset: z.strictObject({
    root: z.string().meta({ placeholder: "folder" }).describe("data set to learn from"),
  }),
  outputDir,
  ...PretrainConfig.shape,
  env: z
    .strictObject({
      task: z
        .array(z.string())
        .default([])
        .describe(
          "tasks or suites whose success is watched at each evaluation; none: the held-out loss alone",
        ),
      numEnvs: z.int().positive().default(16).describe("environments that are stepped at once"),
    })
    .prefault({}),
  eval: z
    .strictObject({
      nEpisodes: z.int().positive().default(10).describe("episodes per task, always the same"),
    })
    .prefault({}),
  threads: z
    .int()
    .positive()
    .default(availableParallelism)
    .describe("of the processor; equal numbers give equal bits"),
});
type Config = z.infer<typeof Config>;

export function pretrainCommand(): Command {
  const command = new Command("pretrain").description(
    "Fit a diffusion planner to a data set: every task's episodes, good and bad alike.",
  );
  return trains(command, {
    schema: Config,
    presets: pretrainPresets,
    check(config) {
      checkHorizon(config.planner);
      envsNamed(config.env.task);
    },
    async train({ config }, open) {
      const { dataset: where, outputDir: _, env, eval: __, threads, ...settings } = config;
      using dataset = await openTrainingData(where.root);
      using _ahead = readAhead(dataset, { observation: [0], action: [0] });
      const shape = settings.planner;
      const data = {
        train: windowsOf(dataset, shape, "train"),
        heldOut: windowsOf(dataset, shape, "held-out"),
      };
      const run = await open(config);
      const options = {
        device: cpu({ threads }),
        ...(env.task.length > 0 && { evaluate: (planner: Planner) => successIn(planner, config) }),
      };
      return (await pretrain(settings, data, run, options)) !== null;
    },
  });
}

/** Success rates of `planner`, 0 to 1, in the environments of some tasks. The seeds are of training's half. */
async function successIn(planner: Planner, config: Config): Promise<Record<string, number>> {
  const { env, eval: evaluation, seed, threads } = config;
  const random = new Random(seed).split("evaluation in worlds");
  const rates: [string, number][] = [];
  for (const task of envsNamed(config.env.task)) {
    await using pool = await EnvPool.start({ env: task }, { numEnvs: env.numEnvs, threads });
    await using policy = await DiffusionPolicy.compile(planner, {
      batchSize: pool.batchSize,
      device: cpu({ threads }),
    });
    const seeds = Array.from({ length: evaluation.nEpisodes }, (_, i) =>
      trainingSeed(random.split(`${taskOf(task)} ${i}`)),
    );
    const { aggregated } = await evaluate(pool, policy, seeds, { protocol: "metaworld" });
    rates.push([`eval/success_rate/${task}`, aggregated.pc_success / 100]);
  }
  const mean = rates.reduce((sum, [, rate]) => sum + rate, 0) / rates.length;
  return { "eval/success_rate": mean, ...Object.fromEntries(rates) };
}
