/** @file Settings that decision transformers have in common. Defaults: HarmoDT's. */
import { z } from "zod";
import { countTo, mostLayers, mostUnits, UserError } from "../../base/index.ts";
import type { LearningRateSchedule } from "../../nn/index.ts";

export const sequenceSettings = {
  contextSteps: countTo(1000).default(20).describe("latest steps that the network sees, K"),
  width: countTo(mostUnits).default(256).describe("size of a token, E"),
  layers: countTo(mostLayers).default(6).describe("blocks, one after another"),
  heads: countTo(mostUnits).default(8).describe("attention heads"),
  dropout: z.number().min(0).lt(1).default(0.1).describe("share of numbers dropped in training"),
  maxSteps: countTo(mostUnits).default(1000).describe("steps of an episode that the network tells apart"),
  returnScale: z.number().positive().default(1000).describe("returns are divided by it"),
  targetReturn: z
    .number()
    .nullable()
    .default(4500)
    .describe("return that the policy is asked for; null: the best of each task in the data"),
  learningRate: z.number().positive().default(1e-4).describe("AdamW step size"),
  weightDecay: z.number().nonnegative().default(1e-4).describe("AdamW's, of all parameters"),
  warmupSteps: z.int().nonnegative().default(10_000).describe("steps until the learning rate is reached"),
};

export const promptSettings = {
  ...sequenceSettings,
  promptSteps: countTo(1000).default(5).describe("steps of the prompt, S"),
};

/** Longer gradients are scaled down to it. */
export const maxGradientNorm = 0.25;

/** Throws UserError if the heads do not divide the width. */
export function checkHeads({ width, heads }: { readonly width: number; readonly heads: number }): void {
  if (width % heads !== 0) throw new UserError(`A width of ${width} does not divide into ${heads} heads.`);
}

/** The factor after n steps: (n + 1) / steps, then 1. Differs from `constantLearningRate`: the first step moves. */
export const warmUp =
  (steps: number): LearningRateSchedule =>
  (step) =>
    Math.min((step + 1) / Math.max(steps, 1), 1);

/** Sizes and pace with which a laptop learns ten tasks in minutes. */
export const laptopSequences = {
  contextSteps: 10,
  width: 64,
  layers: 3,
  heads: 2,
  targetReturn: null,
  learningRate: 1e-3,
  warmupSteps: 200,
} as const;
