/** @file What every kind of encoder promises, and what only one does. Their numbers: test/torch-encoders.test.ts. */
import { describe, expect, test } from "vitest";
import type { z } from "zod";
import { type Part, Random, sizeOfPart } from "../../base/index.ts";
import { cpu } from "../../devices/index.ts";
import {
  constant,
  evaluate,
  float32,
  grad,
  leavesOf,
  mapTree,
  mean,
  type Parameter,
  square,
  sub,
  sum,
  type Value,
} from "../../tensor/index.ts";
import { type Dense, initLinear, linear } from "../linear.ts";
import { createTrainer } from "../trainer.ts";
import {
  type Encoder,
  EncoderConfig,
  encoderKind,
  encoders,
  requireEncodable,
  type TracedEncoder,
} from "./index.ts";

type Kind = keyof typeof encoders;
interface Example<K extends Kind> {
  readonly config: z.input<(typeof encoders)[K]["config"]>;
  readonly part: Part;
  /** A part that does not fit, with the reason; null if every part fits. */
  readonly refuses: readonly [part: Part, why: string] | null;
  /** A number of an observation. */
  readonly draw: (random: Random) => number;
}

const bell = (random: Random) => random.normal();

/** A small one of each kind. The keys are those of the table, so a kind without an example fails the type check. */
const examples: { readonly [K in Kind]: Example<K> } = {
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
    draw: (random) => random.integer(7),
  },
};

/** A kind's small example. */
function exampleOf(kind: Kind) {
  const { part, draw, refuses } = examples[kind];
  const config = EncoderConfig.parse(examples[kind].config);
  const methods = encoderKind(config);
  return {
    config,
    part,
    refuses,
    methods,
    init: (random: Random): Encoder => methods.init(config, part, random),
    apply: (network: TracedEncoder, x: Value) => methods.apply(network, config, part, x),
    observations: (count: number, random: Random) =>
      Float32Array.from({ length: count * sizeOfPart(part) }, () => draw(random)),
  };
}

const known = (network: Encoder): TracedEncoder =>
  mapTree(network, (leaf) => constant((leaf as Parameter).data, leaf.shape)) as TracedEncoder;
const numbersOf = (value: Value): number[] => [...evaluate([value], new Map())[0].data];

test("a kind is listed under its own name", () => {
  for (const [name, { config }] of Object.entries(encoders)) expect(config.shape.kind.value).toBe(name);
});

test("the configuration of an unknown kind is refused with the kinds there are", () => {
  const { error } = EncoderConfig.safeParse({ kind: "resnet" });
  for (const kind of Object.keys(encoders)) expect(error?.message).toContain(`'${kind}'`);
});

describe.each(Object.keys(encoders) as Kind[])("%s", (kind) => {
  const { config, part, refuses, methods, init, apply, observations } = exampleOf(kind);
  const traced = (numbers: Float32Array | Float64Array) =>
    constant(numbers, [numbers.length / sizeOfPart(part), ...part.shape]);

  test("has defaults for all but its kind", () =>
    expect(EncoderConfig.safeParse({ kind }).success).toBe(true));

  test("takes the part it is made for, and says of another why not", () => {
    expect(methods.accepts(part, config)).toBeUndefined();
    expect(() => requireEncodable("eye", part, config)).not.toThrow();
    if (refuses === null) return;
    const [other, why] = refuses;
    expect(() => requireEncodable("eye", other, config)).toThrow(
      `"eye" does not fit the encoder ${kind}: ${why}.`,
    );
  });

  test("makes as many features as it says, of every observation", () => {
    const x = traced(observations(3, new Random(1)));
    expect(apply(known(init(new Random(2))), x).shape).toEqual([3, methods.size(config, part)]);
  });

  test("has the same first values from the same seed, and others from another", () => {
    const values = (seed: number) =>
      leavesOf<Parameter>(init(new Random(seed))).flatMap(({ leaf }) => [...leaf.data]);
    expect(values(1)).toEqual(values(1));
    if (values(1).length > 0) expect(values(1)).not.toEqual(values(2));
  });

  test("encodes each observation by itself", () => {
    const random = new Random(3);
    const network = known(init(random));
    const size = sizeOfPart(part);
    const numbers = observations(3, random);
    const features = (from: number, to: number) =>
      numbersOf(apply(network, traced(numbers.slice(from * size, to * size))));
    const all = features(0, 3);
    expect([...features(0, 1), ...features(1, 2), ...features(2, 3)]).toEqual(all);
    const rows = [0, 1, 2].map((row) => `${all.slice((row * all.length) / 3, ((row + 1) * all.length) / 3)}`);
    expect(new Set(rows).size).toBeGreaterThan(1);
  });

  test("its gradient is the slope of a loss, along a direction in all parameters", () => {
    const random = new Random(4);
    const network = init(random);
    const x = traced(observations(3, random));
    const shape = [3, methods.size(config, part)];
    const target = constant(random.fillNormal(new Float32Array(shape[0] * shape[1])), shape);
    const direction = ({ path, length }: { path: string; length: number }) =>
      random.split(path).fillNormal(new Float32Array(length));
    const lossAt = (step: number) => {
      const moved = mapTree(network, (leaf, path) => {
        const { data } = leaf as Parameter;
        const along = direction({ path, length: data.length });
        return constant(
          Float64Array.from(data, (value, i) => value + step * along[i]),
          leaf.shape,
        );
      }) as TracedEncoder;
      return { loss: sum(square(sub(apply(moved, x), target))), leaves: leavesOf<Value>(moved) };
    };
    const lossOf = (step: number) => numbersOf(lossAt(step).loss)[0];
    const { loss, leaves } = lossAt(0);
    if (leaves.length === 0) return;
    const values = leaves.map(({ leaf }) => leaf);
    const slope = evaluate(grad(loss, values), new Map()).reduce((total, { data }, i) => {
      const along = direction({ path: leaves[i].path, length: data.length });
      return data.reduce((sum, each, j) => sum + each * along[j], total);
    }, 0);
    const step = 1e-5;
    const difference =
      (8 * (lossOf(step) - lossOf(-step)) - (lossOf(2 * step) - lossOf(-2 * step))) / (12 * step);
    expect(slope / difference).toBeCloseTo(1, 6);
  });

  test("learns what a linear map of its features can say of 7 observations", async () => {
    const random = new Random(5);
    const count = 7;
    // Of a task's number, each once; of all else, at random.
    const x =
      kind === "taskEmbedding"
        ? Float32Array.from({ length: count }, (_, i) => i)
        : observations(count, random);
    const batch = { x, target: random.fillNormal(new Float32Array(count)) };
    type Net<T, E> = { readonly encoder: E; readonly out: Dense<T> };
    await using trainer = await createTrainer({
      network: { encoder: init(random), out: initLinear(methods.size(config, part), 1, random) },
      inputs: { x: float32(count, ...part.shape), target: float32(count, 1) },
      loss: (network, { x, target }) => {
        const { encoder, out } = network as Net<Value, TracedEncoder>;
        return mean(square(sub(linear(out, apply(encoder, x)), target)));
      },
      device: cpu({ threads: 1 }),
    });
    const first = (await trainer.step(batch, 0)).loss;
    let loss = first;
    for (let step = 0; step < 400 && loss > first / 10; step++) ({ loss } = await trainer.step(batch, 1e-2));
    expect(loss).toBeLessThan(first / 10);
  });
});

describe("pointNet", () => {
  test("does not depend on the order of the points", () => {
    const { init, apply, observations, part } = exampleOf("pointNet");
    const random = new Random(6);
    const network = known(init(random));
    const cloud = observations(1, random);
    const [points, width] = part.shape;
    const shuffled = new Float32Array(cloud.length);
    for (const [to, from] of random.permutation(points).entries())
      shuffled.set(cloud.subarray(from * width, (from + 1) * width), to * width);
    const features = (numbers: Float32Array) =>
      numbersOf(apply(network, constant(numbers, [1, ...part.shape])));
    expect(features(shuffled)).toEqual(features(cloud));
  });
});

describe("image", () => {
  const { config, methods } = exampleOf("image");

  test.each([
    [7, undefined],
    [6, "its 2 convolutions need at least 7 x 7 pixels, got 9 x 6"],
  ])("with strides 2 and 1 says of a width of %i: %s", (width, why) =>
    expect(methods.accepts({ shape: [9, width, 1], dtype: "uint8" }, config)).toBe(why),
  );

  test("by default sees what DrQ-v2's sees: 35 x 35 pixels of 32 channels, from pictures of 84 x 84", () => {
    const drq = encoders.image.config.parse({ kind: "image" });
    const { out } = encoders.image.init(drq, { shape: [84, 84, 9], dtype: "uint8" }, new Random(0));
    expect(out.linear.weight.shape).toEqual([35 * 35 * 32, 50]);
  });
});
