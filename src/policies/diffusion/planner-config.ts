/**
 * @file What a planner is configured by.
 * Symbols: H horizon (the paper's T_p), T_o observations an action sequence depends on, T_a actions executed of it, K
 * diffusion timesteps.
 *
 * The first action of a sequence belongs to the first of its T_o observations; the present is the last of them. What is
 * executed is therefore [T_o - 1, T_o - 1 + T_a), as in Diffusion Policy and CleanDiffuser.
 */
import { z } from "zod";
import { countTo, mostUnits, parse, sizeOfSpace, spacesSchema, UserError } from "../../base/index.ts";
import { createSchedule, type Diffusion, predictionNames, scheduleNames } from "../../diffusion/index.ts";
import { DenoiserConfig, type DenoiserSizes, denoiserKind, EncoderConfig } from "../../nn/index.ts";
import { encodersFor, featureSize } from "../observation-encoder.ts";

const size = () => countTo(mostUnits);

export const PlannerConfig = z.strictObject({
  spaces: spacesSchema.describe("what is observed and what is done"),
  horizon: size().default(16).describe("actions predicted at once, H"),
  nObsSteps: size().default(2).describe("latest observations that they depend on, T_o"),
  nActionSteps: size().default(8).describe("actions executed before the next are predicted, T_a"),
  numTrainTimesteps: size().default(20).describe("diffusion timesteps, K"),
  schedule: z.enum(scheduleNames).default("cosine").describe("how noise grows with the timestep"),
  prediction: z.enum(predictionNames).default("noise").describe("what the network predicts"),
  clipSampleRange: z
    .number()
    .positive()
    .nullable()
    .default(1)
    .describe("limit of the clean actions that are predicted; null: none"),
  encoders: z
    .record(z.string(), EncoderConfig)
    .readonly()
    .default({})
    .describe("encoder of each part of an observation; of a part without one: by its shape"),
  denoiser: DenoiserConfig.prefault({ kind: "unet" }).describe("network that predicts"),
});
/** Complete: every part of the observation has its encoder. */
export type PlannerConfig = Readonly<z.infer<typeof PlannerConfig>>;

/** The configuration with its defaults. Throws UserError if it is none, or contradicts itself. */
export function plannerConfig(input: z.input<typeof PlannerConfig>): PlannerConfig {
  const config = parse(PlannerConfig, input, "planner");
  checkHorizon(config);
  const { spaces, encoders } = config;
  return { ...config, encoders: encodersFor(spaces.observation, encoders) };
}

/** Throws UserError unless a prediction holds the actions that are executed, and the denoiser can make it. */
export function checkHorizon({
  horizon,
  nObsSteps,
  nActionSteps,
  denoiser,
}: Pick<PlannerConfig, "horizon" | "nObsSteps" | "nActionSteps" | "denoiser">): void {
  const most = horizon - nObsSteps + 1;
  if (most < 1)
    throw new UserError(
      `nObsSteps ${nObsSteps} leaves none of ${horizon} predicted actions. Use at most ${horizon}.`,
    );
  if (nActionSteps > most)
    throw new UserError(
      `nActionSteps ${nActionSteps} is more than ${horizon} predicted actions hold from the present on, with ` +
        `${nObsSteps} observations. Use at most ${most}.`,
    );
  denoiserKind(denoiser).check?.(denoiser, { horizon });
}

/** Numbers of an observation and of an action, O and A, of a prediction (H, A) and of the T_o observations it depends on. */
export function sizesOf({ spaces, horizon, nObsSteps }: PlannerConfig) {
  const observationSize = sizeOfSpace(spaces.observation);
  const actionSize = sizeOfSpace(spaces.action);
  return {
    observationSize,
    actionSize,
    sampleSize: horizon * actionSize,
    seenSize: nObsSteps * observationSize,
  };
}

/** Sizes that a denoiser is made for. */
export function denoiserSizes({
  spaces,
  encoders,
  horizon,
  nObsSteps,
  numTrainTimesteps,
}: PlannerConfig): DenoiserSizes {
  const actionSize = sizeOfSpace(spaces.action);
  const conditionSize = nObsSteps * featureSize({ space: spaces.observation, encoders });
  return { actionSize, horizon, nObsSteps, conditionSize, numTrainTimesteps };
}

/** Schedule of the noise, and the meaning of the network's predictions. */
export function diffusionOf(config: Omit<PlannerConfig, "spaces" | "encoders">): Diffusion {
  const { schedule, numTrainTimesteps, prediction, clipSampleRange } = config;
  return { schedule: createSchedule(schedule, numTrainTimesteps), prediction, clipSampleRange };
}

/** The executed actions of a prediction: from the first to before the second. */
export function executedActions({
  nObsSteps,
  nActionSteps,
}: Pick<PlannerConfig, "nObsSteps" | "nActionSteps">): readonly [number, number] {
  return [nObsSteps - 1, nObsSteps - 1 + nActionSteps];
}
