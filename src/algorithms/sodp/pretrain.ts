/**
 * @file Stage 1: fit the diffusion planner to action sequences of every task, good and bad alike. No rewards, no task
 * labels: the data it is given has none.
 * Symbols: B batch.
 */
import { z } from "zod";
import { placesOf, type Random, requireSameSpaces, type Space, sizeOfSpace } from "../../base/index.ts";
import { cosineLearningRate } from "../../nn/index.ts";
import {
  checkHorizon,
  drawBatch,
  emptyBatch,
  type ImitationBatch,
  imitationLoss,
  imitationSpecs,
  initPlanner,
  type Normalizer,
  type Planner,
  PlannerConfig,
  plannerNormalizers,
  reportOn,
  type TracedNetwork,
} from "../../policies/index.ts";
import { type Data, type Offline, offlineSettings } from "../algorithm.ts";
import { gradientLearner } from "../gradient-learner.ts";
import { type PlannerReadings, plannerPolicy, plannerWindows } from "./planner-policy.ts";

export const PretrainConfig = z.strictObject({
  planner: PlannerConfig.omit({ spaces: true }).prefault({}),
  ...offlineSettings({ steps: 500_000, batchSize: 256 }),
  learningRate: z.number().positive().default(1e-4).describe("AdamW step size, before the cosine decay"),
  warmupSteps: z.int().nonnegative().default(500).describe("steps in which the learning rate rises"),
  weightDecay: z.number().nonnegative().default(1e-2).describe("AdamW's, decoupled"),
  maxGradientNorm: z.number().positive().default(1).describe("longer gradients are scaled down to it"),
  emaDecay: z
    .number()
    .min(0)
    .max(1)
    .default(0.995)
    .describe("decay of the averaged weights, which become the planner"),
});
export type PretrainConfig = Readonly<z.infer<typeof PretrainConfig>>;

/** The paper's planner, but for what it predicts. Differs: velocity, not noise; docs/algorithms/pretrain.md says why. */
const paper = { prediction: "velocity" } as const;

/** Departures from the published sizes, which are the defaults; `laptop` trains in minutes, `toy` its family in seconds. */
export const pretrainPresets = {
  paper: { planner: paper },
  "paper-laptop": {
    planner: { ...paper, denoiser: { kind: "unet", width: 32 } },
    steps: 8000,
    batchSize: 64,
    learningRate: 1e-3,
    emaDecay: 0.999,
  },
  laptop: {
    planner: {
      numTrainTimesteps: 10,
      prediction: "sample",
      denoiser: { kind: "mlp", width: 256, blocks: 3 },
    },
    steps: 8000,
    learningRate: 1e-3,
    emaDecay: 0.999,
  },
  toy: {
    planner: {
      horizon: 8,
      nObsSteps: 1,
      nActionSteps: 4,
      numTrainTimesteps: 5,
      prediction: "sample",
      denoiser: { kind: "mlp", width: 128, blocks: 2 },
    },
    steps: 2000,
    batchSize: 64,
    learningRate: 1e-3,
  },
} as const satisfies Record<string, z.input<typeof PretrainConfig>>;

/** The paper's first stage, Eq. 7: a minibatch of windows, noise of a random timestep, one step on the error of the prediction. */
export const pretrain: Offline<PretrainConfig, Planner, PlannerReadings> = {
  kind: "offline",
  name: "pretrain",
  summary: "Fit a diffusion planner to a data set: every task's episodes, good and bad alike.",
  config: PretrainConfig,
  presets: pretrainPresets,
  metrics: ["train/loss", "train/gradient_norm", "eval/loss"],
  policy: plannerPolicy,
  check({ planner }) {
    checkHorizon(planner);
  },
  reads: ({ planner }) => ({ windows: plannerWindows(planner) }),
  startsFrom({ config: { spaces: _, ...planner } }) {
    return { planner };
  },
  start(config, { windows }, { random, device }, policy) {
    if (policy) requireSameSpaces("The planner", policy.config.spaces, "the data set", windows.train.spaces);
    const planner = policy ?? firstPlanner(config, windows, random.split("weights"));
    const { steps, weightDecay, maxGradientNorm, emaDecay } = config;
    return gradientLearner({
      name: "planner",
      network: planner.network,
      inputs: (rows) => imitationSpecs(planner.config, rows),
      loss: (network, inputs) => imitationLoss(planner, network as TracedNetwork, inputs),
      data: windows,
      emptyBatch: (rows) => emptyBatch(planner.config, rows),
      draw: (sampler, stream, batch) => drawBatch(planner.config, sampler, stream, batch),
      model: (network) => ({ ...planner, network: network as Planner["network"] }),
      batchSize: config.batchSize,
      optimizer: { weightDecay, maxGradientNorm, emaDecay },
      learningRate: config.learningRate,
      schedule: cosineLearningRate({
        totalSteps: steps,
        warmupSteps: Math.min(config.warmupSteps, steps - 1),
      }),
      random: random.split("held out"),
      device,
      warnings: (batch) => warningsAbout(planner, batch),
    });
  },
};

/** A planner of random weights on the scale of the data. */
function firstPlanner(
  { planner }: PretrainConfig,
  { train }: Data<PlannerReadings>["windows"],
  random: Random,
) {
  const { spaces, observationRange: observation, actionRange: action } = train;
  return initPlanner({ ...planner, spaces }, plannerNormalizers(spaces, { observation, action }), random);
}

/** Warnings about what the planner's normalizers hide from it, in sentences. */
function warningsAbout(
  { config, normalizers }: Pick<Planner, "config" | "normalizers">,
  { observation, action }: Pick<ImitationBatch, "observation" | "action">,
): string[] {
  const { observation: space } = config.spaces;
  const names = Object.keys(space);
  const parts = names.flatMap((name) => {
    const what = names.length === 1 ? "observations" : `${name} observed`;
    return warningsOf(what, normalizers.observation[name], partOf(space, name, observation));
  });
  return [...parts, ...warningsOf("actions", normalizers.action, action)];
}

/** rows: (N, D) */
function warningsOf(what: string, normalizer: Normalizer, rows: Float32Array): string[] {
  const { constant, clipped } = reportOn(normalizer, rows);
  const shares = clipped.map(({ dimension, share }) => `${dimension} (${(100 * share).toFixed(1)} %)`);
  return [
    ...(constant.length > 0
      ? [`Dimensions of ${what} that never change, and say nothing: ${constant.join(", ")}.`]
      : []),
    ...(shares.length > 0
      ? [`Dimensions of ${what} outside the range in held-out steps: ${shares.join(", ")}.`]
      : []),
  ];
}

/** One part of many observations, flat.   observations: (N, O) */
function partOf(space: Space, name: string, observations: Float32Array): Float32Array {
  const size = sizeOfSpace(space);
  const [begin, end] = placesOf(space)[name];
  const part = new Float32Array((observations.length / size) * (end - begin));
  for (let row = 0; row * size < observations.length; row++)
    part.set(observations.subarray(row * size + begin, row * size + end), row * (end - begin));
  return part;
}
