/**
 * @file MTDT: one decision transformer for all tasks, which is told which task it is in.
 * No code was published. Definition: the Decision Transformer of kzl/decision-transformer (e2d82e6), with a one-hot task id
 * behind each observation; sizes, optimizer and inference of HarmoDT (charleshsc/HarmoDT, 1c4244f).
 */
import { z } from "zod";
import { type Offline, offlineSettings } from "./algorithm.ts";
import { lossInputs, sequenceLoss, toldBatches, toldModel } from "./decision-transformer/batch.ts";
import { initSequenceModel, type SequenceModel } from "./decision-transformer/model.ts";
import { sequencePolicy } from "./decision-transformer/policy.ts";
import {
  checkHeads,
  laptopSequences,
  maxGradientNorm,
  sequenceSettings,
  warmUp,
} from "./decision-transformer/settings.ts";
import { type HistoryReadings, historyReadings } from "./decision-transformer/windows.ts";
import { gradientLearner } from "./gradient-learner.ts";

export const MtdtConfig = z.strictObject({
  ...offlineSettings({ steps: 100_000, batchSize: 64 }),
  ...sequenceSettings,
});
export type MtdtConfig = Readonly<z.infer<typeof MtdtConfig>>;

/** Settings with which a laptop learns ten tasks in minutes. */
const mtdtPresets = {
  laptop: {
    steps: 6000,
    ...laptopSequences,
  },
} as const satisfies Record<string, z.input<typeof MtdtConfig>>;

export const mtdt: Offline<MtdtConfig, SequenceModel, HistoryReadings> = {
  kind: "offline",
  name: "mtdt",
  summary: "A decision transformer for all tasks, told which task it is in and which return to earn.",
  config: MtdtConfig,
  presets: mtdtPresets,
  check: checkHeads,
  metrics: ["train/loss", "train/gradient_norm", "eval/loss"],
  policy: sequencePolicy,
  reads: historyReadings,
  start(settings, data, { random, device }) {
    const { batchSize, learningRate, weightDecay, warmupSteps, dropout } = settings;
    const { config, network } = initSequenceModel(toldModel(settings, data), random.split("weights"));
    const batches = toldBatches(data.histories.train, config);
    return gradientLearner({
      name: "mtdt",
      network,
      inputs: (rows) => lossInputs(config, rows),
      loss: (layers, inputs, drop) => sequenceLoss(config, layers, inputs, drop),
      dropoutRate: dropout,
      data: data.histories,
      emptyBatch: batches.empty,
      draw: batches.draw,
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
