import { describe, expect, test } from "vitest";
import { relativeError, truthOf } from "../../test/float64-truth.ts";
import { cpu } from "../devices/index.ts";
import { compile } from "./compile.ts";
import { valueAndGrad } from "./grad.ts";
import type { Value } from "./graph.ts";
import { add, constant, float32, input, mean, mul, square, sum } from "./ops/index.ts";
import { flatten, layoutOf, leavesOf, mapTree, type Parameter, pack, unflatten, unpack } from "./tree.ts";

/** A leaf that counts up from `first`. */
const counting = (first: number, ...shape: number[]): Parameter => ({
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => first + i),
});

const network = {
  down: [
    { weight: counting(1, 2, 3), bias: counting(7, 3) },
    { weight: counting(10, 1, 2), bias: counting(12, 2) },
  ],
  temperature: counting(14),
  embedding: { table: counting(15, 2, 1, 2) },
};
const layout = layoutOf(network);
const theta = () => Float32Array.from({ length: 18 }, (_, i) => i + 1);

describe("a layout", () => {
  test("lists leaves in order of appearance, one after another", () => {
    expect(layout.entries).toEqual([
      { path: "down.0.weight", shape: [2, 3], offset: 0 },
      { path: "down.0.bias", shape: [3], offset: 6 },
      { path: "down.1.weight", shape: [1, 2], offset: 9 },
      { path: "down.1.bias", shape: [2], offset: 11 },
      { path: "temperature", shape: [], offset: 13 },
      { path: "embedding.table", shape: [2, 1, 2], offset: 14 },
    ]);
    expect(layout.size).toBe(18);
  });

  test("of a single leaf has one nameless entry", () =>
    expect(layoutOf(counting(0, 2)).entries).toEqual([{ path: "", shape: [2], offset: 0 }]));

  test("of an empty tree is empty", () => expect(layoutOf({ activation: {} }).size).toBe(0));

  test("takes what merely has a member called shape for a branch", () =>
    expect(layoutOf({ shape: counting(0, 2) }).entries.map(({ path }) => path)).toEqual(["shape"]));
});

describe("numbers", () => {
  test("flatten into the vector in the layout's order", () => {
    const found = new Float32Array(18);
    flatten(network, found);
    expect(found).toEqual(theta());
  });

  test("come back as the tree they were, as copies", () => {
    const vector = theta();
    const tree = unflatten(layout, vector);
    expect(tree).toEqual(network);
    expect(Array.isArray(tree.down)).toBe(true);
    vector.fill(0);
    expect(tree).toEqual(network);
  });

  test.each([
    [() => flatten(network, new Float32Array(17)), "flatten: expected a vector of 18 numbers, got 17"],
    [() => unflatten(layout, new Float32Array(19)), "unflatten: expected a vector of 18 numbers, got 19"],
    [
      () => flatten({ a: { b: { shape: [2, 3], data: new Float32Array(7) } } }, new Float32Array(6)),
      'flatten: "a.b" of shape (2, 3) holds 6 numbers, got 7',
    ],
  ])("that do not fit are refused (%#)", (call, message) => expect(call).toThrow(message));
});

describe("traced values", () => {
  test("are cut from the vector and packed into it again, on device cpu and by the kernels", async () => {
    const inputs = { theta: float32(18) };
    const f = ({ theta }: Readonly<Record<string, Value>>) => {
      const tree = unpack(layout, theta);
      return { again: pack(tree), bias: tree.down[1].bias, temperature: tree.temperature };
    };
    expect(truthOf(inputs, f, { theta: theta() })).toEqual({
      again: Float64Array.from(theta()),
      bias: Float64Array.of(12, 13),
      temperature: Float64Array.of(14),
    });
    await using program = await compile(inputs, f, { device: cpu({ threads: 1 }) });
    expect(await program.run({ theta: theta() })).toEqual({
      again: theta(),
      bias: Float32Array.of(12, 13),
      temperature: Float32Array.of(14),
    });
  });

  test("of another size are refused", () =>
    expect(() => unpack(layout, input("theta", float32(17)))).toThrow(
      "unpack: expected theta: (18,), got (17)",
    ));
});

describe("a tree", () => {
  test("maps to one of the same form", () => {
    const shapes = mapTree(network, ({ shape }, path) => `${path}: ${shape}`);
    expect(shapes.down[1]).toEqual({ weight: "down.1.weight: 1,2", bias: "down.1.bias: 2" });
    expect(shapes.embedding.table).toBe("embedding.table: 2,1,2");
  });

  test.each([
    [{ a: { size: 3 } }, '"a.size" of a tree: expected objects, arrays or leaves with a shape, got 3'],
    [{ name: "x" }, '"name" of a tree: expected objects, arrays or leaves with a shape, got x'],
    [[null], '"0" of a tree: expected objects, arrays or leaves with a shape, got null'],
    [{ "a.b": counting(0, 2) }, '"a.b" in a tree: expected a key without dots'],
  ])("%j is refused", (tree, message) => {
    expect(() => leavesOf(tree)).toThrow(message);
    expect(() => mapTree(tree, () => 0)).toThrow(message);
  });
});

test("the gradient of a tree has the form of the tree", () => {
  const inputs = { theta: float32(18) };
  const f = ({ theta }: Readonly<Record<string, Value>>) => {
    const [loss, gradient] = valueAndGrad(({ down, temperature }: { down: Value[]; temperature: Value }) =>
      add(mean(square(down[0])), mul(temperature, sum(down[1]))),
    )({ down: [mul(theta, 1), mul(theta, 2)], temperature: constant(3) });
    return { loss, first: gradient.down[0], second: gradient.down[1], temperature: gradient.temperature };
  };
  const { first, second, temperature } = truthOf(inputs, f, { theta: theta() });
  expect(
    relativeError(
      first,
      Float64Array.from(theta(), (x) => (2 * x) / 18),
    ),
  ).toBeLessThan(1e-15);
  expect(second).toEqual(new Float64Array(18).fill(3));
  expect(temperature).toEqual(Float64Array.of(2 * 171));
});
