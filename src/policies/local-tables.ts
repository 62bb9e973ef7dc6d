/** @file Denoisers and encoders by kind, until nn has its own tables. */
import { z } from "zod";
import { type Part, type Random, sizeOfPart, UserError } from "../base/index.ts";
import {
  initResidualMlp,
  initTransformer,
  initUNet,
  type ResidualMlp,
  residualMlp,
  type Transformer,
  transformer,
  type UNet,
  unet,
} from "../nn/index.ts";
import { type Parameter, reshape, type Value } from "../tensor/index.ts";

const size = () => z.int().positive();
export interface DenoiserSizes {
  readonly actionSize: number;
  readonly horizon: number;
  readonly conditionSize: number;
  readonly nObsSteps: number;
  readonly numTrainTimesteps: number;
}
export const DenoiserConfig = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("unet"),
    width: size().multipleOf(8).default(256).describe("channels of the first level"),
    multiples: z
      .array(size())
      .min(1)
      .readonly()
      .default([1, 2, 4])
      .describe("channels of each level, as multiples"),
  }),
  z.strictObject({
    kind: z.literal("mlp"),
    width: size().default(512).describe("size of every layer"),
    blocks: size().default(2).describe("residual blocks, of two layers each"),
    embeddingSize: size().multipleOf(2).default(32).describe("size of the timestep's embedding"),
  }),
  z.strictObject({
    kind: z.literal("transformer"),
    width: size().multipleOf(2).default(256).describe("size of a token"),
    heads: size().default(4).describe("attention heads"),
    layers: size().default(8).describe("blocks, one after another"),
  }),
]);
export type DenoiserConfig = z.infer<typeof DenoiserConfig>;
export type DenoiserNetwork = UNet<Parameter> | ResidualMlp<Parameter> | Transformer<Parameter>;

const old = (config: never, sizes: DenoiserSizes) =>
  ({ ...(config as object), ...sizes, levels: sizes.numTrainTimesteps }) as never;
interface DenoiserKind {
  check?(config: never, sizes: Pick<DenoiserSizes, "horizon">): void;
  init(config: never, sizes: DenoiserSizes, random: Random): DenoiserNetwork;
  apply(
    network: never,
    config: never,
    sizes: DenoiserSizes,
    noisy: Value,
    timestep: Value,
    condition: { vector: Value; tokens?: Value },
  ): Value;
}
export const denoisers: Readonly<Record<DenoiserConfig["kind"], DenoiserKind>> = {
  unet: {
    check({ multiples }: { multiples: readonly number[] }, { horizon }) {
      const halvings = multiples.length - 1;
      const factor = 2 ** halvings;
      const below = Math.floor(horizon / factor) * factor;
      if (below !== horizon)
        throw new UserError(
          `horizon ${horizon} is not a multiple of ${factor}, which the denoiser's ${halvings} halvings need. ` +
            `Use ${below === 0 ? "" : `${below} or `}${below + factor}.`,
        );
    },
    init: (config, sizes, random) => initUNet(old(config, sizes), random),
    apply: (network, config, sizes, noisy, timestep, { vector }) =>
      unet(network, old(config, sizes), noisy, timestep, vector),
  },
  mlp: {
    init: (config, sizes, random) => initResidualMlp(old(config, sizes), random),
    apply: (network, config, sizes, noisy, timestep, { vector }) =>
      residualMlp(network, old(config, sizes), noisy, timestep, vector),
  },
  transformer: {
    check({ width, heads }: { width: number; heads: number }) {
      if (width % heads !== 0)
        throw new UserError(`The denoiser's width ${width} does not divide among ${heads} attention heads.`);
    },
    init: (config, sizes, random) => initTransformer(old(config, sizes), random),
    apply: (network, config, sizes, noisy, timestep, { vector }) =>
      transformer(network, old(config, sizes), noisy, timestep, vector),
  },
};

export const EncoderConfig = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("identity") }),
  z.strictObject({ kind: z.literal("pointNet") }),
  z.strictObject({ kind: z.literal("image") }),
]);
export type EncoderConfig = z.infer<typeof EncoderConfig>;
export type EncoderNetwork = Readonly<Record<string, never>>;
interface EncoderKind {
  raw?: true;
  accepts(part: Part): string | undefined;
  size(config: never, part: Part): number;
  init(config: never, part: Part, random: Random): EncoderNetwork;
  apply(network: never, config: never, part: Part, x: Value): Value;
}
const identity: EncoderKind = {
  accepts: () => undefined,
  size: (_, part) => sizeOfPart(part),
  init: () => ({}),
  apply: (_, __, part, x) => reshape(x, [x.shape[0], sizeOfPart(part)]),
};
export const encoders: Readonly<Record<EncoderConfig["kind"], EncoderKind>> = {
  identity,
  pointNet: identity,
  image: identity,
};
