/**
 * @file Minibatches of denoising steps, of any chunk and any step of its chain. Steps of one chunk share its observations,
 * which are encoded once for all of them.
 * Symbols: N chunks, S denoising steps of a chain, step j in [0, S), M denoising steps in a minibatch, C chunks that they
 * are of, at most, H horizon, T_o observations an action sequence depends on, O observation size, A action size.
 */
import { type DenoisingChain, type PlannerConfig, sizesOf } from "../../policies/index.ts";
import { float32, int32, type Spec } from "../../tensor/index.ts";

/** A chain and the advantage of the actions it ended in. */
export interface ChainAdvantage {
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
  /** Raw: the network encodes them. (C, T_o, O), of which steps may leave rows out */
  readonly observations: Float32Array;
  /** Row of `observations` that each step depends on. (M,) */
  readonly chunk: Int32Array;
}

/** Sizes of a minibatch. */
export interface StepBatchSizes {
  /** M */
  readonly rows: number;
  /** C */
  readonly chunks: number;
}

/** Numbers of the policy gradient about each of them. (M,) each. */
export interface ScoreBatch {
  readonly oldLogProb: Float32Array;
  readonly advantage: Float32Array;
  readonly clipRange: Float32Array;
}

/** Shapes of a `StepBatch`. */
export function stepSpecs(
  config: PlannerConfig,
  { rows, chunks }: StepBatchSizes,
): Readonly<Record<keyof StepBatch, Spec>> {
  const { observationSize, actionSize } = sizesOf(config);
  return {
    from: float32(rows, config.horizon, actionSize),
    to: float32(rows, config.horizon, actionSize),
    step: int32(rows),
    observations: float32(chunks, config.nObsSteps, observationSize),
    chunk: int32(rows),
  };
}

/** Shapes of a `ScoreBatch`. */
export const scoreSpecs = (rows: number): Readonly<Record<keyof ScoreBatch, Spec>> => ({
  oldLogProb: float32(rows),
  advantage: float32(rows),
  clipRange: float32(rows),
});

/** Arrays for a minibatch, to be filled again and again. */
export function emptySteps(config: PlannerConfig, { rows, chunks }: StepBatchSizes): StepBatch & ScoreBatch {
  const { sampleSize, seenSize } = sizesOf(config);
  return {
    from: new Float32Array(rows * sampleSize),
    to: new Float32Array(rows * sampleSize),
    step: new Int32Array(rows),
    observations: new Float32Array(chunks * seenSize),
    chunk: new Int32Array(rows),
    oldLogProb: new Float32Array(rows),
    advantage: new Float32Array(rows),
    clipRange: new Float32Array(rows),
  };
}

/** The tuned denoising steps of chains in one row: step `index` is of chain index / tuned, its index % tuned-th. */
export interface TunedSteps {
  readonly chains: readonly ChainAdvantage[];
  /** The steps that are tuned, with the clip range of each and what its advantage is multiplied by. */
  readonly steps: readonly number[];
  readonly clipRanges: Float32Array;
  readonly discounts: Float32Array;
  /** Of every one, in order. */
  readonly oldLogProb: Float32Array;
}

/** Fills a minibatch: its row `row` becomes denoising step `indexOf(row)` of all. */
export function fillSteps(
  batch: StepBatch & ScoreBatch,
  { chains, steps, clipRanges, discounts, oldLogProb }: TunedSteps,
  indexOf: (row: number) => number,
): void {
  const rows = batch.step.length;
  const size = batch.from.length / rows;
  const seen = new Map<number, number>(); // rows of observations, by chunk
  for (let row = 0; row < rows; row++) {
    const index = indexOf(row);
    const chunk = Math.floor(index / steps.length);
    const which = index % steps.length;
    const step = steps[which];
    const { chain, advantage } = chains[chunk];
    if (!seen.has(chunk)) {
      batch.observations.set(chain.observations, seen.size * chain.observations.length);
      seen.set(chunk, seen.size);
    }
    batch.chunk[row] = seen.get(chunk) as number;
    batch.from.set(chain.samples.subarray(step * size, (step + 1) * size), row * size);
    batch.to.set(chain.samples.subarray((step + 1) * size, (step + 2) * size), row * size);
    batch.step[row] = step;
    batch.advantage[row] = advantage * discounts[which];
    batch.clipRange[row] = clipRanges[which];
    batch.oldLogProb[row] = oldLogProb[index];
  }
}
