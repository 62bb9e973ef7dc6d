/**
 * @file The encoder of point clouds: the same layers for every point, then the maximum over the points.
 * Symbols: N clouds, P points, C numbers of a point.
 */
import { z } from "zod";
import { countTo, mostLayers, mostUnits } from "../../base/index.ts";
import { max, type Parameter, relu, type Value } from "../../tensor/index.ts";
import { initNorm, type Norm, norm } from "../layer-norm.ts";
import { type Dense, initLinear, linear } from "../linear.ts";
import type { EncoderKind } from "./encoder.ts";

const PointNetConfig = z.strictObject({
  kind: z.literal("pointNet"),
  hiddenSizes: z
    .array(countTo(mostUnits))
    .max(mostLayers)
    .min(1)
    .readonly()
    .default([64, 128, 256])
    .describe("sizes of the layers that every point passes"),
  size: countTo(mostUnits).default(64).describe("features"),
});

interface NormedLinear<T> {
  readonly linear: Dense<T>;
  readonly norm: Norm<T>;
}
/** Parameters; T is Parameter outside a graph, Value inside. */
export interface PointNet<T> {
  readonly points: readonly NormedLinear<T>[];
  readonly out: NormedLinear<T>;
}

/**
 * A PointNet: per point linear layers, each with layer normalisation and ReLU; the maximum over the points; one more
 * linear layer with layer normalisation. The order of the points does not matter.
 * Source, defaults too: Ze et al. 2024, arXiv:2403.03954 (3D-Diffusion-Policy 47385d9), after Qi et al. 2017,
 * arXiv:1612.00593. Differs: all numbers of a point are read (there: x, y, z unless colours are asked for).
 */
export const pointNet: EncoderKind<typeof PointNetConfig, PointNet<Parameter>> = {
  config: PointNetConfig,
  input: "normalized",

  accepts({ shape }) {
    if (shape.length === 2 && shape[1] >= 3) return undefined;
    return `a point cloud has shape (points, 3 or more), got (${shape.join(", ")})`;
  },

  size: ({ size }) => size,

  init({ hiddenSizes, size }, { shape }, random) {
    const layer = (inputs: number, outputs: number, name: string) => ({
      linear: initLinear(inputs, outputs, random.split(name)),
      norm: initNorm(outputs),
    });
    const sizes = [shape[1], ...hiddenSizes];
    return {
      points: hiddenSizes.map((outputs, i) => layer(sizes[i], outputs, `points.${i}`)),
      out: layer(hiddenSizes[hiddenSizes.length - 1], size, "out"),
    };
  },

  apply({ points, out }, _, __, x) {
    const seen = points.reduce((y, layer) => relu(normedLinear(layer, y)), x); // (N, P, C)
    return normedLinear(out, max(seen, { axes: 1 }));
  },
};

const normedLinear = (layer: NormedLinear<Value>, x: Value): Value =>
  norm(layer.norm, linear(layer.linear, x));
