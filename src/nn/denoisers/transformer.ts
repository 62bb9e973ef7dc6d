/**
 * @file The transformer denoiser: one token per action, which attend to timestep and observations.
 * Symbols: B batch, H horizon, A action size, T_o observations in the condition, E width.
 *
 * Source: ChiTransformer of CleanDiffuser (05f17fc) after Chi et al. 2023, arXiv:2303.04137. Differs: no dropout; the
 * source declares a second encoder of the condition and never uses it.
 */
import { z } from "zod";
import { countTo, mostLayers, mostUnits, type Random, UserError } from "../../base/index.ts";
import { add, broadcastTo, concat, mish, type Parameter, reshape, type Value } from "../../tensor/index.ts";
import { attentionMask, causalMask, initSmallLinear, type Tokens } from "../attention.ts";
import { gaussian } from "../embedding.ts";
import { initNorm, type Norm, norm } from "../layer-norm.ts";
import { type Dense, linear } from "../linear.ts";
import { atTimestep, timestepFeatures } from "../timestep-features.ts";
import { initTransformerBlock, type TransformerBlock, transformerBlock } from "../transformer-block.ts";
import { type DenoiserKind, type DenoiserSizes, refuseOtherHorizon } from "./denoiser.ts";

const TransformerConfig = z.strictObject({
  kind: z.literal("transformer"),
  width: countTo(mostUnits).multipleOf(2).default(256).describe("size of a token"),
  heads: countTo(mostUnits).default(4).describe("attention heads"),
  layers: countTo(mostLayers).default(8).describe("blocks, one after another"),
});
type TransformerConfig = z.output<typeof TransformerConfig>;

/** Parameters; T is Parameter outside a graph, Value inside. */
export interface Transformer<T> {
  readonly action: Dense<T>;
  readonly observation: Dense<T>;
  /** Embeddings of the tokens' places: (H, E) of actions, (1, E) of the timestep and (T_o, E). */
  readonly positions: { readonly plan: T; readonly level: T; readonly observation: T };
  readonly encoder: { readonly first: Dense<T>; readonly second: Dense<T> };
  readonly blocks: readonly TransformerBlock<T>[];
  readonly final: { readonly norm: Norm<T>; readonly out: Dense<T> };
}

/** First values: weights and positions normal with deviation 0.02, biases 0. Throws UserError if T_o does not fit. */
function init(
  { width, layers }: TransformerConfig,
  sizes: DenoiserSizes,
  random: Random,
): Transformer<Parameter> {
  const { actionSize, horizon, nObsSteps } = sizes;
  const dense = (inputs: number, outputs: number, name: string) =>
    initSmallLinear(inputs, outputs, random.split(name));
  const positions = (count: number, name: string) => gaussian([count, width], 0.02, random.split(name));
  return {
    action: dense(actionSize, width, "action"),
    observation: dense(featuresOf(sizes), width, "observation"),
    positions: {
      plan: positions(horizon, "positions.plan"),
      level: positions(1, "positions.level"),
      observation: positions(nObsSteps, "positions.observation"),
    },
    encoder: {
      first: dense(width, 4 * width, "encoder.first"),
      second: dense(4 * width, width, "encoder.second"),
    },
    blocks: Array.from({ length: layers }, (_, i) =>
      initTransformerBlock(width, true, random.split(`blocks.${i}`)),
    ),
    final: { norm: initNorm(width), out: dense(width, actionSize, "final.out") },
  };
}

/**
 * The transformer as a kind of denoiser: action t sees the actions up to t, the timestep and the observations up to the
 * t-th. Defaults: the source's.
 */
export const transformer: DenoiserKind<typeof TransformerConfig, Transformer<Parameter>> = {
  config: TransformerConfig,

  check({ width, heads }) {
    if (width % heads === 0) return;
    throw new UserError(`The denoiser's width ${width} does not divide among ${heads} attention heads.`);
  },

  init,

  apply(network, { heads, width }, sizes, noisy, timestep, { vector, tokens }) {
    const { horizon, nObsSteps, numTrainTimesteps } = sizes;
    refuseOtherHorizon(noisy, horizon);
    const batch = noisy.shape[0];
    const { encoder, positions } = network;
    const encode = (x: Value) => linear(encoder.second, mish(linear(encoder.first, x)));
    const observations = tokens ?? reshape(vector, [batch, nObsSteps, featuresOf(sizes)]);
    const seen = encode(add(linear(network.observation, observations), positions.observation)); // (B, T_o, E)
    const table = timestepFeatures(numTrainTimesteps, width);
    const memory: Tokens = (map) => {
      const own = atTimestep(timestep, table, (rows) => map(encode(add(rows, positions.level)))); // (1 or B, E)
      const token = reshape(own, [own.shape[0], 1, width]);
      return concat([broadcastTo(token, [batch, 1, width]), map(seen)], 1);
    };
    const sight = {
      heads,
      mask: causalMask(horizon),
      memory,
      memoryMask: attentionMask(horizon, 1 + nObsSteps, (t, s) => s - 1 <= t),
    };

    let x = add(linear(network.action, noisy), positions.plan); // (B, H, E)
    for (const block of network.blocks) x = transformerBlock(block, x, sight);
    return linear(network.final.out, norm(network.final.norm, x));
  },
};

/** Numbers of one observation's features, F. */
function featuresOf({ conditionSize, nObsSteps }: DenoiserSizes): number {
  if (conditionSize % nObsSteps !== 0)
    throw new UserError(
      `A condition of ${conditionSize} numbers does not divide into ${nObsSteps} observations.`,
    );
  return conditionSize / nObsSteps;
}
