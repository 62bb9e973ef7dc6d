/**
 * @file What a planner learns of data: the denoising loss on windows, and batches of them.
 * Symbols: B batch, H horizon, T_o observations an action sequence depends on, O observation size, A action size, K
 * diffusion timesteps.
 */
import type { Random } from "../../base/index.ts";
import { denoisingLoss } from "../../diffusion/index.ts";
import { float32, int32, type Spec, sizeOf, type Value } from "../../tensor/index.ts";
import { normalize } from "../normalizer.ts";
import { splitObservations } from "../observation-encoder.ts";
import { conditionOf, denoiserOf, type Planner, type TracedNetwork } from "./planner.ts";
import { diffusionOf, type PlannerConfig, sizesOf } from "./planner-config.ts";

/** B windows of data, and the noise that is put into them. */
export interface ImitationInputs {
  /** Raw, oldest first. (B, T_o, O) */
  readonly observation: Value;
  /** Raw, from the first observation on. (B, H, A) */
  readonly action: Value;
  /** Standard normal draws. (B, H, A) */
  readonly noise: Value;
  /** int32 draws from [0, K). (B,) */
  readonly timestep: Value;
}

/** The denoising loss on windows of data, traced: (). Imitates whatever the data does, good and bad alike. */
export function imitationLoss(
  planner: Omit<Planner, "network">,
  network: TracedNetwork,
  { observation, action, noise, timestep }: ImitationInputs,
): Value {
  const { config, normalizers } = planner;
  const clean = normalize(normalizers.action, action);
  const condition = conditionOf(planner, network, splitObservations(config.spaces.observation, observation));
  const example = { clean, noise, timestep, condition };
  return denoisingLoss(diffusionOf(config), denoiserOf(config, network), example);
}

/** Shapes of what `imitationLoss` is given. */
export function imitationSpecs(
  config: PlannerConfig,
  batchSize: number,
): Readonly<Record<keyof ImitationInputs, Spec>> {
  const { observationSize, actionSize } = sizesOf(config);
  return {
    observation: float32(batchSize, config.nObsSteps, observationSize),
    action: float32(batchSize, config.horizon, actionSize),
    noise: float32(batchSize, config.horizon, actionSize),
    timestep: int32(batchSize),
  };
}

export type ImitationBatch = {
  /** float32, but for `timestep`, which is int32. */
  readonly [Name in keyof ImitationInputs]: Name extends "timestep" ? Int32Array : Float32Array;
};

/** Arrays for a batch, to be filled again and again. */
export function emptyBatch(config: PlannerConfig, batchSize: number): ImitationBatch {
  const { observation, action, noise, timestep } = imitationSpecs(config, batchSize);
  return {
    observation: new Float32Array(sizeOf(observation.shape)),
    action: new Float32Array(sizeOf(action.shape)),
    noise: new Float32Array(sizeOf(noise.shape)),
    timestep: new Int32Array(sizeOf(timestep.shape)),
  };
}

/** Columns of a data set that a planner learns from, at steps relative to the present. */
export function imitationColumns({ nObsSteps, horizon }: Pick<PlannerConfig, "nObsSteps" | "horizon">) {
  const from = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i);
  return { observation: from(1 - nObsSteps, nObsSteps), action: from(1 - nObsSteps, horizon) };
}

/** Draws observations and actions. */
export interface ImitationSampler {
  sample(
    random: Random,
    batch: { readonly observation: Float32Array; readonly action: Float32Array },
  ): void | Promise<void>;
}

/** Fills a batch: what the sampler draws, standard normal noise, timesteps from [0, K). */
export async function drawBatch(
  { numTrainTimesteps }: PlannerConfig,
  sampler: ImitationSampler,
  random: Random,
  batch: ImitationBatch,
): Promise<void> {
  await sampler.sample(random, batch);
  random.fillNormal(batch.noise);
  random.fillIntegers(batch.timestep, 0, numTrainTimesteps);
}
