/** @file Configuration of soft actor-critic. */
import { z } from "zod";
import { countTo, mostLayers, mostUnits } from "../../base/index.ts";
import { onlineSettings } from "../algorithm.ts";

const count = () => z.int().positive();
const rate = () => z.number().positive();

export const SacConfig = z.strictObject({
  ...onlineSettings({ envSteps: 1_000_000, evalEvery: 20_000, evalEpisodes: 20 }),
  episodes: count().default(1).describe("episodes of each task per iteration"),
  learningStarts: z
    .int()
    .nonnegative()
    .default(10_000)
    .describe("environment steps in which actions are uniformly random (garage)"),
  utdRatio: rate().default(1).describe("gradient steps per environment step, after the random ones"),
  batchSize: count().default(256).describe("transitions per gradient step, B"),
  hiddenSizes: z
    .array(countTo(mostUnits))
    .max(mostLayers)
    .min(1)
    .readonly()
    .default([256, 256])
    .describe("widths of the hidden layers of all networks"),
  learningRate: rate().default(3e-4).describe("Adam step size of actor and temperature"),
  criticLearningRate: rate().default(1e-3).describe("Adam step size of the critics (CleanRL)"),
  discount: z.number().min(0).max(1).default(0.99).describe("discount of rewards, per environment step"),
  tau: z
    .number()
    .min(0)
    .max(1)
    .default(0.005)
    .describe(
      "share of the critics that goes into their average, which values the next state, per gradient step",
    ),
  normalize: z
    .boolean()
    .default(false)
    .describe("whether observations are centered and scaled by those of the random steps"),
  rewardScale: rate().default(1).describe("what rewards are multiplied with"),
  targetEntropy: z
    .number()
    .nullable()
    .default(null)
    .describe("entropy of the actor, which the temperature keeps; null: minus the size of an action"),
});
export type SacConfig = Readonly<z.infer<typeof SacConfig>>;

/** Settings with which a laptop fills a replay in minutes; docs/log.md has the trials. */
export const sacPresets = {
  laptop: {
    envSteps: 100_000,
    episodes: 4,
    learningStarts: 4000,
    batchSize: 128,
    discount: 0.98,
    normalize: true,
    eval: { nEpisodes: 50 },
  },
} as const satisfies Record<string, z.input<typeof SacConfig>>;
