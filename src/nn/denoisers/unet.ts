/**
 * @file The convolutional denoiser: a U-Net over the steps of an action sequence, conditioned by FiLM.
 * Symbols: B batch, H horizon, A action size, E embedding size, C channels, k diffusion timestep.
 *
 * Source: ChiUNet1d of CleanDiffuser (05f17fc) after Chi et al. 2023, arXiv:2303.04137: two residual blocks a level,
 * the first level's skip unused. Differs: (B, T, C) layout; FiLM's weight is stored in two parts, so that a sampler
 * computes the observation's part once.
 */
import { z } from "zod";
import { countTo, mostLayers, mostUnits, type Random, UserError } from "../../base/index.ts";
import {
  add,
  concat,
  gather,
  groupNorm,
  matmul,
  mish,
  mul,
  type Parameter,
  reshape,
  slice,
  type Value,
} from "../../tensor/index.ts";
import {
  conv,
  convTranspose,
  type Dense,
  filled,
  initConv,
  initConvTranspose,
  initLinear,
  linear,
} from "../linear.ts";
import { timestepFeatures } from "../timestep-features.ts";
import type { DenoiserKind, DenoiserSizes } from "./denoiser.ts";

const UNetConfig = z.strictObject({
  kind: z.literal("unet"),
  width: countTo(mostUnits).multipleOf(8).default(256).describe("channels of the first level"),
  multiples: z
    .array(countTo(mostLayers))
    .max(mostLayers)
    .min(1)
    .readonly()
    .default([1, 2, 4])
    .describe("channels of each level, as multiples"),
});
type UNetConfig = z.output<typeof UNetConfig>;

/** Parameters; T is Parameter outside a graph, Value inside. */
export interface UNet<T> {
  readonly step: { readonly first: Dense<T>; readonly second: Dense<T> };
  readonly condition: Dense<T>;
  readonly down: readonly Level<T>[];
  readonly middle: readonly ResidualBlock<T>[];
  readonly up: readonly Level<T>[];
  readonly final: { readonly block: ConvBlock<T>; readonly out: Dense<T> };
}
interface Level<T> {
  readonly blocks: readonly ResidualBlock<T>[];
  /** Halves the time axis on the way down, doubles it on the way up. Missing on the deepest level. */
  readonly resample?: Dense<T>;
}
interface ResidualBlock<T> {
  readonly first: ConvBlock<T>;
  readonly second: ConvBlock<T>;
  /** Scale and shift of each channel, from the embeddings: (E, 2C) twice and (2C,). */
  readonly film: { readonly step: T; readonly condition: T; readonly bias: T };
  /** 1 x 1 convolution of the block's input, where the number of channels changes. */
  readonly shortcut?: Dense<T>;
}
interface ConvBlock<T> {
  readonly conv: Dense<T>;
  readonly norm: { readonly scale: T; readonly shift: T };
}

const kernel = 5;
/** At most 8, and at least 4 channels in each. */
const groupsOf = (channels: number): number => Math.min(8, Math.floor(channels / 4));

/** First values, as PyTorch's. */
function init(
  { width, multiples }: UNetConfig,
  { actionSize, conditionSize }: DenoiserSizes,
  random: Random,
): UNet<Parameter> {
  const channels = multiples.map((multiple) => multiple * width);
  const deepest = channels[channels.length - 1];
  const block = (inputs: number, outputs: number, random: Random) =>
    initResidualBlock(inputs, outputs, width, random);
  const pair = (inputs: number, outputs: number, random: Random) => [
    block(inputs, outputs, random.split("0")),
    block(outputs, outputs, random.split("1")),
  ];
  const down = channels.map((outputs, level) => {
    const own = random.split(`down.${level}`);
    const blocks = pair(level === 0 ? actionSize : channels[level - 1], outputs, own);
    if (level === channels.length - 1) return { blocks };
    return { blocks, resample: initConv(3, outputs, outputs, own.split("resample")) };
  });
  const up = channels
    .slice(0, -1)
    .toReversed()
    .map((outputs, i) => {
      const own = random.split(`up.${i}`);
      const blocks = pair(2 * channels[channels.length - 1 - i], outputs, own);
      return { blocks, resample: initConvTranspose(4, outputs, outputs, own.split("resample")) };
    });
  return {
    step: {
      first: initLinear(width, 4 * width, random.split("step.first")),
      second: initLinear(4 * width, width, random.split("step.second")),
    },
    condition: initLinear(conditionSize, width, random.split("condition")),
    down,
    middle: pair(deepest, deepest, random.split("middle")),
    up,
    final: {
      block: initConvBlock(channels[0], channels[0], random.split("final.block")),
      out: initConv(1, channels[0], actionSize, random.split("final.out")),
    },
  };
}

function initConvBlock(inputs: number, outputs: number, random: Random): ConvBlock<Parameter> {
  return {
    conv: initConv(kernel, inputs, outputs, random.split("conv")),
    norm: { scale: filled([outputs], 1), shift: filled([outputs], 0) },
  };
}

function initResidualBlock(
  inputs: number,
  outputs: number,
  embedding: number,
  random: Random,
): ResidualBlock<Parameter> {
  const { weight, bias } = initLinear(2 * embedding, 2 * outputs, random.split("film"));
  const half = weight.data.length / 2;
  const blocks = {
    first: initConvBlock(inputs, outputs, random.split("first")),
    second: initConvBlock(outputs, outputs, random.split("second")),
    film: {
      step: { shape: [embedding, 2 * outputs], data: weight.data.slice(0, half) },
      condition: { shape: [embedding, 2 * outputs], data: weight.data.slice(half) },
      bias,
    },
  };
  return inputs === outputs
    ? blocks
    : { ...blocks, shortcut: initConv(1, inputs, outputs, random.split("shortcut")) };
}

/**
 * The U-Net as a kind of denoiser. Width 256, the source's, has 68.9 M parameters with Meta-World's sizes. The horizon is
 * halved between levels.
 */
export const unet: DenoiserKind<typeof UNetConfig, UNet<Parameter>> = {
  config: UNetConfig,

  check({ multiples }, { horizon }) {
    const halvings = multiples.length - 1;
    const factor = 2 ** halvings;
    const below = Math.floor(horizon / factor) * factor;
    if (below === horizon) return;
    throw new UserError(
      `horizon ${horizon} is not a multiple of ${factor}, which the denoiser's ${halvings} halvings need. ` +
        `Use ${below === 0 ? "" : `${below} or `}${below + factor}.`,
    );
  },

  init,

  apply(network, config, { numTrainTimesteps }, noisy, timestep, condition) {
    unet.check?.(config, { horizon: noisy.shape[1] });
    const film = modulation(
      network,
      timestepFeatures(numTrainTimesteps, config.width),
      timestep,
      condition.vector,
    );
    let x = noisy;
    const skips: Value[] = [];
    for (const { blocks, resample } of network.down) {
      x = blocks.reduce((y, block) => residualBlock(block, y, film(block)), x);
      skips.push(x);
      if (resample !== undefined) x = conv(resample, x, { stride: 2, padding: 1 });
    }
    x = network.middle.reduce((y, block) => residualBlock(block, y, film(block)), x);
    for (const { blocks, resample } of network.up) {
      x = concat([x, skips.pop() as Value], 2);
      x = blocks.reduce((y, block) => residualBlock(block, y, film(block)), x);
      if (resample !== undefined) x = convTranspose(resample, x, { stride: 2, padding: 1 });
    }
    return conv(network.final.out, convBlock(network.final.block, x), {});
  },
};

/**
 * Each block's scale and shift, from timestep and condition.
 * table: (K, E), features of every timestep   k: int32 () or (B,)   condition: (B, conditionSize)
 * returns: of a block, twice (1 or B, 1, C)
 */
function modulation(
  network: UNet<Value>,
  table: Value,
  k: Value,
  condition: Value,
): (block: ResidualBlock<Value>) => readonly [scale: Value, shift: Value] {
  const embed = (rows: Value) => mish(linear(network.step.second, mish(linear(network.step.first, rows))));
  const seen = mish(linear(network.condition, condition)); // (B, E)
  return ({ film: { step, condition, bias } }) => {
    const fromStep = (rows: Value) => matmul(embed(rows), step);
    const fromCondition = add(matmul(seen, condition), bias);
    if (k.shape.length > 0) return halves(add(fromStep(gather(table, k)), fromCondition));
    // One timestep for all: scale and shift of every one are cut apart before a sampler's loop, which only adds.
    const [scales, shifts] = halves(fromStep(table));
    const [scale, shift] = halves(fromCondition);
    return [add(gather(scales, k), scale), add(gather(shifts, k), shift)];
  };
}

/** Scale and shift.   x: (n, 2C)   returns: twice (n, 1, C), to be broadcast over time */
function halves(x: Value): readonly [Value, Value] {
  const [rows, size] = x.shape;
  const half = (start: number) => reshape(slice(x, 1, start, start + size / 2), [rows, 1, size / 2]);
  return [half(0), half(size / 2)];
}

/** x: (B, T, C)   scale, shift: (B, 1, C')   returns: (B, T, C') */
function residualBlock(
  { first, second, shortcut }: ResidualBlock<Value>,
  x: Value,
  [scale, shift]: readonly [Value, Value],
): Value {
  const modulated = add(mul(convBlock(first, x), scale), shift);
  return add(convBlock(second, modulated), shortcut === undefined ? x : conv(shortcut, x, {}));
}

function convBlock({ conv: weights, norm }: ConvBlock<Value>, x: Value): Value {
  const y = conv(weights, x, { padding: (kernel - 1) / 2 });
  return mish(groupNorm(y, norm.scale, norm.shift, groupsOf(y.shape[2])));
}
