/**
 * @file An encoder is one record: here, the mean of a point cloud's points, passed through a linear layer. In the package it
 * is a file of src/nn/encoders and a line of its index.ts; its tests are those of every encoder.
 */
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { type Dense, type EncoderKind, encoders, initLinear, linear } from "../../src/nn/index.ts";
import { schemaOfKinds } from "../../src/nn/kind.ts";
import { mean, type Parameter } from "../../src/tensor/index.ts";
import { encoderSuite } from "../encoder-suite.ts";

const MeanPointConfig = z.strictObject({
  kind: z.literal("meanPoint"),
  size: z.int().positive().default(8).describe("features"),
});

const meanPoint: EncoderKind<typeof MeanPointConfig, Dense<Parameter>> = {
  config: MeanPointConfig,
  input: "normalized",
  accepts: ({ shape }) =>
    shape.length === 2 ? undefined : `points have shape (points, numbers), got (${shape.join(", ")})`,
  size: ({ size }) => size,
  init: ({ size }, { shape }, random) => initLinear(shape[1], size, random),
  apply: (network, _, __, x) => linear(network, mean(x, { axes: 1 })),
};

describe("an encoder", () => {
  encoderSuite("meanPoint", meanPoint, {
    config: { kind: "meanPoint" },
    part: { shape: [5, 8] },
    refuses: [{ shape: [5] }, "points have shape (points, numbers), got (5)"],
    draw: (random) => random.normal(),
  });

  test("is configured by a schema that the table makes", () =>
    expect(schemaOfKinds({ ...encoders, meanPoint }).parse({ kind: "meanPoint" })).toEqual({
      kind: "meanPoint",
      size: 8,
    }));
});
