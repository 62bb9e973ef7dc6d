import { describe, expect, test } from "vitest";
import { UserError } from "../base/index.ts";
import { cpu } from "../devices/index.ts";
import { compile, trace } from "./compile.ts";
import type { Value } from "./graph.ts";
import { add, float32, gather, input, int32, loop, matmul, mul, neg, sum, transpose } from "./ops/index.ts";

const device = cpu({ threads: 1 });
const numbers = (...values: number[]) => Float32Array.from(values);

/** Message that `call` throws; it must be a UserError of a single line. */
async function refusal(call: () => unknown): Promise<string> {
  let thrown: unknown;
  try {
    await call();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(UserError);
  const { message } = thrown as UserError;
  expect(message).not.toContain("\n");
  return message;
}

describe("names", () => {
  const named = (inputs: string[], outputs: string[]) => () =>
    trace(Object.fromEntries(inputs.map((name) => [name, float32(2)])), (values) =>
      Object.fromEntries(outputs.map((name) => [name, neg(values[inputs[0]])])),
    );

  test.each([
    [["x"], ["x"], '"x" names two inputs or outputs; each needs its own name'],
    [["x y"], ["y"], '"x y": expected a name of letters, digits and underscores'],
    [["x"], ["y.0"], '"y.0": expected a name of letters, digits and underscores'],
    [["1"], ["y"], '"1": expected a name of letters, digits and underscores'],
    [["x"], [""], '"": expected a name of letters, digits and underscores'],
  ])("%j and %j are refused", async (inputs, outputs, message) =>
    expect(await refusal(named(inputs, outputs))).toBe(message),
  );

  test("of letters, digits and underscores are taken, even those ONNX operators bear", async () => {
    const names = ["_x1", "Neg", "constant"];
    const inputs = Object.fromEntries(names.map((name) => [name, float32(1)]));
    await using program = await compile(
      inputs,
      (x) => ({ Identity: add(neg(x._x1), add(x.Neg, x.constant)) }),
      {
        device,
      },
    );
    const found = await program.run({ _x1: numbers(1), Neg: numbers(10), constant: numbers(100) });
    expect(found).toEqual({ Identity: numbers(109) });
  });
});

describe("values from elsewhere are refused:", () => {
  test("another graph's input", async () => {
    const stray = input("x", float32(2));
    expect(await refusal(() => trace({ x: float32(2) }, ({ x }) => ({ y: add(x, stray) })))).toBe(
      'input "x" belongs to another graph',
    );
  });

  test("what belongs inside a loop", async () => {
    const leaking = (x: Value) => {
      let leaked = x;
      loop(2, [x], (_, [inside]) => {
        leaked = neg(inside);
        return { carry: [inside] };
      });
      return leaked;
    };
    expect(await refusal(() => trace({ x: float32(2) }, ({ x }) => ({ y: leaking(x) })))).toBe(
      "a value of a loop's body was used outside the loop; let the loop hand it on or record it",
    );
  });
});

describe("a program", async () => {
  const inputs = { x: float32(2, 3), index: int32(2) };
  const program = await compile(
    inputs,
    ({ x, index }) => ({ doubled: mul(2, x), rows: gather(x, index), total: sum(x) }),
    { device },
  );
  const x = numbers(1, 2, 3, 4, 5, 6);
  const index = Int32Array.of(1, 0);

  test("computes its outputs, scalars as arrays of one", async () =>
    expect(await program.run({ x, index })).toEqual({
      doubled: numbers(2, 4, 6, 8, 10, 12),
      rows: numbers(4, 5, 6, 1, 2, 3),
      total: numbers(21),
    }));

  test("reads its inputs anew at each run", async () => {
    const changing = x.slice();
    await program.run({ x: changing, index });
    changing.fill(1);
    expect((await program.run({ x: changing, index })).total).toEqual(numbers(6));
  });

  test("gives fresh arrays", async () => {
    const first = await program.run({ x, index });
    first.doubled.fill(0);
    expect((await program.run({ x, index })).doubled).toEqual(numbers(2, 4, 6, 8, 10, 12));
  });

  test("writes where it is told, be it inside a larger array", async () => {
    const memory = new Float32Array(8).fill(-1);
    const into = { doubled: memory.subarray(1, 7) };
    for (let run = 0; run < 2; run++) {
      const { doubled } = await program.run({ x, index }, into);
      expect(doubled).toBe(into.doubled);
      expect(memory).toEqual(numbers(-1, 2, 4, 6, 8, 10, 12, -1));
    }
  });

  test("reads part of a larger array", async () => {
    const memory = numbers(0, 0, ...x, 0);
    expect((await program.run({ x: memory.subarray(2, 8), index })).total).toEqual(numbers(21));
  });

  test.each([
    [{ x }, '"index": expected Int32Array of shape (2), got nothing'],
    [{ x, index: numbers(1, 0) }, '"index": expected Int32Array of shape (2), got Float32Array'],
    [{ x: Float64Array.from(x), index }, '"x": expected Float32Array of shape (2, 3), got Float64Array'],
    [{ x: [...x], index }, '"x": expected Float32Array of shape (2, 3), got Array'],
    [{ x: x.subarray(1), index }, '"x": shape (2, 3) holds 6 numbers, got 5'],
    [{ x, index: Int32Array.of(1) }, '"index": shape (2) holds 2 numbers, got 1'],
  ])("refuses what does not fit (%#)", async (given, message) =>
    expect(await refusal(() => program.run(given as never))).toBe(message),
  );

  test.each([
    [{ total: new Float32Array(2) }, '"total": shape () holds 1 numbers, got 2'],
    [{ doubled: x }, '"doubled" would be written where "x" lies'],
  ])("refuses to write where it cannot (%#)", async (into, message) =>
    expect(await refusal(() => program.run({ x, index }, into))).toBe(message),
  );

  test("refuses to write where another output goes", async () => {
    const memory = new Float32Array(9);
    const into = { doubled: memory.subarray(0, 6), rows: memory.subarray(3, 9) };
    expect(await refusal(() => program.run({ x, index }, into))).toBe(
      '"doubled" would be written where "rows" lies',
    );
  });

  test("fails on an index out of range", async () =>
    await expect(program.run({ x, index: Int32Array.of(0, 2) })).rejects.toThrow("out of data bounds"));
});

test("one array may feed two inputs of different shapes", async () => {
  const inputs = { a: float32(2, 3), b: float32(3, 2) };
  await using program = await compile(inputs, ({ a, b }) => ({ y: matmul(a, b) }), { device });
  const both = numbers(1, 2, 3, 4, 5, 6);
  for (let run = 0; run < 2; run++)
    expect(await program.run({ a: both, b: both })).toEqual({ y: numbers(22, 28, 49, 64) });
});

test("an input may be an output, and a value two outputs", async () => {
  await using program = await compile({ x: float32(2) }, ({ x }) => ({ same: x, a: neg(x), b: neg(x) }), {
    device,
  });
  expect(await program.run({ x: numbers(1, 2) })).toEqual({
    same: numbers(1, 2),
    a: numbers(-1, -2),
    b: numbers(-1, -2),
  });
});

test("an input that nothing reads must still be given", async () => {
  await using program = await compile({ x: float32(1), unused: float32(1) }, ({ x }) => ({ y: neg(x) }), {
    device,
  });
  expect(await program.run({ x: numbers(1), unused: numbers(0) })).toEqual({ y: numbers(-1) });
  expect(await refusal(() => program.run({ x: numbers(1) } as never))).toBe(
    '"unused": expected Float32Array of shape (1), got nothing',
  );
});

test("a program without inputs computes constants", async () => {
  await using program = await compile({}, () => ({ y: add(1, 2) }), { device });
  expect(await program.run({})).toEqual({ y: numbers(3) });
});

test("outputs cannot stay on device cpu", async () =>
  expect(
    await refusal(() => compile({ x: float32(1) }, ({ x }) => ({ y: x }), { device, onDevice: ["y"] })),
  ).toBe('"y" cannot stay on device cpu: its memory is this process\'s own'));

test.each([0, -1, 1.5])("a device of %d threads is refused", async (threads) =>
  expect(await refusal(() => cpu({ threads }))).toBe(
    `threads: expected a whole number from 1, got ${threads}`,
  ),
);

test.each([1, 2])("%i threads give the same bits in every run of every session", async (threads) => {
  const inputs = { x: float32(64, 96), weight: float32(96, 64), index: int32(500) };
  const f = ({ x, weight, index }: Readonly<Record<string, Value>>) => {
    const y = matmul(x, weight);
    return { y, total: sum(mul(y, transpose(y))), rows: sum(gather(y, index), { axes: 0 }) };
  };
  const given = {
    x: Float32Array.from({ length: 64 * 96 }, (_, i) => Math.sin(i)),
    weight: Float32Array.from({ length: 64 * 96 }, (_, i) => Math.cos(3 * i)),
    index: Int32Array.from({ length: 500 }, (_, i) => (i * i) % 64),
  };
  await using one = await compile(inputs, f, { device: cpu({ threads }) });
  await using other = await compile(inputs, f, { device: cpu({ threads }) });
  const first = await one.run(given);
  for (const program of [one, other, one]) expect(await program.run(given)).toEqual(first);
});
