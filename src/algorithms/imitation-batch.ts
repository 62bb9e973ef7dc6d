/**
 * @file A batch of what the denoising loss is computed on: windows of data, and noise of random levels.
 * Symbols: B batch, H horizon, T_o observations a plan depends on, O observation size, A action size, K noise levels.
 */
import type { Random } from "../base/index.ts";
import type { Windows } from "../data/index.ts";
import { sizeOf } from "../tensor/index.ts";
import { type ImitationInputs, imitationSpecs, type PlannerConfig } from "./planner.ts";

export type ImitationBatch = {
  /** float32, but for `level`, which is int32. */
  readonly [Name in keyof ImitationInputs]: Name extends "level" ? Int32Array : Float32Array;
};

/** Arrays for a batch, to be filled again and again. */
export function emptyBatch(config: PlannerConfig, batchSize: number): ImitationBatch {
  const { observations, plans, noise, level } = imitationSpecs(config, batchSize);
  return {
    observations: new Float32Array(sizeOf(observations.shape)),
    plans: new Float32Array(sizeOf(plans.shape)),
    noise: new Float32Array(sizeOf(noise.shape)),
    level: new Int32Array(sizeOf(level.shape)),
  };
}

/** Fills a batch: windows as likely as any other, standard normal noise, levels from [0, K). */
export async function drawBatch(
  { levels }: PlannerConfig,
  windows: Windows,
  random: Random,
  batch: ImitationBatch,
): Promise<void> {
  await windows.sample(random, batch.level.length, batch);
  random.fillNormal(batch.noise);
  random.fillIntegers(batch.level, 0, levels);
}
