/**
 * @file The encoder of pictures: a few small convolutions, then a linear layer over all that they see.
 * Symbols: N pictures, H and W pixels, C channels.
 */
import { z } from "zod";
import { countTo, mostLayers, mostUnits } from "../../base/index.ts";
import { conv2d, mul, type Parameter, relu, reshape, sub, tanh } from "../../tensor/index.ts";
import { initNorm, type Norm, norm } from "../layer-norm.ts";
import { type Dense, initConv2d, initLinear, linear } from "../linear.ts";
import type { EncoderKind } from "./encoder.ts";

const ImageConfig = z.strictObject({
  kind: z.literal("image"),
  channels: countTo(mostUnits).default(32).describe("channels of every convolution"),
  strides: z
    .array(countTo(mostUnits))
    .max(mostLayers)
    .min(1)
    .readonly()
    .default([2, 1, 1, 1])
    .describe("pixels between what neighbours of each convolution see"),
  size: countTo(mostUnits).default(50).describe("features"),
});
type ImageConfig = z.output<typeof ImageConfig>;

/** Parameters; T is Parameter outside a graph, Value inside. */
export interface Image<T> {
  readonly convs: readonly Dense<T>[];
  readonly out: { readonly linear: Dense<T>; readonly norm: Norm<T> };
}

const kernel = 3;

/**
 * Convolutions of 3 x 3 pixels without a frame, each with ReLU; then a linear layer, layer normalisation and tanh. Reads
 * bytes, 0 to 255, as -0.5 to 0.5. On pictures of 84 x 84, strides [2, 2, 2, 2] take a seventh of the default's
 * multiplications.
 * Source, defaults too: DrQ-v2, Yarats et al. 2021, arXiv:2107.09645, encoder and trunk. Differs: first values are
 * PyTorch's own, not orthogonal.
 */
export const image: EncoderKind<typeof ImageConfig, Image<Parameter>> = {
  config: ImageConfig,
  input: "raw",

  accepts({ shape, dtype }, { strides }) {
    if (shape.length !== 3 || dtype !== "uint8")
      return `a picture is bytes (uint8) of shape (height, width, channels), got ${dtype ?? "float32"} of shape (${shape.join(", ")})`;
    const least = strides.reduceRight((pixels, stride) => (pixels - 1) * stride + kernel, 1);
    if (shape[0] >= least && shape[1] >= least) return undefined;
    return `its ${strides.length} convolutions need at least ${least} x ${least} pixels, got ${shape[0]} x ${shape[1]}`;
  },

  size: ({ size }) => size,

  init(config, { shape }, random) {
    const { channels, strides, size } = config;
    const [height, width] = [shape[0], shape[1]].map((pixels) => pixelsLeft(pixels, config));
    return {
      convs: strides.map((_, i) =>
        initConv2d(kernel, i === 0 ? shape[2] : channels, channels, random.split(`convs.${i}`)),
      ),
      out: {
        linear: initLinear(height * width * channels, size, random.split("out")),
        norm: initNorm(size),
      },
    };
  },

  apply({ convs, out }, { strides }, _, x) {
    const scaled = sub(mul(x, 1 / 255), 0.5);
    const seen = convs.reduce(
      (y, { weight, bias }, i) => relu(conv2d(y, weight, bias, { stride: strides[i] })),
      scaled,
    );
    return tanh(norm(out.norm, linear(out.linear, reshape(seen, [x.shape[0], -1]))));
  },
};

/** Pixels in a row or column after all convolutions. */
const pixelsLeft = (pixels: number, { strides }: ImageConfig): number =>
  strides.reduce((left, stride) => Math.floor((left - kernel) / stride) + 1, pixels);
