/** @file Suite of the table of operations, promises that every one keeps, and the words that examples are written with. */
import { expect, test } from "vitest";
import { Random, UserError } from "../src/base/index.ts";
import { cpu } from "../src/devices/index.ts";
import { compile, grad, input, sizeOf, type Value } from "../src/tensor/index.ts";
import * as ops from "../src/tensor/ops/index.ts";
import {
  differencesOf,
  type NamedNumbers,
  relativeError,
  type Specs,
  type Traceable,
  truthOf,
} from "./float64-truth.ts";

/** Numbers that an example is called with. */
interface Argument {
  readonly spec: ops.Spec;
  /** True if the results change smoothly with it. */
  readonly smooth: boolean;
  draw(random: Random): Float32Array | Int32Array;
}

export interface Example {
  readonly call: (...values: Value[]) => Value | readonly Value[];
  readonly args: readonly Argument[];
}

export interface OpExamples {
  readonly examples: readonly Example[];
  /** Calls that throw a UserError, with all that it says. */
  readonly refuses: readonly (readonly [call: () => unknown, message: string])[];
  /** "stopped": it is zero on purpose. "absent": asking for it throws. By default it is the derivative. */
  readonly gradient?: "stopped" | "absent";
}

// ------------------------------------------------------------------------------------------------------- arguments

const floats =
  (draw: (random: Random) => number, smooth = true) =>
  (...shape: number[]): Argument => ({
    spec: ops.float32(...shape),
    smooth,
    draw: (random) => Float32Array.from({ length: sizeOf(shape) }, () => draw(random)),
  });

/** Standard normal: with the seed chosen here, never at a kink or a tie. */
export const normal = floats((random) => random.normal());
/** From 0.5 to 2.5: where logarithms and roots are smooth. */
export const positive = floats((random) => 0.5 + 2 * random.uniform());
/** Of either sign, at least 0.5 away from zero: what can be divided by. */
export const nonzero = floats((random) => (random.uniform() < 0.5 ? -1 : 1) * (0.5 + random.uniform()));
/** Ten times standard normal: where exponentials saturate. */
export const wide = floats((random) => 10 * random.normal());
/** 0 or 1. */
export const truth = floats((random) => random.integer(2), false);
/** Whole numbers from 0 to n - 1. */
export const indices = (n: number, ...shape: number[]): Argument => ({
  spec: ops.int32(...shape),
  smooth: false,
  draw: (random) => random.fillIntegers(new Int32Array(sizeOf(shape)), 0, n),
});

export const example = (call: Example["call"], ...args: Argument[]): Example => ({ call, args });

// --------------------------------------------------------------------------------------------------------- families

/** A float32 value of these axes, for calls that never run. */
export const x = (...shape: number[]): Value => ops.input("x", ops.float32(...shape));
/** An int32 value of these axes. */
export const i = (...shape: number[]): Value => ops.input("i", ops.int32(...shape));

type Unary = (x: Value) => Value;
type Binary = (a: ops.Operand, b: ops.Operand) => Value;
type Reduction = (x: Value, options?: ops.ReduceOptions) => Value;

/** reports: the name that refusals bear, where it is not the operation's own. */
export const elementwise = (op: Unary, name: string, argument = normal): OpExamples => ({
  examples: [
    ...[[], [1], [7], [2, 3], [3, 1, 5]].map((shape) => example(op, argument(...shape))),
    ...(argument === normal ? [example(op, wide(19))] : []),
  ],
  refuses: [[() => op(i(3)), `${name}: expected input 1 of type float32, got int32`]],
});

export const broadcasting = (op: Binary, name: string, second = normal): OpExamples => ({
  examples: [
    ...(
      [
        [
          [2, 3, 4],
          [2, 3, 4],
        ],
        [[2, 3, 4], [4]],
        [[5], [3, 5]],
        [
          [2, 3, 4],
          [3, 1],
        ],
        [
          [2, 1, 3],
          [4, 1],
        ],
        [
          [1, 3],
          [2, 1],
        ],
        [[1], [1, 1]],
        [[], [2, 3]],
        [[7], []],
        [[], []],
      ] as const
    ).map(([a, b]) => example(op as Example["call"], normal(...a), second(...b))),
    example((a) => op(a, 1.5), normal(3)),
    example((b) => op(1.5, b), second(2, 2)),
    example((a) => op(a, a), second(5)),
    example((a, b) => op(ops.broadcastTo(a, [2, 3]), ops.broadcastTo(b, [2, 3])), normal(3), second()),
    example((a, b) => op(ops.broadcastTo(a, [4, 2, 3]), b), normal(1, 3), second(2, 1)),
  ],
  refuses: [
    [
      () => op(x(2, 3), x(2)),
      `${name}: expected shapes that broadcast (equal axes, counted from the last, or 1), got (2, 3) and (2)`,
    ],
    [() => op(x(2), i(2)), `${name}: expected input 2 of type float32, got int32`],
  ],
});

export const folding = (op: Reduction, name: string): OpExamples => ({
  examples: [
    example((x) => op(x), normal(2, 3, 4)),
    example((x) => op(x), normal()),
    example((x) => op(x, { axes: 1 }), normal(2, 3, 4)),
    example((x) => op(x, { axes: -1, keep: true }), normal(2, 3, 5)),
    example((x) => op(x, { axes: [-1, 0] }), normal(3, 2, 4)),
    example((x) => op(x, { axes: [0, 1, 2], keep: true }), normal(2, 1, 3)),
    example((x) => op(x, { axes: 1 }), normal(2, 1, 3)),
    example((x) => op(x, { axes: [] }), normal(2, 3)),
    example((x) => op(x), normal(1)),
    example((x) => op(x, { axes: 1 }), normal(4, 64, 3)),
  ],
  refuses: [
    [() => op(x(2, 3), { axes: 2 }), `${name}: expected an axis from -2 to 1, not 2, got (2, 3)`],
    [() => op(x(2, 3), { axes: [0, -3] }), `${name}: expected an axis from -2 to 1, not -3, got (2, 3)`],
    [() => op(x(2, 3), { axes: 0.5 }), `${name}: expected an axis from -2 to 1, not 0.5, got (2, 3)`],
    [() => op(i(2, 3)), `${name}: expected input 1 of type float32, got int32`],
  ],
});

export const alongAxis = (op: (x: Value, axis?: number) => Value, name: string): OpExamples => ({
  examples: [
    example((x) => op(x), normal(2, 3, 5)),
    example((x) => op(x, 1), normal(2, 3, 5)),
    example((x) => op(x, -2), normal(3, 2)),
    example((x) => op(x, 0), normal(3, 1, 4)),
    example((x) => op(x), normal(1)),
    example((x) => op(x), wide(4, 7)),
  ],
  refuses: [
    [() => op(x(2, 3), 2), `${name}: expected an axis from -2 to 1, not 2, got (2, 3)`],
    [() => op(x()), `${name}: expected an axis, got ()`],
    [() => op(i(2, 3)), `${name}: expected input 1 of type float32, got int32`],
  ],
});

// ------------------------------------------------------------------------------------------------------- programs

/** An example as a function of named inputs, with numbers for them. */
export interface ExampleProgram {
  readonly inputs: Specs;
  readonly numbers: NamedNumbers;
  /** The sum of all results, each number weighted by an input of its own. */
  readonly loss: (values: Readonly<Record<string, Value>>) => Value;
  /** Names the results y<n>_0 ..., and the loss's gradient with respect to the input x<n>_k: d_x<n>_k. */
  readonly f: Traceable;
  /** The inputs that have a gradient. */
  readonly smooth: readonly string[];
}

/** An operation's examples; names bear the number n of their example, so that programs can be joined. */
export function programsOf(op: string, { examples, gradient }: OpExamples): ExampleProgram[] {
  return examples.map(({ call, args }, n) => {
    const shapes = listed(call(...args.map(({ spec }) => ops.input("x", spec)))).map(({ shape }) => shape);
    const given = args.map((argument, k) => [`x${n}_${k}`, argument] as const);
    const weights =
      gradient === "absent" ? [] : shapes.map((shape, k) => [`w${n}_${k}`, normal(...shape)] as const);
    const results = (values: Readonly<Record<string, Value>>) =>
      listed(call(...given.map(([name]) => values[name])));
    const loss = (values: Readonly<Record<string, Value>>) =>
      results(values)
        .map((result, k) => ops.sum(ops.mul(result, values[`w${n}_${k}`])))
        .reduce((a, b) => ops.add(a, b));
    const smooth = given.filter(([, { smooth }]) => smooth && gradient !== "absent").map(([name]) => name);
    const random = new Random(1).split(op);
    const inputs = [...given, ...weights];
    return {
      inputs: Object.fromEntries(inputs.map(([name, { spec }]) => [name, spec])),
      numbers: Object.fromEntries(inputs.map(([name, { draw }]) => [name, draw(random.split(name))])),
      loss,
      f: (values) => {
        const gradients =
          smooth.length === 0
            ? []
            : grad(
                loss(values),
                smooth.map((name) => values[name]),
              );
        return {
          ...Object.fromEntries(results(values).map((result, k) => [`y${n}_${k}`, result])),
          ...Object.fromEntries(gradients.map((gradient, k) => [`d_${smooth[k]}`, gradient])),
        };
      },
      smooth,
    };
  });
}

/** Several programs as one, so that they share a session. */
export function joined(
  programs: readonly ExampleProgram[],
): Pick<ExampleProgram, "inputs" | "numbers" | "f"> {
  return {
    inputs: Object.assign({}, ...programs.map(({ inputs }) => inputs)),
    numbers: Object.assign({}, ...programs.map(({ numbers }) => numbers)),
    f: (values) => Object.assign({}, ...programs.map(({ f }) => f(values))),
  };
}

const listed = (results: Value | readonly Value[]): readonly Value[] =>
  "shape" in results ? [results] : results;

// ---------------------------------------------------------------------------------------------------------- the suite

const device = cpu({ threads: 1 });

/** Promises of every operation, checked on its examples.   op: its name */
export function opSuite(op: string, all: OpExamples): void {
  const { examples, refuses, gradient } = all;
  test("has examples that run, and some that are refused", () => {
    expect(examples.length).toBeGreaterThan(0);
    expect(refuses.length).toBeGreaterThan(0);
  });

  test("on device cpu gives the results and gradients of the float64 kernels", async () => {
    const whole = joined(programsOf(op, all));
    const truth = truthOf(whole.inputs, whole.f, whole.numbers);
    await using program = await compile(whole.inputs, whole.f, { device });
    const found = await program.run(whole.numbers);
    for (const name of Object.keys(truth))
      expect.soft(relativeError(found[name], truth[name]), name).toBeLessThan(1e-5);
  });

  test.each([1, 2])(
    "repeats itself bit for bit on %i threads, within a session and in a new one",
    async (threads) => {
      const whole = joined(programsOf(op, all));
      const device = cpu({ threads });
      await using program = await compile(whole.inputs, whole.f, { device });
      await using another = await compile(whole.inputs, whole.f, { device });
      const first = await program.run(whole.numbers);
      expect(await program.run(whole.numbers)).toEqual(first);
      expect(await another.run(whole.numbers)).toEqual(first);
    },
  );

  test.each(refuses.map(([call, message]) => [message, call] as const))("throws %j", (message, call) => {
    let thrown: unknown;
    try {
      call();
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(UserError);
    expect((thrown as Error).message).toBe(message);
  });

  if (gradient === "absent")
    test("has no gradient, and says so", () => {
      const values = Object.entries(programsOf(op, all)[0].inputs).map(([name, spec]) => input(name, spec));
      const [result] = [examples[0].call(...values)].flat();
      expect(() => grad(ops.sum(result), values)).toThrow(`${op} has no gradient`);
    });
  else
    test("VJP agrees with central differences of the float64 kernels", () => {
      for (const { inputs, numbers, f, loss, smooth } of programsOf(op, all)) {
        const found = truthOf(inputs, f, numbers);
        for (const name of smooth) {
          const truth = differencesOf(inputs, loss, numbers, name);
          if (gradient === "stopped") truth.fill(0);
          expect.soft(relativeError(found[`d_${name}`], truth), name).toBeLessThan(1e-9);
        }
      }
    });
}
