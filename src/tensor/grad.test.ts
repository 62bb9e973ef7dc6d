import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { differencesOf, relativeError, truthOf } from "../../test/float64-truth.ts";
import { Random } from "../base/index.ts";
import { cpu } from "../devices/index.ts";
import { readModel } from "./backends/onnx-reader.ts";
import { evaluate } from "./backends/reference.ts";
import { compile, trace } from "./compile.ts";
import { grad, valueAndGrad } from "./grad.ts";
import { sizeOf, type Value } from "./graph.ts";
import * as t from "./ops/index.ts";

type Values = Readonly<Record<string, Value>>;

describe("random expressions", () => {
  const inputs = { a: t.float32(2, 3), b: t.float32(3), c: t.float32(), w: t.float32(3, 3) };
  const random = new Random(7);
  const numbers = Object.fromEntries(
    Object.entries(inputs).map(([name, { shape }]) => [
      name,
      random.fillNormal(new Float32Array(sizeOf(shape))),
    ]),
  );

  /** Smooth steps from two earlier values to a new one, bounded so that no chain of them explodes. */
  const steps: readonly ((x: Value, y: Value, values: Values) => Value)[] = [
    (x, y) => t.add(x, y),
    (x, y) => t.sub(x, y),
    (x, y) => t.mul(t.tanh(x), t.sigmoid(y)),
    (x, y) => t.div(t.tanh(x), t.add(1.5, t.sigmoid(y))),
    (x) => t.mish(x),
    (x) => t.gelu(x),
    (x) => t.exp(t.neg(t.square(t.tanh(x)))),
    (x) => t.sqrt(t.add(1, t.square(t.tanh(x)))),
    (x) => t.log(t.add(2, t.erf(x))),
    (x) => t.softmax(t.reshape(x, [-1])),
    (x, y) => t.mul(t.mean(x), y),
    (x) => (x.shape.length === 0 ? x : t.sum(t.tanh(x), { axes: -1, keep: true })),
    (x) => t.transpose(t.transpose(x)),
    (x) => t.reshape(t.concat([t.reshape(x, [-1]), t.reshape(t.neg(x), [-1])], 0), [2, ...x.shape]),
    (x) => (x.shape.length === 0 ? x : t.slice(x, 0, -1)),
    (x, _, { w }) =>
      x.shape.at(-1) === 3 && x.shape.length > 1 ? t.matmul(t.tanh(x), t.transpose(w)) : t.tanh(x),
    (x, _, { w, b }) => (x.shape.at(-1) === 3 ? t.affine(t.tanh(x), w, b) : t.tanh(x)),
    (x) => t.logSumExp(t.reshape(t.tanh(x), [-1])),
    (x) => (x.shape.length === 0 ? x : t.pad(x, 0, 1, 0)),
  ];
  const recipe = fc.array(fc.tuple(fc.nat(steps.length - 1), fc.nat(20), fc.nat(20)), {
    minLength: 1,
    maxLength: 14,
  });

  /** Follows a recipe; where two values do not fit together, the first is taken twice. Returns a scalar. */
  const cook = (choices: readonly (readonly [number, number, number])[]) => (values: Values) => {
    const pool = [values.a, values.b, values.c];
    for (const [step, i, j] of choices) {
      const [x, y] = [pool[i % pool.length], pool[j % pool.length]];
      let made: Value;
      try {
        made = steps[step](x, y, values);
      } catch {
        made = steps[step](x, x, values);
      }
      if (made.shape.reduce((total, size) => total * size, 1) <= 48) pool.push(made);
    }
    return pool.map((value) => t.mean(t.square(value))).reduce((a, b) => t.add(a, b));
  };

  test("have the gradient of central differences, by the kernels and on device cpu", async () => {
    await fc.assert(
      fc.asyncProperty(recipe, async (choices) => {
        const loss = cook(choices);
        const names = Object.keys(inputs);
        const f = (values: Values) => {
          const all = names.map((name) => values[name]);
          const gradients = grad(loss(values), all);
          return {
            loss: loss(values),
            ...Object.fromEntries(names.map((name, i) => [`d_${name}`, gradients[i]])),
          };
        };
        const truth = truthOf(inputs, f, numbers);
        for (const name of names)
          expect(
            relativeError(truth[`d_${name}`], differencesOf(inputs, loss, numbers, name)),
            name,
          ).toBeLessThan(1e-7);
        await using program = await compile(inputs, f, { device: cpu({ threads: 1 }) });
        const found = await program.run(numbers);
        for (const name of Object.keys(truth))
          expect(relativeError(found[name as "loss"], truth[name]), name).toBeLessThan(1e-4);
      }),
      { numRuns: 60, seed: 0 },
    );
  });

  test("cost nothing more when traced twice", () => {
    const nodes = (f: (values: Values) => Values) => readModel(trace(inputs, f).onnx).graph.nodes.length;
    fc.assert(
      fc.property(recipe, (choices) => {
        const f = cook(choices);
        const gradient = (values: Values) => grad(f(values), [values.a])[0];
        const once = nodes((values) => ({ loss: f(values), da: gradient(values) }));
        const twice = nodes((values) => ({
          loss: f(values),
          da: gradient(values),
          again: f(values),
          more: gradient(values),
        }));
        expect(twice).toBe(once + 2); // the copies to the outputs
      }),
      { numRuns: 60, seed: 1 },
    );
  });
});

describe("a gradient", () => {
  const x = t.input("x", t.float32(3));

  test("is asked of a scalar", () => expect(() => grad(x, [x])).toThrow("grad: expected a scalar, got (3)"));

  test("has the shape of what it is taken with respect to", () => {
    const scale = t.input("scale", t.float32(1, 1));
    expect(grad(t.sum(t.mul(x, scale)), [x, scale]).map(({ shape }) => shape)).toEqual([[3], [1, 1]]);
  });

  test("is zero where nothing depends on it", () => {
    const f = ({ x, y }: Values) => ({ dy: grad(t.sum(x), [y])[0] });
    const truth = truthOf({ x: t.float32(2), y: t.float32(3) }, f, {
      x: new Float32Array(2),
      y: new Float32Array(3),
    });
    expect(truth.dy).toEqual(new Float64Array(3));
  });

  test("is taken with respect to values on the way, too", () => {
    const f = ({ x }: Values) => {
      const y = t.mul(3, x);
      const [dy, dx, dz] = grad(t.sum(t.square(y)), [y, x, t.mul(3, x)]);
      return { dy, dx, dz };
    };
    expect(truthOf({ x: t.float32(2) }, f, { x: Float32Array.of(1, 2) })).toEqual({
      dy: Float64Array.of(6, 12),
      dx: Float64Array.of(18, 36),
      dz: Float64Array.of(0, 0), // another value, though an equal one
    });
  });

  test("of a value with respect to itself is 1", () => {
    const f = ({ x }: Values) => ({ dx: grad(x, [x])[0] });
    expect(truthOf({ x: t.float32() }, f, { x: Float32Array.of(5) })).toEqual({ dx: Float64Array.of(1) });
  });

  test("adds up over every use", () => {
    const f = ({ x }: Values) => ({ dx: grad(t.add(t.mul(x, x), t.add(x, t.mul(x, t.square(x)))), [x])[0] });
    expect(truthOf({ x: t.float32() }, f, { x: Float32Array.of(2) })).toEqual({
      dx: Float64Array.of(4 + 1 + 12),
    });
  });

  test("has a gradient itself", () => {
    const f = ({ x }: Values) => {
      const [slope] = grad(t.sum(t.tanh(x)), [x]);
      return { curvature: grad(t.sum(slope), [x])[0] };
    };
    const found = truthOf({ x: t.float32(2) }, f, { x: Float32Array.of(0.5, -1) });
    const expected = [0.5, -1].map((x) => -2 * Math.tanh(x) * (1 - Math.tanh(x) ** 2));
    expect(relativeError(found.curvature, expected)).toBeLessThan(1e-14);
  });

  test("of ten thousand steps in a row does not overflow the stack", () => {
    let y = x;
    for (let step = 0; step < 10_000; step++) y = t.add(y, x);
    expect(grad(t.sum(y), [x])[0].shape).toEqual([3]);
  });
});

// Operations that take a short cut past what they are given would leave that value without its gradient.
describe("with respect to a value that one operation made and another reads", () => {
  const x = t.input("x", t.float32(4, 6));
  const numbers = { shape: x.shape, data: Float64Array.from({ length: 24 }, (_, i) => Math.sin(i + 1)) };
  const operations: Readonly<Record<string, (x: Value) => Value>> = {
    reshape: (x) => t.reshape(x, [...x.shape.toReversed()]),
    transpose: (x) => t.transpose(x),
    slice: (x) => t.slice(x, 0, 0, Math.ceil(x.shape[0] / 2)),
    pad: (x) => t.pad(x, 0, 0, 2),
    concat: (x) => t.concat([x, x], 0),
    broadcastTo: (x) => t.broadcastTo(x, [2, ...x.shape]),
    sum: (x) => t.sum(x, { axes: 0, keep: true }),
    gather: (x) => t.gather(x, t.constant(Int32Array.of(0, x.shape[0] - 1))),
    matmul: (x) => t.matmul(x, t.transpose(x)),
    add: (x) => t.add(x, t.broadcastTo(x, x.shape)),
    clip: (x) => t.clip(x, -40, 40),
  };
  const pairs = Object.keys(operations).flatMap((first) =>
    Object.keys(operations).map((next) => [first, next]),
  );

  test.each(pairs)("%s, then %s", (first, next) => {
    const made = operations[first](x);
    const loss = (value: Value) => t.sum(t.square(operations[next](value)));
    const known = new Map([[x, numbers]]);
    const [here] = evaluate(grad(loss(made), [made]), known);

    const [madeNumbers] = evaluate([made], known);
    const fresh = t.input("fresh", t.float32(...made.shape));
    const [there] = evaluate(grad(loss(fresh), [fresh]), new Map([[fresh, madeNumbers]]));
    expect(here).toEqual(there);
    expect(there.data.some((value) => value !== 0)).toBe(true);
  });
});

test("valueAndGrad passes on further arguments, and differentiates the first alone", () => {
  const f = ({ x, y }: Values) => {
    const [value, gradient] = valueAndGrad((x: Value, y: Value, factor: number) =>
      t.sum(t.mul(t.mul(x, y), factor)),
    )(x, y, 3);
    return { value, gradient };
  };
  const numbers = { x: Float32Array.of(1, 2), y: Float32Array.of(5, 7) };
  expect(truthOf({ x: t.float32(2), y: t.float32(2) }, f, numbers)).toEqual({
    value: Float64Array.of(3 * 19),
    gradient: Float64Array.of(15, 21),
  });
});
