/** @file Flags that several commands have: one name, one meaning and one description each. */
import { availableParallelism } from "node:os";
import { z } from "zod";

const count = () => z.int().positive();

export const folder = () => z.string().meta({ placeholder: "folder" });
export const file = () => z.string().meta({ placeholder: "file" });

/** The argument of commands about a policy, for `command.argument`. */
export const policyArgument = [
  "<policy>",
  "folder of a run, whose best checkpoint it is, of a checkpoint, or of a policy",
] as const;

/** Names of a table's entries, for `z.enum`. */
export const namesOf = <Name extends string>(table: Readonly<Record<Name, unknown>>) =>
  Object.keys(table) as Name[];

/** Where a run's folder is to be. */
export const outputDir = folder().describe(
  "where the run's configuration, metrics and checkpoints are written",
);

export const threads = count()
  .default(availableParallelism)
  .describe("of the processor; equal numbers give equal bits");

export const seed = z.int().nonnegative().default(0);

const common = (numEnvs: number) => ({
  maxSteps: count().default(500).describe("steps after which an episode ends unsolved"),
  numEnvs: count().default(numEnvs).describe("environments that are stepped at once, per task"),
});

const SUITES = "mt10, mt50, easy, medium, hard, very-hard";

/** The one environment that a command is about. numEnvs: the default */
export const oneEnv = (numEnvs: number) =>
  z.strictObject({
    task: z.string().describe("family and task, such as metaworld/drawer-open"),
    ...common(numEnvs),
  });

/** Environments that a command is about. numEnvs: the default */
export const severalEnvs = (numEnvs: number) =>
  z.strictObject({
    task: z
      .array(z.string())
      .min(1)
      .describe(`tasks or suites, with commas between: metaworld/drawer-open, ${SUITES}`),
    ...common(numEnvs),
  });

/** Episodes of an evaluation. nEpisodes: the default */
export const evaluationFlags = (nEpisodes: number) =>
  z
    .strictObject({
      nEpisodes: count().default(nEpisodes).describe("episodes of an evaluation, per task"),
    })
    .prefault({});

/** Denoising of planners that act. minSamplingStd: the default */
export const denoisingFlags = (minSamplingStd: number) =>
  z
    .strictObject({
      numInferenceSteps: count().optional().describe("denoising steps S; default: K, those of the training"),
      eta: z
        .number()
        .min(0)
        .max(1)
        .default(1)
        .describe("share of noise that is drawn anew; 1: DDPM, 0: DDIM"),
      minSamplingStd: z
        .number()
        .nonnegative()
        .default(minSamplingStd)
        .describe("least standard deviation of the noise that a step adds"),
    })
    .prefault({});
