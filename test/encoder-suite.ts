/** @file Suite of the table of encoders: promises that every kind keeps. */
import { expect, test } from "vitest";
import type { z } from "zod";
import { type Part, Random, sizeOfPart } from "../src/base/index.ts";
import { cpu } from "../src/devices/index.ts";
import { createTrainer, type Dense, type EncoderKind, initLinear, linear } from "../src/nn/index.ts";
import type { KindSchema } from "../src/nn/kind.ts";
import {
  constant,
  float32,
  leavesOf,
  type Mapped,
  mean,
  type Parameter,
  square,
  sub,
  sum,
  type Value,
} from "../src/tensor/index.ts";
import { expectSlope, known, numbersOf } from "./network-checks.ts";

/** A small encoder, with a part for it. */
export interface EncoderExample<Schema extends KindSchema> {
  readonly config: z.input<Schema>;
  readonly part: Part;
  /** A part that does not fit, with the reason; null if every part fits. */
  readonly refuses: readonly [part: Part, why: string] | null;
  /** The i-th number of several observations. */
  readonly draw: (random: Random, i: number) => number;
}

/** The encoder of an example. */
export function encoderOf<Schema extends KindSchema, Network>(
  kind: EncoderKind<Schema, Network>,
  { config: options, part, draw }: EncoderExample<Schema>,
) {
  const config = kind.config.parse(options);
  return {
    config,
    init: (random: Random) => kind.init(config, part, random),
    /** x: numbers of observations, one after another */
    apply: (network: Mapped<Network, Value>, x: Float32Array) =>
      kind.apply(network, config, part, constant(x, [x.length / sizeOfPart(part), ...part.shape])),
    observations: (count: number, random: Random) =>
      Float32Array.from({ length: count * sizeOfPart(part) }, (_, i) => draw(random, i)),
  };
}

/** name: what the table calls the kind */
export function encoderSuite<Schema extends KindSchema, Network>(
  name: string,
  kind: EncoderKind<Schema, Network>,
  example: EncoderExample<Schema>,
): void {
  const { config, init, apply, observations } = encoderOf(kind, example);
  const { part, refuses } = example;

  test("is listed under its own name, and has defaults for all else", () => {
    expect(kind.config.shape.kind.value).toBe(name);
    expect(kind.config.safeParse({ kind: name }).success).toBe(true);
  });

  test("takes the part it is made for, and says of another why not", () => {
    expect(kind.accepts(part, config)).toBeUndefined();
    if (refuses !== null) expect(kind.accepts(refuses[0], config)).toBe(refuses[1]);
  });

  test("makes as many features as it says, of every observation", () => {
    const features = apply(known(init(new Random(2))), observations(3, new Random(1)));
    expect(features.shape).toEqual([3, kind.size(config, part)]);
  });

  test("refuses observations of another shape, and says what it expected", () => {
    const shape = part.shape.length === 0 ? [2] : part.shape.with(-1, (part.shape.at(-1) as number) + 1);
    const size = 3 * sizeOfPart({ shape });
    const x = constant(new Float32Array(size), [3, ...shape]);
    expect(() => kind.apply(known(init(new Random(0))), config, part, x)).toThrow(/: expected .*, got \(/);
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
      numbersOf(apply(network, numbers.slice(from * size, to * size)));
    const rows = [features(0, 1), features(1, 2), features(2, 3)];
    expect(rows.flat()).toEqual(features(0, 3));
    expect(new Set(rows.map(String)).size).toBeGreaterThan(1);
  });

  test("its gradient is the slope of a loss, along a direction in all parameters", () => {
    const random = new Random(4);
    const network = init(random);
    if (leavesOf(network).length === 0) return;
    const numbers = observations(3, random);
    const shape = [3, kind.size(config, part)];
    const target = constant(random.fillNormal(new Float32Array(shape[0] * shape[1])), shape);
    expectSlope({ network }, ({ network }) => sum(square(sub(apply(network, numbers), target))));
  });

  test("learns what a linear map of its features can say of 7 observations", async () => {
    const random = new Random(5);
    const x = observations(7, random);
    interface Net<T, Encoder> {
      readonly encoder: Encoder;
      readonly out: Dense<T>;
    }
    const first: Net<Parameter, Network> = {
      encoder: init(random),
      out: initLinear(kind.size(config, part), 1, random),
    };
    await using trainer = await createTrainer({
      network: first as Mapped<typeof first, Parameter>,
      inputs: { x: float32(7, ...part.shape), target: float32(7, 1) },
      loss: (network, { x, target }) => {
        const { encoder, out } = network as Net<Value, Mapped<Network, Value>>;
        return mean(square(sub(linear(out, kind.apply(encoder, config, part, x)), target)));
      },
      device: cpu({ threads: 1 }),
    });
    const batch = { x, target: random.fillNormal(new Float32Array(7)) };
    const { loss: before } = await trainer.step(batch, 0);
    let loss = before;
    for (let step = 0; step < 400 && loss > before / 10; step++) ({ loss } = await trainer.step(batch, 1e-2));
    expect(loss).toBeLessThan(before / 10);
  });
}
