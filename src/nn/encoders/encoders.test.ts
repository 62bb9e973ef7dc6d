/** @file Every kind of encoder through the suite, and what only one does. Their numbers: test/torch-encoders.test.ts. */
import { describe, expect, test } from "vitest";
import { type EncoderExample, encoderOf, encoderSuite } from "../../../test/encoder-suite.ts";
import { known, numbersOf } from "../../../test/network-checks.ts";
import { Random } from "../../base/index.ts";
import type { KindSchema } from "../kind.ts";
import { EncoderConfig, type EncoderKind, encoders, requireEncodable } from "./index.ts";

type Kind = keyof typeof encoders;

const bell = (random: Random) => random.normal();

/** A small one of each kind. The keys are those of the table, so a kind without an example fails the type check. */
const examples: { readonly [K in Kind]: EncoderExample<(typeof encoders)[K]["config"]> } = {
  identity: { config: { kind: "identity" }, part: { shape: [2, 3] }, refuses: null, draw: bell },
  mlp: {
    config: { kind: "mlp", hiddenSizes: [16], size: 8 },
    part: { shape: [5] },
    refuses: null,
    draw: bell,
  },
  pointNet: {
    config: { kind: "pointNet", hiddenSizes: [8, 16], size: 8 },
    part: { shape: [6, 3] },
    refuses: [{ shape: [39] }, "a point cloud has shape (points, 3 or more), got (39)"],
    draw: bell,
  },
  image: {
    config: { kind: "image", channels: 4, strides: [2, 1], size: 8 },
    part: { shape: [8, 9, 3], dtype: "uint8" },
    refuses: [
      { shape: [8, 9, 3] },
      "a picture is bytes (uint8) of shape (height, width, channels), got float32 of shape (8, 9, 3)",
    ],
    draw: (random) => random.integer(256),
  },
  taskEmbedding: {
    config: { kind: "taskEmbedding", tasks: 7, size: 8 },
    part: { shape: [1] },
    refuses: [{ shape: [2] }, "a task's number has shape () or (1), got (2)"],
    draw: (_, i) => i % 7,
  },
};

test("every kind has an example", () => expect(Object.keys(examples)).toEqual(Object.keys(encoders)));

describe.each(Object.entries(encoders))("%s", (name, kind) =>
  encoderSuite(
    name,
    kind as EncoderKind<KindSchema, unknown>,
    examples[name as Kind] as EncoderExample<KindSchema>,
  ),
);

test("the configuration of an unknown kind is refused with the kinds there are", () => {
  const { error } = EncoderConfig.safeParse({ kind: "resnet" });
  for (const kind of Object.keys(encoders)) expect(error?.message).toContain(`'${kind}'`);
});

test("a part that does not fit is refused by name, with the reason", () => {
  const config = EncoderConfig.parse({ kind: "pointNet" });
  expect(() => requireEncodable("eye", { shape: [39] }, config)).toThrow(
    '"eye" does not fit the encoder pointNet: a point cloud has shape (points, 3 or more), got (39).',
  );
  expect(() => requireEncodable("eye", { shape: [8, 3] }, config)).not.toThrow();
});

describe("pointNet", () => {
  test("does not depend on the order of the points", () => {
    const { init, apply, observations } = encoderOf(encoders.pointNet, examples.pointNet);
    const random = new Random(6);
    const network = known(init(random));
    const cloud = observations(1, random);
    const [points, width] = examples.pointNet.part.shape;
    const shuffled = new Float32Array(cloud.length);
    for (const [to, from] of random.permutation(points).entries())
      shuffled.set(cloud.subarray(from * width, (from + 1) * width), to * width);
    expect(numbersOf(apply(network, shuffled))).toEqual(numbersOf(apply(network, cloud)));
  });
});

describe("image", () => {
  const { config } = encoderOf(encoders.image, examples.image);

  test.each([
    [7, undefined],
    [6, "its 2 convolutions need at least 7 x 7 pixels, got 9 x 6"],
  ])("with strides 2 and 1 says of a width of %i: %s", (width, why) =>
    expect(encoders.image.accepts({ shape: [9, width, 1], dtype: "uint8" }, config)).toBe(why),
  );

  test("by default sees what DrQ-v2's sees: 35 x 35 pixels of 32 channels, from pictures of 84 x 84", () => {
    const drq = encoders.image.config.parse({ kind: "image" });
    const { out } = encoders.image.init(drq, { shape: [84, 84, 9], dtype: "uint8" }, new Random(0));
    expect(out.linear.weight.shape).toEqual([35 * 35 * 32, 50]);
  });
});
