import { describe, expect, test } from "vitest";
import { Random } from "../base/index.ts";
import {
  constant,
  evaluate,
  float32,
  grad,
  input,
  mapTree,
  max,
  mul,
  type Parameter,
  relu,
  type Shape,
  sizeOf,
  sum,
  type Tensor,
  type Value,
} from "../tensor/index.ts";
import { initNorm, norm } from "./layer-norm.ts";
import { initLinear, linear } from "./linear.ts";
import { type Activation, activations, initMlp, mlp } from "./mlp.ts";

const known = <Tree>(tree: Tree) => mapTree(tree, (leaf) => constant((leaf as Parameter).data, leaf.shape));
const tensorOf = (value: Value, inputs: ReadonlyMap<Value, Tensor> = new Map()) =>
  evaluate([value], inputs)[0];
const normal = (shape: Shape, random: Random): Tensor => ({
  shape,
  data: random.fillNormal(new Float64Array(sizeOf(shape))),
});

describe("mlp", () => {
  test("has a layer between each size and the next", () => {
    const layers = initMlp([3, 8, 5, 2], new Random(0));
    expect(layers.map(({ weight, bias }) => [weight.shape, bias.shape])).toEqual([
      [[3, 8], [8]],
      [[8, 5], [5]],
      [[5, 2], [2]],
    ]);
  });

  test("has the activation between the layers and none after the last", () => {
    const layers = initMlp([2, 3, 1], new Random(1));
    const [first, second] = layers.map(({ weight, bias }) => ({ w: weight.data, b: bias.data }));
    const x = [0.7, -1.3];
    const inside = [0, 1, 2].map((j) =>
      Math.tanh(Math.fround(x[0]) * first.w[j] + Math.fround(x[1]) * first.w[3 + j] + first.b[j]),
    );
    const y = inside.reduce((total, h, j) => total + h * second.w[j], second.b[0]);
    const found = tensorOf(mlp(known(layers), constant(Float32Array.from(x), [1, 2]), "tanh"));
    expect(found.shape).toEqual([1, 1]);
    expect(found.data[0]).toBeCloseTo(y, 12);
  });

  test.each<[Activation, number]>([
    ["mish", 0.8650983882673103],
    ["relu", 1],
    ["tanh", 0.7615941559557649],
    ["silu", 0.7310585786300049],
    ["gelu", 0.8413447460685429],
  ])("knows %s, %d at 1", (name, value) =>
    expect(tensorOf(activations[name](constant(1))).data[0]).toBeCloseTo(value, 12),
  );

  test("keeps leading axes", () => {
    const x = constant(new Float32Array(24), [2, 4, 3]);
    expect(mlp(known(initMlp([3, 8, 5], new Random(0))), x, "relu").shape).toEqual([2, 4, 5]);
  });
});

describe("a set of points, each through one layer, pooled by their maximum", () => {
  const random = new Random(4);
  const layer = known({ dense: initLinear(3, 6, random), norm: initNorm(6) });
  const points = input("points", float32(2, 5, 3));
  const pooled = max(relu(norm(layer.norm, linear(layer.dense, points))), { axes: 1 }); // (2, 6)
  const dy = normal([2, 6], random);
  const score = sum(mul(pooled, constant(Float32Array.from(dy.data), [2, 6])));
  const cloud = normal([2, 5, 3], random);

  test("does not depend on their order", () => {
    const reversed = { ...cloud, data: new Float64Array(30) };
    for (let b = 0; b < 2; b++)
      for (let i = 0; i < 5; i++)
        reversed.data.set(cloud.data.subarray((5 * b + i) * 3, (5 * b + i + 1) * 3), (5 * b + 4 - i) * 3);
    expect(tensorOf(pooled, new Map([[points, reversed]]))).toEqual(
      tensorOf(pooled, new Map([[points, cloud]])),
    );
  });

  test("has the gradient of its central differences", () => {
    const [slope] = grad(score, [points]);
    const found = tensorOf(slope, new Map([[points, cloud]])).data;
    const step = 1e-6;
    const scoreAt = (i: number, shift: number) =>
      tensorOf(score, new Map([[points, { ...cloud, data: cloud.data.with(i, cloud.data[i] + shift) }]]))
        .data[0];
    const differences = found.map((_, i) => (scoreAt(i, step) - scoreAt(i, -step)) / (2 * step));
    for (const [i, difference] of differences.entries()) expect(found[i]).toBeCloseTo(difference, 7);
    expect(found.some((x) => x !== 0)).toBe(true);
  });
});
