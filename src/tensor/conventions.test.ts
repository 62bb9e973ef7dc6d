/** @file Operations where mathematics leaves a choice: at kinks and ties, and with numbers that are not finite. */
import { describe, expect, test } from "vitest";
import { type NamedNumbers, type Specs, type Traceable, truthOf } from "../../test/float64-truth.ts";
import { cpu } from "../devices/index.ts";
import { compile } from "./compile.ts";
import { grad } from "./grad.ts";
import type { Value } from "./graph.ts";
import * as t from "./ops/index.ts";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const numbers = (...values: number[]) => Float32Array.from(values);

/** Results of `f` on device cpu, which the float64 kernels must give, too, once rounded. */
async function agreed(
  inputs: Specs,
  f: Traceable,
  given: NamedNumbers,
  smallest = 2 ** -126,
): Promise<Record<string, Float32Array>> {
  await using program = await compile(inputs, f, { device: cpu({ threads: 1 }) });
  const found = await program.run(given);
  const truth = truthOf(inputs, f, given);
  for (const name of Object.keys(truth))
    for (const [i, number] of truth[name].entries())
      expect(
        isRounding(found[name][i], Math.fround(number), smallest),
        `${name}[${i}]: ${found[name][i]}, not ${number}`,
      ).toBe(true);
  return found;
}

/** Equal but for rounding; what is below the smallest normal number (or what sigmoid resolves) may be zero. */
const isRounding = (found: number, truth: number, smallest: number) =>
  Object.is(found, truth) ||
  found === truth ||
  Math.abs(found - truth) <= 2e-6 * Math.abs(truth) ||
  Math.abs(found - truth) < smallest;

describe("at a kink", () => {
  /** The gradient of the sum of f(x). */
  const slope = async (f: (x: Value) => Value, ...x: number[]) => {
    const { dx } = await agreed({ x: t.float32(x.length) }, ({ x }) => ({ dx: grad(t.sum(f(x)), [x])[0] }), {
      x: numbers(...x),
    });
    return [...dx];
  };

  test("the gradient of relu is 0", async () =>
    expect(await slope(t.relu, -1, 0, -0, 1)).toEqual([0, 0, 0, 1]));
  test("the gradient of abs is 0", async () => expect(await slope(t.abs, -1, 0, 1)).toEqual([-1, 0, 1]));
  test("clip passes the gradient at its limits, not beyond", async () =>
    expect(await slope((x) => t.clip(x, -1, 2), -1.1, -1, 0, 2, 2.1)).toEqual([0, 1, 1, 1, 0]));
  test("huber's two branches have one gradient", async () =>
    expect(await slope((x) => t.huber(x, 2), -2, 2)).toEqual([-2, 2]));
  test("softplus is smooth", async () => expect(await slope(t.softplus, 0)).toEqual([0.5]));
  test("maximum and minimum of two equals share the gradient evenly", async () => {
    for (const op of [t.maximum, t.minimum])
      expect(await slope((x) => op(x, t.constant([1, 1, 1])), 0, 1, 2)).toEqual(
        op === t.maximum ? [0, 0.5, 1] : [1, 0.5, 0],
      );
  });
  test("equal maxima of a set share the gradient evenly", async () => {
    const overSet = (x: Value) => t.max(t.reshape(x, [4, 2]), { axes: 0 });
    expect(await slope(overSet, 3, 1, 2, 1, 3, 1, 3, 1)).toEqual(
      [1 / 3, 0.25, 0, 0.25, 1 / 3, 0.25, 1 / 3, 0.25].map(Math.fround),
    );
  });
});

test("rows gathered twice add up their gradients", async () => {
  const inputs = { table: t.float32(3, 2), index: t.int32(4), scale: t.float32(4, 2) };
  const given = {
    table: numbers(1, 2, 3, 4, 5, 6),
    index: Int32Array.of(2, 0, 2, 2),
    scale: numbers(1, 2, 10, 20, 100, 200, 1000, 2000),
  };
  const found = await agreed(
    inputs,
    ({ table, index, scale }) => {
      const rows = t.gather(table, index);
      return { rows, gradient: grad(t.sum(t.mul(rows, scale)), [table])[0] };
    },
    given,
  );
  expect(found).toEqual({
    rows: numbers(5, 6, 1, 2, 5, 6, 5, 6),
    gradient: numbers(10, 20, 0, 0, 1101, 2202),
  });
});

test("many rows into few lines are summed whole, by two threads as well", async () => {
  const count = 20_000;
  const inputs = { index: t.int32(count), rows: t.float32(count, 4) };
  const given = {
    index: Int32Array.from({ length: count }, (_, i) => (i * i) % 7),
    rows: new Float32Array(4 * count).fill(1),
  };
  const f: Traceable = ({ index, rows }) => ({ y: t.scatterAdd(index, rows, 7) });
  await using program = await compile(inputs, f, { device: cpu({ threads: 2 }) });
  expect(Float64Array.from((await program.run(given)).y)).toEqual(truthOf(inputs, f, given).y);
});

test("tables of whole numbers keep their type", async () => {
  const f: Traceable = ({ table, order, k }) => ({ y: t.gather(table, t.gather(order, k)) });
  const inputs = { table: t.float32(3), order: t.int32(3), k: t.int32(2) };
  const given = { table: numbers(1, 2, 3), order: Int32Array.of(2, 1, 0), k: Int32Array.of(0, 2) };
  expect((await agreed(inputs, f, given)).y).toEqual(numbers(3, 1));
});

describe("numbers at the ends of float32", () => {
  const ends = [nan, -inf, -3e38, -200, -80, -1, -1e-30, -1e-45, -0, 0, 1e-45, 1e-30, 1, 80, 200, 3e38, inf];
  const inputs = { a: t.float32(ends.length, 1), b: t.float32(ends.length) };
  const given = { a: numbers(...ends), b: numbers(...ends) };
  const unary = {
    neg: t.neg,
    exp: t.exp,
    log: t.log,
    sqrt: t.sqrt,
    abs: t.abs,
    square: t.square,
    tanh: t.tanh,
  };
  const activations = {
    relu: t.relu,
    erf: t.erf,
    mish: t.mish,
    gelu: t.gelu,
    softplus: t.softplus,
    huber: t.huber,
  };
  const sigmoids = { sigmoid: t.sigmoid, silu: t.silu };
  const binary = { add: t.add, sub: t.sub, mul: t.mul, div: t.div, greater: t.greater };
  const extrema = { maximum: t.maximum, minimum: t.minimum };

  test.each(Object.entries({ ...unary, ...activations }))(
    "pass through %s as through its float64 formula",
    async (_, op) => {
      await agreed(inputs, ({ a }) => ({ y: op(a) }), given);
    },
  );

  test.each(Object.entries(sigmoids))("pass through %s, which is exact to 1e-7 alone", async (_, op) => {
    await agreed(inputs, ({ a }) => ({ y: op(a) }), given, 1e-7);
  });

  test.each(Object.entries({ ...binary, ...extrema }))(
    "pass through %s, in all pairs, as IEEE 754 says",
    async (_, op) => {
      await agreed(inputs, ({ a, b }) => ({ y: op(a, b) }), given);
    },
  );

  test("pass through clip", async () => {
    const { y } = await agreed(inputs, ({ b }) => ({ y: t.clip(b, -1, 1) }), given);
    expect([...y.slice(0, 3), y.at(-1)]).toEqual([nan, -1, -1, 1]);
  });

  test("choose in where: whatever is not zero is true", async () => {
    const { y } = await agreed(inputs, ({ b }) => ({ y: t.where(b, 1, 2) }), given);
    expect(y).toEqual(numbers(...ends.map((end) => (end === 0 ? 2 : 1))));
  });

  test("are not touched by what where does not choose", async () => {
    const f: Traceable = ({ b }) => ({ y: t.where(t.greater(b, 0), t.log(b), 0) });
    const { y } = await agreed({ b: t.float32(3) }, f, { b: numbers(-1, 0, 1) });
    expect(y).toEqual(numbers(0, 0, 0));
  });
});

describe("a row with", () => {
  const rows = {
    NaN: [nan, 1, 2],
    "a -Infinity": [-inf, 1, 2],
    "an Infinity": [inf, 1, 2],
    "both infinities": [inf, -inf, 0],
    "nothing but -Infinity": [-inf, -inf, -inf],
  };
  const folds: Traceable = ({ x }) => ({
    softmax: t.softmax(x),
    logSoftmax: t.logSoftmax(x),
    logSumExp: t.logSumExp(x),
    sum: t.sum(x, { axes: 1 }),
    mean: t.mean(x, { axes: 1 }),
    max: t.max(x, { axes: 1 }),
    standardize: t.standardize(x),
  });

  test.each(Object.entries(rows))("%s folds as its float64 formula does", async (_, row) => {
    await agreed({ x: t.float32(1, 3) }, folds, { x: numbers(...row) });
  });

  test("NaN folds to NaN, but leaves other rows alone", async () => {
    const found = await agreed({ x: t.float32(2, 3) }, folds, { x: numbers(nan, 1, 2, 3, 4, 6) });
    for (const [fold, y] of Object.entries(found)) {
      const half = y.length / 2;
      expect([fold, ...y.slice(0, half)]).toEqual([fold, ...new Array(half).fill(nan)]);
      expect([fold, ...y.slice(half)]).not.toContain(nan);
    }
  });
});

describe("there are no empty arrays:", () => {
  const x = t.input("x", t.float32(2, 3));
  test.each([
    [() => t.float32(0, 3), "float32: expected whole, positive axes, got (0, 3)"],
    [() => t.int32(2, -1), "int32: expected whole, positive axes, got (2, -1)"],
    [() => t.float32(1.5), "float32: expected whole, positive axes, got (1.5)"],
    [() => t.constant([]), "constant: expected whole, positive axes for 0 numbers, got (0)"],
    [() => t.constant([1, 2, 3], [2]), "constant: expected whole, positive axes for 3 numbers, got (2)"],
    [() => t.slice(x, 1, 2, 2), "slice: expected positions among the 3 of axis 1, not 2 to 2, got (2, 3)"],
    [() => t.split(x, [3, 0], 1), "slice: expected positions among the 3 of axis 1, not 3 to 3, got (2, 3)"],
    [
      () => t.broadcastTo(t.constant(1), [0]),
      "broadcastTo: expected whole, positive axes in the result (0), got ()",
    ],
    [() => t.reshape(x, [6, 0]), "reshape: expected (6, 0)'s 0 elements, got (2, 3)"],
  ])("%#", (call, message) => expect(call).toThrow(message));
});
