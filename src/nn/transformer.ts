/**
 * @file The transformer denoiser: one token per action, which look at the noise level and the observations.
 * Symbols: B batch, H horizon, A action size, T_o observations in the condition, E width.
 *
 * Source: ChiTransformer of CleanDiffuser (05f17fc) after Chi et al. 2023, arXiv:2303.04137. Differs: no dropout; the
 * source declares a second encoder of the condition and never uses it.
 */
import { type Random, UserError } from "../base/index.ts";
import { add, broadcastTo, concat, mish, type Parameter, reshape, type Value } from "../tensor/index.ts";
import { attentionMask, causalMask, initSmallLinear, type Tokens } from "./attention.ts";
import { atLevel, levelFeatures } from "./conditioning.ts";
import { gaussian } from "./embedding.ts";
import { initNorm, type Norm, norm } from "./layer-norm.ts";
import { type Dense, linear } from "./linear.ts";
import { initTransformerBlock, type TransformerBlock, transformerBlock } from "./transformer-block.ts";

export interface TransformerConfig {
  /** Size of one action, A. */
  readonly actionSize: number;
  /** Actions in a plan, H. */
  readonly horizon: number;
  /** Size of all observations a plan is conditioned on, T_o times the size of one. */
  readonly conditionSize: number;
  /** How many observations these are, T_o. */
  readonly nObsSteps: number;
  /** Noise levels, K. */
  readonly levels: number;
  /** Size of a token, E; even, a multiple of `heads`. The source's default: 256. */
  readonly width: number;
  /** The source's default: 4. */
  readonly heads: number;
  /** Blocks, one after another. The source's default: 8. */
  readonly layers: number;
}

/** Parameters; T is Parameter outside a graph, Value inside. */
export interface Transformer<T> {
  readonly action: Dense<T>;
  readonly observation: Dense<T>;
  /** What marks each token's place: (H, E), (1, E) and (T_o, E). */
  readonly positions: { readonly plan: T; readonly level: T; readonly observation: T };
  readonly encoder: { readonly first: Dense<T>; readonly second: Dense<T> };
  readonly blocks: readonly TransformerBlock<T>[];
  readonly final: { readonly norm: Norm<T>; readonly out: Dense<T> };
}

/** First values: weights and positions normal with deviation 0.02, biases 0. Throws UserError if T_o does not fit. */
export function initTransformer(config: TransformerConfig, random: Random): Transformer<Parameter> {
  const { actionSize, horizon, nObsSteps, width, layers } = config;
  const dense = (inputs: number, outputs: number, name: string) =>
    initSmallLinear(inputs, outputs, random.split(name));
  const positions = (count: number, name: string) => gaussian([count, width], 0.02, random.split(name));
  return {
    action: dense(actionSize, width, "action"),
    observation: dense(observationSizeOf(config), width, "observation"),
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
 * The network's guess for noised plans. Action t sees the actions up to t, the noise level and the observations up to
 * the t-th.
 * plans: (B, H, A)   k: int32 in [0, K), one noise level for all () or each its own (B,); 0 is the cleanest
 * condition: (B, conditionSize)   returns: (B, H, A). Throws UserError for another horizon.
 */
export function transformer(
  network: Transformer<Value>,
  config: TransformerConfig,
  plans: Value,
  k: Value,
  condition: Value,
): Value {
  const { heads, levels, nObsSteps, width } = config;
  const [batch, horizon] = plans.shape;
  if (horizon !== config.horizon)
    throw new UserError(`This denoiser is made for plans of ${config.horizon} actions, got ${horizon}.`);

  const { encoder, positions } = network;
  const encode = (x: Value) => linear(encoder.second, mish(linear(encoder.first, x)));
  const observations = reshape(condition, [batch, nObsSteps, observationSizeOf(config)]);
  const seen = encode(add(linear(network.observation, observations), positions.observation)); // (B, T_o, E)
  const table = levelFeatures(levels, width);
  const memory: Tokens = (map) => {
    const level = atLevel(k, table, (rows) => map(encode(add(rows, positions.level)))); // (1 or B, E)
    const token = reshape(level, [level.shape[0], 1, width]);
    return concat([broadcastTo(token, [batch, 1, width]), map(seen)], 1);
  };
  const sight = {
    heads,
    mask: causalMask(horizon),
    memory,
    memoryMask: attentionMask(horizon, 1 + nObsSteps, (t, s) => s - 1 <= t),
  };

  let x = add(linear(network.action, plans), positions.plan); // (B, H, E)
  for (const block of network.blocks) x = transformerBlock(block, x, sight);
  return linear(network.final.out, norm(network.final.norm, x));
}

function observationSizeOf({ conditionSize, nObsSteps }: TransformerConfig): number {
  if (conditionSize % nObsSteps !== 0)
    throw new UserError(
      `A condition of ${conditionSize} numbers does not divide into ${nObsSteps} observations.`,
    );
  return conditionSize / nObsSteps;
}
