/**
 * @file HarmoDT: a prompt decision transformer of which each task uses parameters of its own, by a mask that keeps what the task
 * needs and what the tasks agree on.
 * Source: Hu et al. 2024, arXiv:2405.18080; main.py, prompt_seq_trainer.py and fl_utils.py of charleshsc/HarmoDT (1c4244f).
 * Differs: masks are updated as the paper means it unless `maskUpdate` is "published"; and as prompt-dt.ts says.
 */
import { z } from "zod";
import { type Offline, offlineSettings } from "./algorithm.ts";
import { promptedModel } from "./decision-transformer/batch.ts";
import { maskedLearner } from "./decision-transformer/masked-learner.ts";
import { initSequenceModel, type SequenceModel } from "./decision-transformer/model.ts";
import { sequencePolicy } from "./decision-transformer/policy.ts";
import { checkHeads, laptopSequences, promptSettings } from "./decision-transformer/settings.ts";
import { type PromptReadings, promptReadings } from "./decision-transformer/windows.ts";

export const HarmodtConfig = z.strictObject({
  ...offlineSettings({ steps: 1_000_000, batchSize: 8 }),
  ...promptSettings,
  density: z.number().positive().max(1).default(0.8).describe("share of the parameters that a task uses"),
  importance: z
    .enum(["fisher", "magnitude", "random"])
    .default("fisher")
    .describe("what a mask keeps beside agreement, HarmoDT-F, -M, or -R: masks stay as they were drawn"),
  maskInterval: z
    .int()
    .positive()
    .default(500)
    .describe("gradient steps from one update of the masks to the next"),
  maskUpdate: z
    .enum(["meant", "published"])
    .default("meant")
    .describe("arithmetic of an update: the paper's, or the published code's, with its faults"),
});
export type HarmodtConfig = Readonly<z.infer<typeof HarmodtConfig>>;

/** Settings with which a laptop learns ten tasks in minutes. */
const harmodtPresets = {
  laptop: {
    steps: 10_000,
    batchSize: 32,
    ...laptopSequences,
    maskInterval: 100,
  },
} as const satisfies Record<string, z.input<typeof HarmodtConfig>>;

export const harmodt: Offline<HarmodtConfig, SequenceModel, PromptReadings> = {
  kind: "offline",
  name: "harmodt",
  summary:
    "A decision transformer shown the task by a prompt, of which each task uses parameters of its own.",
  config: HarmodtConfig,
  presets: harmodtPresets,
  check: checkHeads,
  metrics: ["train/loss", "train/gradient_norm", "train/mask_swaps", "eval/loss"],
  policy: sequencePolicy,
  reads: promptReadings,
  start(settings, data, { random, device }) {
    const model = initSequenceModel(promptedModel(settings, data), random.split("weights"));
    return maskedLearner(model, { settings, data, random, device });
  },
};
