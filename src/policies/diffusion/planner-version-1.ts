/** @file Planners of format version 1, of sodp 0.1: one vector is observed, and nothing encodes it. */
import { z } from "zod";
import { countTo, mostUnits, parse, vectorSpaces } from "../../base/index.ts";
import { DenoiserConfig } from "../../nn/index.ts";
import { Normalizer } from "../normalizer.ts";
import type { Normalizers } from "./planner.ts";
import { PlannerConfig } from "./planner-config.ts";

const size = () => countTo(mostUnits);
const Version1 = z.strictObject({
  format: z.literal("sodp planner"),
  version: z.literal(1),
  planner: z.strictObject({
    observationSize: size(),
    actionSize: size(),
    horizon: size(),
    observationSteps: size(),
    actionSteps: size(),
    levels: size(),
    schedule: PlannerConfig.shape.schedule,
    prediction: PlannerConfig.shape.prediction,
    clip: z.number().positive().nullable(),
    network: DenoiserConfig,
  }),
  normalisers: z.strictObject({ observations: Normalizer, actions: Normalizer }),
});

/** The document as this version has it, but for its format. Throws UserError that names `path` if it is none. */
export function fromVersion1(document: unknown, path: string) {
  const { planner, normalisers } = parse(Version1, document, path);
  const { observationSize, actionSize, observationSteps, actionSteps, levels, clip, network, ...rest } =
    planner;
  const { observations, actions } = normalisers;
  const config: z.input<typeof PlannerConfig> = {
    ...rest,
    spaces: vectorSpaces(observationSize, actionSize),
    nObsSteps: observationSteps,
    nActionSteps: actionSteps,
    numTrainTimesteps: levels,
    clipSampleRange: clip,
    denoiser: network,
  };
  const normalizers: Normalizers = { observation: { state: observations }, action: actions };
  return { planner: config, normalizers };
}

/** The name that a tensor had. There was nothing but the denoiser. */
export const nameInVersion1 = (name: string): string => name.replace(/^denoiser\./, "");
