/** @file `sodp sac`: an agent of its own for a task, or one for several, and its replay as a data set. */
import { availableParallelism } from "node:os";
import { Command } from "commander";
import { z } from "zod";
import { SacConfig, sac, sacPresets, trainOnline } from "../algorithms/index.ts";
import { cpu } from "../devices/index.ts";
import { envsNamed } from "../envs/index.ts";
import { EnvPool } from "../rollout/local/index.ts";
import { outputDir, trains } from "./run-command.ts";

const Config = z.strictObject({
  env: z.strictObject({
    task: z
      .array(z.string())
      .min(1)
      .describe("tasks or suites to learn; of several, one agent is told which it is in"),
    maxSteps: z.int().positive().optional().describe("steps of an episode; default: the environment's own"),
    numEnvs: z.int().positive().default(8).describe("environments per task that are stepped at once"),
  }),
  outputDir,
  ...SacConfig.shape,
  threads: z
    .int()
    .positive()
    .default(availableParallelism)
    .describe("of the processor; equal numbers give equal bits"),
});

export function sacCommand(): Command {
  const command = new Command("sac").description(
    "Train soft actor-critic and keep all that it lives through as a data set, in order of collection: RUN/replay.",
  );
  return trains(command, {
    schema: Config,
    presets: sacPresets,
    check: ({ env }) => void envsNamed(env.task),
    async train({ config }, open) {
      const { env, outputDir: _, threads, ...settings } = config;
      const pools: (EnvPool & AsyncDisposable)[] = [];
      try {
        for (const task of envsNamed(env.task)) {
          const config = { env: task, maxSteps: env.maxSteps };
          pools.push(await EnvPool.start(config, { numEnvs: env.numEnvs, threads }));
        }
        const run = await open(config);
        const given = { envs: pools, policy: undefined };
        return (await trainOnline(sac, settings, given, run, { device: cpu({ threads }) })) !== null;
      } finally {
        for (const pool of pools) await pool[Symbol.asyncDispose]();
      }
    },
  });
}
