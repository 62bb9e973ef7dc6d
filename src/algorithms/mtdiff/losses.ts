/**
 * @file The loss of MTDiff, and how it draws actions.
 * Symbols: B batch, H actions, A action size, K diffusion timesteps, J denoising steps.
 * Source: He et al. 2023, arXiv:2305.18459, diffusion.py and helpers.py (tinnerhrhe/MTDiff, 1bed9ca), GaussianActDiffusion.
 */
import {
  addNoise,
  createSchedule,
  type Denoise,
  type DenoisingOptions,
  type DenoisingSteps,
  type Diffusion,
  denoisingSteps,
} from "../../diffusion/index.ts";
import type { Dropout } from "../../nn/index.ts";
import { add, concat, constant, huber, mean, mul, slice, sub, type Value } from "../../tensor/index.ts";
import { type MtdiffCondition, type MtdiffNetwork, type MtdiffShape, mtdiffNoise } from "./network.ts";

export const mtdiffDiffusion = (numTrainTimesteps: number): Diffusion => ({
  schedule: createSchedule("vp", numTrainTimesteps),
  prediction: "noise",
  clipSampleRange: 1,
});

/** Actions that are learned from, normalized, with the noise that is put into them. */
export interface MtdiffExample {
  /** (B, H, A) each */
  readonly clean: Value;
  readonly noise: Value;
  /** int32, (B,) */
  readonly timestep: Value;
}

/** Mean Huber loss of the noise, of which the first action's counts `firstActionWeight` times.   returns: () */
export function mtdiffLoss(
  network: MtdiffNetwork<Value>,
  shape: MtdiffShape,
  condition: MtdiffCondition,
  { clean, noise, timestep }: MtdiffExample,
  firstActionWeight: number,
  dropout?: Dropout,
): Value {
  const { schedule } = mtdiffDiffusion(shape.numTrainTimesteps);
  const noisy = addNoise(schedule, clean, noise, timestep);
  const predicted = mtdiffNoise(network, shape, condition, noisy, timestep, dropout);
  const weights = Array.from({ length: clean.shape[1] }, (_, action) =>
    action === 0 ? firstActionWeight : 1,
  );
  return mean(mul(constant(weights, [1, weights.length, 1]), huber(sub(predicted, noise))));
}

/**
 * Denoising that leans towards the return that is asked for: the noise without it, and `guidance` times what asking changes.
 * Both are predicted at once, as one batch of twice the rows.
 */
export function guidedDenoise(
  network: MtdiffNetwork<Value>,
  shape: MtdiffShape,
  condition: Omit<MtdiffCondition, "valueMask">,
  guidance: number,
): Denoise {
  const twice = (rows: Value) => concat([rows, rows], 0);
  const { prompt, observation, value } = condition;
  const [rows] = value.shape;
  const valueMask = constant(
    Float32Array.from({ length: 2 * rows }, (_, row) => Number(row < rows)),
    [2 * rows, 1],
  );
  const both = { prompt: twice(prompt), observation: twice(observation), value: twice(value), valueMask };
  return (sample, timestep) => {
    const noise = mtdiffNoise(network, shape, both, twice(sample), timestep);
    const [asked, free] = [slice(noise, 0, 0, rows), slice(noise, 0, rows, 2 * rows)];
    return add(free, mul(guidance, sub(asked, free)));
  };
}

/** DDPM's steps, each adding `noiseScale` times its noise. */
export function mtdiffSteps(
  numTrainTimesteps: number,
  noiseScale: number,
  denoising?: DenoisingOptions,
): DenoisingSteps {
  const steps = denoisingSteps(mtdiffDiffusion(numTrainTimesteps), denoising);
  return { ...steps, std: steps.std.map((std) => noiseScale * std) };
}
