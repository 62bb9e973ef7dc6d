/**
 * @file The denoiser for short horizons: residual blocks over actions, condition and timestep in one vector.
 * Symbols: B batch, H horizon, A action size, E embedding size, W width.
 */
import { z } from "zod";
import { countTo, mostLayers, mostUnits, type Random } from "../../base/index.ts";
import { add, matmul, mish, type Parameter, reshape, type Value } from "../../tensor/index.ts";
import { initNorm, type Norm, norm } from "../layer-norm.ts";
import { type Dense, initLinear, linear } from "../linear.ts";
import { atTimestep, timestepFeatures } from "../timestep-features.ts";
import { type DenoiserKind, type DenoiserSizes, refuseOtherHorizon } from "./denoiser.ts";

const MlpConfig = z.strictObject({
  kind: z.literal("mlp"),
  width: countTo(mostUnits).default(512).describe("size of every layer"),
  blocks: countTo(mostLayers).default(2).describe("residual blocks, of two layers each"),
  embeddingSize: countTo(mostUnits).multipleOf(2).default(32).describe("size of the timestep's embedding"),
});
type MlpConfig = z.output<typeof MlpConfig>;

/** Parameters; T is Parameter outside a graph, Value inside. */
export interface ResidualMlp<T> {
  readonly step: { readonly first: Dense<T>; readonly second: Dense<T> };
  /** The first layer's weight, cut into the rows that meet each part of the input: (H A, W), (conditionSize, W), (E, W). */
  readonly input: { readonly plan: T; readonly condition: T; readonly step: T; readonly bias: T };
  readonly blocks: readonly Block<T>[];
  readonly final: { readonly norm: Norm<T>; readonly out: Dense<T> };
}
interface Block<T> {
  readonly norm: Norm<T>;
  readonly first: Dense<T>;
  readonly second: Dense<T>;
}

/** First values, as PyTorch's. */
function init(
  { width, blocks, embeddingSize }: MlpConfig,
  { actionSize, horizon, conditionSize }: DenoiserSizes,
  random: Random,
): ResidualMlp<Parameter> {
  const numbers = horizon * actionSize;
  const { weight, bias } = initLinear(numbers + conditionSize + embeddingSize, width, random.split("input"));
  const rows = (start: number, end: number) => ({
    shape: [end - start, width],
    data: weight.data.slice(start * width, end * width),
  });
  return {
    step: {
      first: initLinear(embeddingSize, 2 * embeddingSize, random.split("step.first")),
      second: initLinear(2 * embeddingSize, embeddingSize, random.split("step.second")),
    },
    input: {
      plan: rows(0, numbers),
      condition: rows(numbers, numbers + conditionSize),
      step: rows(numbers + conditionSize, numbers + conditionSize + embeddingSize),
      bias,
    },
    blocks: Array.from({ length: blocks }, (_, i) => ({
      norm: initNorm(width),
      first: initLinear(width, width, random.split(`blocks.${i}.first`)),
      second: initLinear(width, width, random.split(`blocks.${i}.second`)),
    })),
    final: { norm: initNorm(width), out: initLinear(width, numbers, random.split("final.out")) },
  };
}

/** The residual MLP as a kind of denoiser. */
export const mlp: DenoiserKind<typeof MlpConfig, ResidualMlp<Parameter>> = {
  config: MlpConfig,
  init,
  apply(network, { embeddingSize }, { horizon, numTrainTimesteps }, noisy, timestep, { vector }) {
    refuseOtherHorizon(noisy, horizon);
    const table = timestepFeatures(numTrainTimesteps, embeddingSize);
    const embed = (rows: Value) => linear(network.step.second, mish(linear(network.step.first, rows)));
    const { plan, condition, step, bias } = network.input;
    const fromStep = atTimestep(timestep, table, (rows) => matmul(embed(rows), step)); // (1 or B, W)
    const fromCondition = add(matmul(vector, condition), bias);
    const fromActions = matmul(reshape(noisy, [noisy.shape[0], -1]), plan);
    const last = network.blocks.reduce(block, add(fromActions, add(fromStep, fromCondition)));
    return reshape(linear(network.final.out, mish(norm(network.final.norm, last))), noisy.shape);
  },
};

/** x: (B, W)   returns: (B, W) */
function block(x: Value, { norm: scale, first, second }: Block<Value>): Value {
  return add(x, linear(second, mish(linear(first, mish(norm(scale, x))))));
}
