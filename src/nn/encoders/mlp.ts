/** @file The encoder of vectors: a multi-layer perceptron. */
import { z } from "zod";
import { countTo, mostLayers, mostUnits, sizeOfPart } from "../../base/index.ts";
import { type Parameter, reshape } from "../../tensor/index.ts";
import { initMlp, type Mlp, mlp as perceptron } from "../mlp.ts";
import type { EncoderKind } from "./encoder.ts";

const MlpConfig = z.strictObject({
  kind: z.literal("mlp"),
  hiddenSizes: z
    .array(countTo(mostUnits))
    .max(mostLayers)
    .readonly()
    .default([64])
    .describe("sizes of the hidden layers"),
  size: countTo(mostUnits).default(64).describe("features"),
});

/**
 * An MLP with ReLU between its layers over all numbers of the part.
 * Source, defaults too: the state encoder of Ze et al. 2024, arXiv:2403.03954 (3D-Diffusion-Policy 47385d9).
 */
export const mlp: EncoderKind<typeof MlpConfig, Mlp<Parameter>> = {
  config: MlpConfig,
  input: "normalized",
  accepts: () => undefined,
  size: ({ size }) => size,
  init: ({ hiddenSizes, size }, part, random) => initMlp([sizeOfPart(part), ...hiddenSizes, size], random),
  apply: (network, _, part, x) => perceptron(network, reshape(x, [x.shape[0], sizeOfPart(part)]), "relu"),
};
