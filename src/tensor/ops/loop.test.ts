import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type NamedNumbers,
  relativeError,
  type Specs,
  type Traceable,
  truthOf,
} from "../../../test/float64-truth.ts";
import { cpu } from "../../devices/index.ts";
import { compile } from "../compile.ts";
import { grad } from "../grad.ts";
import type { Value } from "../graph.ts";
import * as t from "./index.ts";
import { float32, int32 } from "./source.ts";

const inputs = { x: float32(2, 3), w: float32(3, 3), table: float32(4, 3) };
const numbers = Object.fromEntries(
  Object.entries(inputs).map(([name, { shape }], salt) => [
    name,
    Float32Array.from({ length: shape[0] * shape[1] }, (_, i) => Math.sin(100 * (i + 1) * (salt + 1))),
  ]),
);

/** Two functions that mean the same give the same, by the float64 kernels to the last bits and on device cpu. */
async function expectEqual(
  f: Traceable,
  same: Traceable,
  specs: Specs = inputs,
  given: NamedNumbers = numbers,
) {
  const names = Object.keys(truthOf(specs, f, given));
  const truth = truthOf(specs, same, given);
  for (const name of names)
    expect(relativeError(truthOf(specs, f, given)[name], truth[name])).toBeLessThan(1e-14);
  await using program = await compile(specs, f, { device: cpu({ threads: 1 }) });
  const found = await program.run(given);
  for (const name of names) expect(relativeError(found[name], truth[name]), name).toBeLessThan(1e-5);
}

type Body = Parameters<typeof t.loop>[2];
/** The meaning of `loop`, written out one iteration after another. */
function unrolled(count: number, initial: readonly Value[], body: Body): ReturnType<typeof t.loop> {
  let carry = initial;
  const iterations: (readonly Value[])[] = [];
  for (let iteration = 0; iteration < count; iteration++) {
    const { carry: next, records = [] } = body(t.constant(Int32Array.of(iteration), []), carry);
    carry = next;
    iterations.push(records);
  }
  const records = iterations[0].map((_, i) =>
    t.concat(
      iterations.map((recorded) => t.reshape(recorded[i], [1, ...recorded[i].shape])),
      0,
    ),
  );
  return { carry, records };
}

const bodies: Record<string, (values: Readonly<Record<string, Value>>) => Body> = {
  "a carry":
    () =>
    (_, [a, b]) => ({ carry: [t.tanh(a), t.add(b, 1)] }),
  "carries that change places":
    () =>
    (_, [a, b]) => ({ carry: [b, t.tanh(a)] }),
  "a carry left as it is":
    () =>
    (_, [a, b]) => ({ carry: [a, t.mul(b, 0.5)] }),
  "values from outside":
    ({ w, x }) =>
    (_, [a, b]) => ({ carry: [t.matmul(a, w), t.sub(x, b)] }),
  "values from outside handed on as they are":
    ({ x }) =>
    (_, [a]) => ({ carry: [x, a] }),
  "constants handed on":
    () =>
    (_, [a]) => ({ carry: [t.constant([1, 2, 3, 4, 5, 6], [2, 3]), a] }),
  "the number of the iteration":
    ({ table }) =>
    (iteration, [a, b]) => ({
      carry: [t.add(a, t.gather(table, iteration)), t.mul(b, t.gather(t.constant([1, 2, 3, 4]), iteration))],
    }),
  "a number found by the number of the iteration": ({ table }) => {
    const order = t.constant(Int32Array.of(3, 1, 2, 0));
    return (iteration, [a, b]) => ({ carry: [t.add(a, t.gather(table, t.gather(order, iteration))), b] });
  },
  records:
    () =>
    (_, [a, b]) => ({ carry: [t.tanh(a), b], records: [t.sum(a), a, t.add(a, b)] }),
  "records of what never changes":
    ({ x }) =>
    (_, [a, b]) => ({ carry: [b, a], records: [x, t.constant(3)] }),
  "a gradient":
    ({ w }) =>
    (_, [a, b]) => ({
      carry: [t.sub(a, t.mul(0.1, grad(t.sum(t.square(t.matmul(a, w))), [a])[0])), b],
    }),
  "a gradient with respect to values from outside":
    ({ w }) =>
    (_, [a, b]) => ({
      carry: [t.add(a, t.matmul(b, grad(t.sum(t.tanh(t.matmul(t.stopGradient(a), w))), [w])[0])), b],
    }),
  "several lines of one table":
    ({ table }) =>
    (iteration, [a, b]) => ({
      carry: [a, b],
      records: [t.scatterAdd(iteration, t.gather(table, iteration), 4)],
    }),
};

describe.each(Object.entries(bodies))("a loop with %s", (_, body) => {
  test.each([1, 4])("of %i iterations equals its iterations written out", async (count) => {
    const run = (repeat: typeof unrolled) => (values: Readonly<Record<string, Value>>) => {
      const { carry, records } = repeat(count, [values.x, t.mul(values.x, 2)], body(values));
      return {
        ...Object.fromEntries(carry.map((value, i) => [`carry${i}`, value])),
        ...Object.fromEntries(records.map((value, i) => [`record${i}`, value])),
      };
    };
    await expectEqual(run(t.loop), run(unrolled));
  });
});

describe("loops inside loops", () => {
  const nested =
    (repeat: typeof unrolled) =>
    ({ x, w, table }: Readonly<Record<string, Value>>) => {
      const outer = repeat(3, [x], (i, [a]) => {
        const scaled = t.mul(a, t.gather(t.constant([1, 0.5, 2]), i));
        const inner = repeat(4, [a, scaled], (j, [b, c]) => ({
          carry: [
            t.tanh(t.matmul(c, w)),
            t.add(t.add(b, scaled), t.add(t.gather(table, j), t.gather(table, i))),
          ],
          records: [t.mul(b, a)],
        }));
        return { carry: [t.add(inner.carry[0], x)], records: [inner.records[0], inner.carry[1]] };
      });
      return { carry: outer.carry[0], inner: outer.records[0], last: outer.records[1] };
    };

  test("equal their iterations written out", () => expectEqual(nested(t.loop), nested(unrolled)));

  test("record (outer iterations, inner iterations, ...)", () =>
    expect(truthOf(inputs, nested(t.loop), numbers).inner).toHaveLength(3 * 4 * 6));

  test("two levels down read what is outside both", async () => {
    const f =
      (repeat: typeof unrolled) =>
      ({ x, w }: Readonly<Record<string, Value>>) => ({
        y: repeat(2, [x], (_, [a]) => ({
          carry: repeat(2, [a], (_, [b]) => ({
            carry: repeat(2, [b], (_, [c]) => ({ carry: [t.tanh(t.matmul(t.add(c, t.add(a, b)), w))] }))
              .carry,
          })).carry,
        })).carry[0],
      });
    await expectEqual(f(t.loop), f(unrolled));
  });
});

test("loops after one another, each reading the other's results", async () => {
  const f =
    (repeat: typeof unrolled) =>
    ({ x, w }: Readonly<Record<string, Value>>) => {
      const first = repeat(2, [x], (_, [a]) => ({ carry: [t.matmul(a, w)], records: [a] }));
      const second = repeat(3, [first.carry[0]], (_, [a]) => ({
        carry: [t.add(a, t.sum(first.records[0], { axes: 0 }))],
      }));
      return { y: second.carry[0] };
    };
  await expectEqual(f(t.loop), f(unrolled));
});

test("a hundred iterations in float32 stay near float64", async () => {
  const f = ({ x, w }: Readonly<Record<string, Value>>) => ({
    y: t.loop(100, [x], (_, [a]) => ({ carry: [t.add(t.mul(0.5, t.tanh(t.matmul(a, w))), x)] })).carry[0],
  });
  const truth = truthOf(inputs, f, numbers);
  await using program = await compile(inputs, f, { device: cpu({ threads: 1 }) });
  const { y } = await program.run(numbers);
  expect(relativeError(y, truth.y)).toBeLessThan(1e-5);
});

test("whole numbers from outside choose rows inside", async () => {
  const specs = { ...inputs, order: int32(4) };
  const given = { ...numbers, order: Int32Array.of(2, 0, 3, 1) };
  const f =
    (repeat: typeof unrolled) =>
    ({ x, table, order }: Readonly<Record<string, Value>>) => ({
      y: repeat(4, [x], (iteration, [x]) => ({
        carry: [t.add(x, t.gather(table, t.gather(order, iteration)))],
      })).carry[0],
    });
  await expectEqual(f(t.loop), f(unrolled), specs, given);
});

test("random bodies equal their iterations written out", async () => {
  type Step = readonly [number, number, number];
  const steps = fc.array(fc.tuple(fc.nat(4), fc.nat(7), fc.nat(7)), { minLength: 1, maxLength: 8 });
  const body =
    (program: readonly Step[], outside: readonly Value[], table: Value): Body =>
    (iteration, carry) => {
      const pool = [...outside, ...carry];
      for (const [op, i, j] of program) {
        const [a, b] = [pool[i % pool.length], pool[j % pool.length]];
        const made = [
          t.add(a, b),
          t.mul(a, t.tanh(b)),
          t.tanh(a),
          t.sub(b, a),
          t.add(a, t.gather(table, iteration)),
        ];
        pool.push(made[op]);
      }
      const [recorded, next] = pool.slice(-2);
      return { carry: [t.tanh(next), carry[0]], records: [recorded] };
    };
  await fc.assert(
    fc.asyncProperty(steps, fc.integer({ min: 1, max: 4 }), async (program, count) => {
      const run = (repeat: typeof unrolled) => (values: Readonly<Record<string, Value>>) => {
        const { x, table } = values;
        const { carry, records } = repeat(count, [x, t.neg(x)], body(program, [x, t.square(x)], table));
        return { a: carry[0], b: carry[1], c: records[0] };
      };
      await expectEqual(run(t.loop), run(unrolled));
    }),
    { numRuns: 30, seed: 0 },
  );
});

describe("the gradient", () => {
  const x = t.input("x", float32(2));
  const looped = t.loop(2, [x], (_, [x]) => ({ carry: [t.tanh(x)] })).carry[0];

  test("of a loop is refused in one sentence", () =>
    expect(() => grad(t.sum(looped), [x])).toThrow(
      /^loop has no gradient; pass what goes into it through stopGradient if none is meant$/,
    ));

  test("passes by a loop behind stopGradient", () =>
    expect(grad(t.sum(t.mul(x, t.stopGradient(looped))), [x])[0].shape).toEqual([2]));

  test("passes by a loop that does not depend on what it is asked for", () => {
    const other = t.input("y", float32(2));
    expect(grad(t.sum(t.mul(other, looped)), [other])[0].shape).toEqual([2]);
  });
});
