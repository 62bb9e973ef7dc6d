/**
 * @file Minibatches of denoising steps, of any chunk and any step of its chain.
 * Symbols: N chunks, S denoising steps of a chain, step j in [0, S), M denoising steps in a minibatch, H horizon, T_o
 * observations an action sequence depends on, O observation size, A action size.
 */
import { type DenoisingChain, type PlannerConfig, sizesOf } from "../../policies/index.ts";
import { float32, int32, type Spec } from "../../tensor/index.ts";

/** A chain and the advantage of the actions it ended in. */
export interface CreditedChain {
  readonly chain: DenoisingChain;
  readonly advantage: number;
}

/** Denoising steps, each with the sample it started from and the one it made. */
export interface StepBatch {
  /** Normalized. (M, H, A) */
  readonly from: Float32Array;
  readonly to: Float32Array;
  /** (M,) */
  readonly step: Int32Array;
  /** Raw: the network encodes them. (M, T_o, O) */
  readonly observations: Float32Array;
}

/** Numbers of the policy gradient about each of them. (M,) each. */
export interface ScoreBatch {
  readonly oldLogProb: Float32Array;
  readonly advantage: Float32Array;
  readonly clipRange: Float32Array;
}

/** Shapes of a `StepBatch`. */
export function stepSpecs(config: PlannerConfig, rows: number): Readonly<Record<keyof StepBatch, Spec>> {
  const { observationSize, actionSize } = sizesOf(config);
  return {
    from: float32(rows, config.horizon, actionSize),
    to: float32(rows, config.horizon, actionSize),
    step: int32(rows),
    observations: float32(rows, config.nObsSteps, observationSize),
  };
}

/** Shapes of a `ScoreBatch`. */
export const scoreSpecs = (rows: number): Readonly<Record<keyof ScoreBatch, Spec>> => ({
  oldLogProb: float32(rows),
  advantage: float32(rows),
  clipRange: float32(rows),
});

/** Arrays for a minibatch, to be filled again and again. */
export function emptySteps(config: PlannerConfig, rows: number): StepBatch & ScoreBatch {
  const { sampleSize, seenSize } = sizesOf(config);
  return {
    from: new Float32Array(rows * sampleSize),
    to: new Float32Array(rows * sampleSize),
    step: new Int32Array(rows),
    observations: new Float32Array(rows * seenSize),
    oldLogProb: new Float32Array(rows),
    advantage: new Float32Array(rows),
    clipRange: new Float32Array(rows),
  };
}

/** The tuned denoising steps of chains in one row: step `index` is of chain index / tuned, its index % tuned-th. */
export interface TunedSteps {
  readonly credited: readonly CreditedChain[];
  /** The steps that are tuned, with the clip range of each and what its advantage is multiplied by. */
  readonly steps: readonly number[];
  readonly clipRanges: Float32Array;
  readonly discounts: Float32Array;
  /** Of every one, in order. */
  readonly oldLogProb: Float32Array;
}

/** Writes denoising step `index` of all into row `row` of a minibatch. */
export function fillStep(
  batch: StepBatch & ScoreBatch,
  row: number,
  { credited, steps, clipRanges, discounts, oldLogProb }: TunedSteps,
  index: number,
): void {
  const { chain, advantage } = credited[Math.floor(index / steps.length)];
  const which = index % steps.length;
  const step = steps[which];
  const size = batch.from.length / batch.step.length;
  batch.from.set(chain.samples.subarray(step * size, (step + 1) * size), row * size);
  batch.to.set(chain.samples.subarray((step + 1) * size, (step + 2) * size), row * size);
  batch.observations.set(chain.observations, row * chain.observations.length);
  batch.step[row] = step;
  batch.advantage[row] = advantage * discounts[which];
  batch.clipRange[row] = clipRanges[which];
  batch.oldLogProb[row] = oldLogProb[index];
}
