/**
 * @file Prompt-DT: one decision transformer for all tasks, which is shown the task by a prompt, a few steps of a good episode.
 * Source: charleshsc/HarmoDT (1c4244f) without its masks, which is how the MT50 tables' row was made, after Xu et al. 2022,
 * arXiv:2206.13499 (mxu34/prompt-dt, 5f665e5). Differs: decision-transformer/network.ts and windows.ts say in what.
 */
import { z } from "zod";
import { type Offline, offlineSettings } from "./algorithm.ts";
import { lossInputs, promptedBatches, promptedModel, sequenceLoss } from "./decision-transformer/batch.ts";
import { initSequenceModel, type SequenceModel } from "./decision-transformer/model.ts";
import { sequencePolicy } from "./decision-transformer/policy.ts";
import {
  checkHeads,
  laptopSequences,
  maxGradientNorm,
  promptSettings,
  warmUp,
} from "./decision-transformer/settings.ts";
import { type PromptReadings, promptReadings } from "./decision-transformer/windows.ts";
import { gradientLearner } from "./gradient-learner.ts";

export const PromptDtConfig = z.strictObject({
  ...offlineSettings({ steps: 1_000_000, batchSize: 8 }),
  ...promptSettings,
});
export type PromptDtConfig = Readonly<z.infer<typeof PromptDtConfig>>;

/** Settings with which a laptop learns ten tasks in minutes. */
const promptDtPresets = {
  laptop: {
    steps: 10_000,
    batchSize: 32,
    ...laptopSequences,
  },
} as const satisfies Record<string, z.input<typeof PromptDtConfig>>;

export const promptDt: Offline<PromptDtConfig, SequenceModel, PromptReadings> = {
  kind: "offline",
  name: "prompt-dt",
  summary: "A decision transformer for all tasks, shown the task by a few steps of a good episode.",
  config: PromptDtConfig,
  presets: promptDtPresets,
  check: checkHeads,
  metrics: ["train/loss", "train/gradient_norm", "eval/loss"],
  policy: sequencePolicy,
  reads: promptReadings,
  start(settings, data, { random, device }) {
    const { batchSize, learningRate, weightDecay, warmupSteps, dropout } = settings;
    const { config, network } = initSequenceModel(promptedModel(settings, data), random.split("weights"));
    const { tasks, empty, drawAs, drawTask } = promptedBatches(data, config);
    return gradientLearner({
      name: "prompt-dt",
      network,
      inputs: (rows) => lossInputs(config, rows),
      loss: (layers, inputs, drop) => sequenceLoss(config, layers, inputs, drop),
      dropoutRate: dropout,
      data: data.histories,
      emptyBatch: empty,
      draw: (source, stream, batch, step) =>
        step === undefined
          ? drawAs(source, stream, batch)
          : drawTask(stream, batch, tasks[step % tasks.length]),
      model: (layers) => ({ config, network: layers }),
      batchSize,
      optimizer: { weightDecay, maxGradientNorm },
      learningRate,
      schedule: warmUp(warmupSteps),
      random: random.split("held out"),
      device,
    });
  },
};
