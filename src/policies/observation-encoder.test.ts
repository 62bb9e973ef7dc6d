import { describe, expect, test } from "vitest";
import { Random, type Space } from "../base/index.ts";
import { EncoderConfig } from "../nn/index.ts";
import { constant, evaluate, leavesOf, mapTree, type Parameter, type Value } from "../tensor/index.ts";
import { normalizersOf } from "./normalizer.ts";
import {
  encodeObservations,
  encodersFor,
  featureSize,
  initEncoders,
  type ObservationEncoder,
  splitObservations,
} from "./observation-encoder.ts";

const space: Space = {
  state: { shape: [2] },
  pointCloud: { shape: [4, 3] },
  task: { shape: [1] },
};
const size = 2 + 12 + 1;
const encoders = encodersFor(space, {
  task: EncoderConfig.parse({ kind: "taskEmbedding", tasks: 3, size: 2 }),
});
const range = { low: new Array(size).fill(-2), high: new Array(size).fill(2) };
const encoder: ObservationEncoder = { space, encoders, normalizers: normalizersOf(space, range) };
const networks = initEncoders(encoder, new Random(1));
const traced = mapTree(networks, (leaf) => constant((leaf as Parameter).data, leaf.shape));
const numbersOf = (value: Value) => [...evaluate([value], new Map())[0].data];

/** B = 2, T = 3: states and points at random, of tasks 0 and 2. */
function observations(random: Random): Float32Array {
  const rows = random.fillNormal(new Float32Array(2 * 3 * size));
  for (let row = 0; row < 6; row++) rows[row * size + size - 1] = row < 3 ? 0 : 2;
  return rows;
}
const featuresOf = (rows: Float32Array, steps = 3) => {
  const value = constant(rows, [rows.length / steps / size, steps, size]);
  return encodeObservations(traced, encoder, splitObservations(space, value));
};

describe("an encoder for each part", () => {
  test("is the one that is asked for, else that of its shape", () => {
    expect(encoders).toMatchObject({
      state: { kind: "identity" },
      pointCloud: { kind: "pointNet", size: 64 },
      task: { kind: "taskEmbedding", size: 2 },
    });
    expect(featureSize(encoder)).toBe(2 + 64 + 2);
  });
  test("of pictures are convolutions, which are shown bytes", () => {
    const pictures: Space = { camera: { shape: [24, 24, 3], dtype: "uint8" } };
    const chosen = encodersFor(pictures);
    expect(chosen.camera.kind).toBe("image");
    const own = { space: pictures, encoders: chosen };
    const network = mapTree(initEncoders(own, new Random(1)), (leaf) =>
      constant((leaf as Parameter).data, leaf.shape),
    );
    const bytes = new Random(2).fillIntegers(new Int32Array(2 * 24 * 24 * 3), 0, 256);
    const parts = splitObservations(pictures, constant(Float32Array.from(bytes), [1, 2, 24 * 24 * 3]));
    const features = encodeObservations(network, { ...own, normalizers: {} }, parts); // no normalizer is read
    expect(features.shape).toEqual([1, 2, featureSize(own)]);
    expect(numbersOf(features).every(Number.isFinite)).toBe(true);
  });
  test.each<[string, Space, Record<string, EncoderConfig>]>([
    [
      'There is no part "cloud" to encode. Observed: state (2).',
      { state: { shape: [2] } },
      { cloud: { kind: "identity" } },
    ],
    [
      '"state" does not fit the encoder pointNet',
      { state: { shape: [2] } },
      { state: EncoderConfig.parse({ kind: "pointNet" }) },
    ],
    [
      "Nothing encodes grid (4, 2) by default. Name its encoder: identity, mlp, ",
      { grid: { shape: [4, 2] } },
      {},
    ],
  ])("or one sentence: %s", (sentence, other, asked) =>
    expect(() => encodersFor(other, asked)).toThrow(sentence),
  );
});

describe("features", () => {
  const rows = observations(new Random(2));
  const features = numbersOf(featuresOf(rows));
  const perStep = featureSize(encoder);

  test("are those of each step by itself, the parts in the order of the space", () => {
    expect(featuresOf(rows).shape).toEqual([2, 3, perStep]);
    for (let row = 0; row < 6; row++) {
      const alone = numbersOf(featuresOf(rows.slice(row * size, (row + 1) * size), 1));
      expect(features.slice(row * perStep, (row + 1) * perStep)).toEqual(alone);
      // The state's range is [-2, 2]; nothing else happens to it.
      for (let i = 0; i < 2; i++) expect(alone[i]).toBeCloseTo(rows[row * size + i] / 2, 6);
    }
  });
  test("of a task are its row of the table, not normalized", () => {
    const table = leavesOf<Parameter>(networks.task)[0].leaf.data;
    expect(features.slice(perStep - 2, perStep)).toEqual([...table.slice(0, 2)]);
    expect(features.slice(6 * perStep - 2)).toEqual([...table.slice(4, 6)]);
  });
  test("do not depend on the order of points", () => {
    const turned = rows.slice();
    for (let row = 0; row < 6; row++)
      for (let point = 0; point < 4; point++)
        for (let i = 0; i < 3; i++)
          turned[row * size + 2 + 3 * point + i] = rows[row * size + 2 + 3 * ((point + 1) % 4) + i];
    expect(numbersOf(featuresOf(turned))).toEqual(features);
  });
});

test("normalizers are those of each part: of points by axis, of bytes by what bytes are", () => {
  const seen: Space = {
    state: { shape: [2] },
    cloud: { shape: [2, 3] },
    picture: { shape: [1, 1, 3], dtype: "uint8" },
    step: { shape: [] },
  };
  const low = [-1, -2, /**/ 1, 2, 3, 4, -5, 6, /**/ 7, 7, 7, /**/ 0];
  const high = [1, 2, /**/ 10, 20, 30, 40, 50, 6, /**/ 9, 9, 9, /**/ 99];
  expect(normalizersOf(seen, { low, high })).toEqual({
    state: { low: [-1, -2], high: [1, 2] },
    cloud: { low: [1, -5, 3], high: [40, 50, 30] },
    picture: { low: [0, 0, 0], high: [255, 255, 255] },
    step: { low: [0], high: [99] },
  });
});
