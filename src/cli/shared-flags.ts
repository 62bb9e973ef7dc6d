/** @file Flags that several commands have: one name, one meaning and one description each. */
import { availableParallelism } from "node:os";
import { z } from "zod";
import { countTo, mostLayers, mostUnits } from "../base/index.ts";
import { type EnvConfig, EnvOptions, envsNamed, suites } from "../envs/index.ts";
import { loadFamily } from "../envs/pool/index.ts";

const count = () => z.int().positive();

export const folder = () => z.string().meta({ placeholder: "folder" });
export const file = () => z.string().meta({ placeholder: "file" });

/** Folders that name a policy: see `findPolicy`. */
export const policyText = "folder of a run, whose best checkpoint it is, of a checkpoint, or of a policy";

/** The argument of commands about a policy, for `command.argument`. */
export const policyArgument = ["<policy>", policyText] as const;

/** Names of a table's entries, for `z.enum`. */
export const namesOf = <Name extends string>(table: Readonly<Record<Name, unknown>>) =>
  Object.keys(table) as Name[];

/** Flag of a run's folder. */
export const outputDir = folder()
  .optional()
  .describe(
    "where the run's configuration, metrics and checkpoints are written; default: outputs/COMMAND/DATE_NAME",
  );

/** Environments of presets for a laptop, the same in every command. */
export const laptopEnv = { maxSteps: 200 } as const;

export const threads = countTo(mostLayers)
  .default(availableParallelism)
  .describe("threads of the processor; equal numbers give equal bits");

export const seed = z.int().nonnegative().default(0);

/** Options of environments, and the module of a family of one's own. */
export const envOptions = {
  module: file().optional().describe("module with a family of your own, whose tasks are then known too"),
  ...(EnvOptions.shape as { maxSteps: z.ZodOptional<z.ZodInt> }),
  options: z
    .record(z.string(), z.json())
    .optional()
    .describe('options of a family of your own, as YAML: "friction: 0.8"'),
};

const numEnvsFlag = (numEnvs: number) =>
  countTo(mostUnits).default(numEnvs).describe("environments that are stepped at once, per task");

/** Description of tasks, and of suites where several are accepted. */
const ONE_TASK = "family and task, such as metaworld/drawer-open or toy/reach";
const SEVERAL_TASKS = `tasks or suites, with commas between: metaworld/drawer-open, ${Object.keys(suites).join(", ")}`;

/** The tasks that a command is about, without environments at once. */
export const tasksFlag = () => z.array(z.string()).min(1).readonly().describe(SEVERAL_TASKS);

/** The one environment that a command is about. numEnvs: the default */
export const oneEnv = (numEnvs: number) =>
  z.strictObject({
    task: z.string().describe(`${ONE_TASK}; of several, with commas between, or a suite, a run each`),
    numEnvs: numEnvsFlag(numEnvs),
    ...envOptions,
  });

/** Environments that a command is about. numEnvs: the default */
export const severalEnvs = (numEnvs: number) =>
  z.strictObject({ task: tasksFlag(), numEnvs: numEnvsFlag(numEnvs), ...envOptions });

export interface EnvFlags {
  readonly module?: string | undefined;
  readonly options?: Readonly<Record<string, unknown>> | undefined;
}

/** The options that were given for environments: plain data, without `undefined`. */
export function optionsGiven(env: EnvFlags): Readonly<Record<string, z.core.util.JSONType>> {
  const { task: _, numEnvs: __, options, ...rest } = env as EnvFlags & { task?: unknown; numEnvs?: unknown };
  const given = Object.entries({ ...rest, ...options }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as Readonly<Record<string, z.core.util.JSONType>>;
}

/** Configurations of the environments that flags name, a suite's tasks each. Throws UserError for unknown ones. */
export async function envsOf(
  env: EnvFlags & { readonly task: string | readonly string[] },
): Promise<readonly EnvConfig[]> {
  const own = env.module === undefined ? undefined : await loadFamily(env.module);
  const options = optionsGiven(env);
  return envsNamed([env.task].flat(), own).map((name) => ({ ...options, env: name }));
}

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
