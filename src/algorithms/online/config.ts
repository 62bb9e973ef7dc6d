/** @file Settings that algorithms which learn from a replay share. */
import { z } from "zod";
import { countTo, mostLayers, mostUnits } from "../../base/index.ts";
import { onlineSettings } from "../algorithm.ts";

const count = () => z.int().positive();
export const rate = () => z.number().positive();
const share = () => z.number().min(0).max(1);

export interface ReplayDefaults {
  readonly envSteps: number;
  readonly utdRatio: number;
  readonly hiddenSizes: readonly number[];
  readonly learningRate: number;
  readonly tau: number;
}

/** Settings of an agent with data beside its replay: its schema begins with them. Given: their defaults. */
export const dataReplaySettings = (defaults: ReplayDefaults) => ({
  ...onlineSettings({ envSteps: defaults.envSteps, evalEvery: 20_000, evalEpisodes: 20 }),
  episodes: count().default(1).describe("episodes of each task per iteration"),
  utdRatio: rate().default(defaults.utdRatio).describe("gradient steps of the critics per environment step"),
  batchSize: count().default(256).describe("transitions per gradient step, B"),
  hiddenSizes: hiddenSizes(defaults.hiddenSizes).describe("widths of the hidden layers of the critics"),
  learningRate: rate().default(defaults.learningRate).describe("Adam step size"),
  discount: share().default(0.99).describe("discount of rewards, per environment step"),
  tau: share()
    .default(defaults.tau)
    .describe("share of the critics that goes into their average, per gradient step"),
  normalize: z.boolean().default(false).describe("whether observations are centered and scaled by the data"),
  rewardScale: rate().default(1).describe("what rewards are multiplied with"),
});

export const hiddenSizes = (sizes: readonly number[]) =>
  z.array(countTo(mostUnits)).min(1).max(mostLayers).readonly().default(sizes);

/** Share of a batch that is data. */
export const offlineShare = (fallback: number | null) =>
  share()
    .nullable()
    .default(fallback)
    .describe("share of a batch that is data; null: each transition is as likely as any other");

export const criticSteps = (steps: number) =>
  count().default(steps).describe("gradient steps of the critics for each of the actor");

export const targetEntropy = (fallback: string) =>
  z
    .number()
    .nullable()
    .default(null)
    .describe(`entropy of the actor, which the temperature keeps; null: ${fallback}`);
