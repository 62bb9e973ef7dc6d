import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { z } from "zod";
import { UserError } from "../base/index.ts";
import { AdamWConfig, FlatOptimizer, type OptimizerState } from "./optimizer.ts";
import { referenceStep, sumOfSquares } from "./optimizer-reference.ts";

type Config = z.input<typeof AdamWConfig>;

/** Float32 bit patterns, so that -0 and 0 differ and equal NaNs are equal. */
const bits = (array: Float32Array) => new Uint32Array(array.buffer, array.byteOffset, array.length);

function expectSameBits(found: OptimizerState, expected: OptimizerState): void {
  expect(found.steps).toBe(expected.steps);
  for (const name of ["theta", "firstMoment", "secondMoment", "ema"] as const) {
    expect([name, found[name] && bits(found[name])]).toEqual([name, expected[name] && bits(expected[name])]);
  }
}

/** Numbers from -1 to 1 that look random; another `salt`, other numbers. */
const noise = (size: number, salt: number, scale = 1) =>
  Float32Array.from({ length: size }, (_, i) => scale * Math.sin(1000 * (i + 1) * (salt + 1.7)));

const configs: Record<string, Config> = {
  "the defaults": {},
  "clipping and an average": {
    maxGradientNorm: 0.5,
    emaDecay: 0.995,
    betas: [0.95, 0.999],
    weightDecay: 1e-6,
  },
  "clipping that never acts": { maxGradientNorm: 1e9, emaDecay: 0, epsilon: 1e-3, weightDecay: 0 },
  "no memory": { betas: [0, 0], emaDecay: 1 },
};

describe.each(Object.entries(configs))("kernel and reference with %s", (_, config) => {
  const parsed = AdamWConfig.parse(config);

  test.each([1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 1000, 4099])(
    "agree bit for bit, P = %i",
    (size) => {
      const optimizer = new FlatOptimizer(size, config);
      optimizer.start(noise(size, 0));
      let expected = optimizer.state();
      for (let step = 0; step < 20; step++) {
        const gradient = noise(size, step + 1, 10 ** ((step % 7) - 3));
        optimizer.gradient.set(gradient);
        const { gradientNorm } = optimizer.step(1e-3 / (step + 1));
        expect(gradientNorm).toBe(Math.sqrt(sumOfSquares(gradient)));
        expected = referenceStep(expected, gradient, parsed, 1e-3 / (step + 1));
      }
      expectSameBits(optimizer.state(), expected);
    },
  );

  test("agree bit for bit on any numbers: zeros, denormals, the largest", () => {
    const numbers = (limits: fc.FloatConstraints, size: number) =>
      fc.float32Array({ noNaN: true, minLength: size, maxLength: size, ...limits });
    const large = Math.fround(1e18);
    const cases = fc.integer({ min: 1, max: 21 }).chain((size) =>
      fc.record({
        gradient: numbers({ min: -large, max: large }, size),
        steps: fc.nat(1e6),
        theta: numbers({ noDefaultInfinity: true }, size),
        firstMoment: numbers({ min: -large, max: large }, size),
        secondMoment: numbers({ min: 0, max: large }, size),
        ema: numbers({ noDefaultInfinity: true }, size),
      }),
    );
    fc.assert(
      fc.property(cases, ({ gradient, ema, ...rest }) => {
        const state = parsed.emaDecay === undefined ? rest : { ...rest, ema };
        const optimizer = new FlatOptimizer(gradient.length, config);
        optimizer.restore(state);
        optimizer.gradient.set(gradient);
        optimizer.step(1e-3);
        expectSameBits(optimizer.state(), referenceStep(state, gradient, parsed, 1e-3));
      }),
      { numRuns: 300, seed: 1 },
    );
  });
});

describe("PyTorch", () => {
  /** Written by test/oracles/optimizer.py. The learning rate of step n is learningRate * (1 - 0.05 n). */
  interface Stored {
    theta: number[];
    gradients: number[][];
    cases: {
      name: string;
      config: Config;
      learningRate: number;
      gradientScale: number;
      steps: { gradientNorm: number; theta: number[] }[];
      firstMoment: number[];
      secondMoment: number[];
      ema: number[];
    }[];
  }
  const file = new URL("./fixtures/adamw.json", import.meta.url);
  const { theta, gradients, cases }: Stored = JSON.parse(readFileSync(file, "utf8"));

  /** Relative to the largest number of the array: a weight that crosses zero has no relative error of its own. */
  function expectClose(found: Float32Array, expected: number[], relative: number): void {
    const scale = Math.max(...expected.map(Math.abs));
    const errors = expected.map((value, i) => Math.abs(found[i] - value) / scale);
    expect(Math.max(...errors)).toBeLessThan(relative);
  }

  test.each(cases)("$name: the same weights at every step", (stored) => {
    const optimizer = new FlatOptimizer(theta.length, stored.config);
    optimizer.start(Float32Array.from(theta));
    for (const [number, expected] of stored.steps.entries()) {
      for (const [i, value] of gradients[number].entries()) {
        optimizer.gradient[i] = Math.fround(value) * Math.fround(stored.gradientScale);
      }
      const { gradientNorm } = optimizer.step(stored.learningRate * (1 - 0.05 * number));
      expect(Math.abs(gradientNorm / expected.gradientNorm - 1)).toBeLessThan(3e-7);
      expectClose(optimizer.theta, expected.theta, 3e-7);
    }
    expectClose(optimizer.firstMoment, stored.firstMoment, 5e-7);
    expectClose(optimizer.secondMoment, stored.secondMoment, 5e-7);
    if (optimizer.ema) expectClose(optimizer.ema, stored.ema, 3e-7);
  });
});

/** An optimizer some steps into a run, with a gradient in place. */
function underway(config: Config = configs["clipping and an average"], size = 37): FlatOptimizer {
  const optimizer = new FlatOptimizer(size, config);
  optimizer.start(noise(size, 0));
  for (let step = 1; step <= 3; step++) {
    optimizer.gradient.set(noise(size, step));
    optimizer.step(1e-3);
  }
  return optimizer;
}

describe("step", () => {
  test("without gradient and weight decay leaves the parameters untouched", () => {
    const theta = noise(50, 3, 100);
    const optimizer = new FlatOptimizer(50, { weightDecay: 0 });
    optimizer.start(theta);
    for (let step = 0; step < 5; step++) expect(optimizer.step(0.1).gradientNorm).toBe(0);
    expect(bits(optimizer.theta)).toEqual(bits(theta));
  });

  test("moves against the gradient by the learning rate at first", () => {
    const optimizer = new FlatOptimizer(2, { weightDecay: 0 });
    optimizer.gradient.set([3, -1e-3]);
    optimizer.step(0.25);
    expect(optimizer.theta[0]).toBeCloseTo(-0.25, 5);
    expect(optimizer.theta[1]).toBeCloseTo(0.25, 5);
  });

  test("descends to the minimum of a parabola", () => {
    const optimizer = new FlatOptimizer(5, { weightDecay: 0 });
    optimizer.start(noise(5, 1));
    for (let step = 0; step < 400; step++) {
      for (const [i, value] of optimizer.theta.entries()) optimizer.gradient[i] = 2 * (value - i);
      optimizer.step(0.1);
    }
    for (const [i, value] of optimizer.theta.entries()) expect(value).toBeCloseTo(i, 3);
  });

  test.each([
    [Number.NaN, 0, undefined],
    [Number.POSITIVE_INFINITY, 36, undefined],
    [Number.NEGATIVE_INFINITY, 17, 1],
    [Number.NaN, 5, 1],
  ])("refuses a gradient with %d at %i and leaves everything untouched", (value, index, maxGradientNorm) => {
    const optimizer = underway({ ...configs["clipping and an average"], maxGradientNorm });
    const before = optimizer.state();
    optimizer.gradient[index] = value;
    expect(() => optimizer.step(1e-3)).toThrow(
      new UserError(
        `Step 4: the gradient is ${value} at parameter ${index} of 37, and nothing was updated. Lower the learning rate or check the data.`,
      ),
    );
    expectSameBits(optimizer.state(), before);
  });

  test("refuses a finite gradient too long for float32 moments, unless it is clipped", () => {
    const optimizer = underway({});
    const before = optimizer.state();
    optimizer.gradient[3] = 3e38;
    expect(() => optimizer.step(1e-3)).toThrow(
      "the gradient's norm is 3.00e+38, beyond the 1e+19 that float32 can learn from, and nothing was updated.",
    );
    expectSameBits(optimizer.state(), before);

    const clipped = underway({ maxGradientNorm: 1 });
    clipped.gradient[3] = 3e38;
    expect(clipped.step(1e-3).gradientNorm).toBeCloseTo(3e38, -32);
    for (const value of clipped.secondMoment) expect(value).toBeLessThan(1);
  });

  test("scales a long gradient down to maxGradientNorm and leaves a short one alone", () => {
    const config = { betas: [0, 0.999], maxGradientNorm: 5 } satisfies Config; // so firstMoment is what arrived
    const optimizer = new FlatOptimizer(2, config);
    optimizer.gradient.set([30, 40]);
    expect(optimizer.step(1e-3).gradientNorm).toBe(50);
    expect(optimizer.firstMoment[0]).toBeCloseTo(3, 5);
    expect(optimizer.firstMoment[1]).toBeCloseTo(4, 5);
    optimizer.gradient.set([0.3, 0.4]);
    expect(optimizer.step(1e-3).gradientNorm).toBeCloseTo(0.5, 6);
    expect(optimizer.firstMoment).toEqual(Float32Array.of(0.3, 0.4));
  });

  test("averages with the decay given for this step: 0 copies, 1 keeps", () => {
    const optimizer = underway();
    const kept = optimizer.ema?.slice();
    optimizer.step(1e-3, 1);
    expect(optimizer.ema).toEqual(kept);
    optimizer.step(1e-3, 0);
    expect(optimizer.ema).toEqual(optimizer.theta);
  });

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])("refuses the learning rate %d", (learningRate) => {
    const optimizer = underway();
    const before = optimizer.state();
    expect(() => optimizer.step(learningRate)).toThrow(UserError);
    expect(() => optimizer.step(1e-3, learningRate)).toThrow(UserError);
    expectSameBits(optimizer.state(), before);
  });
});

describe("state", () => {
  test("continues bit for bit in another optimizer", () => {
    const first = underway();
    const second = new FlatOptimizer(37, first.config);
    second.restore(first.state());
    for (let step = 0; step < 5; step++) {
      for (const optimizer of [first, second]) {
        optimizer.gradient.set(noise(37, 100 + step));
        optimizer.step(1e-3);
      }
    }
    expect(second.steps).toBe(8);
    expectSameBits(second.state(), first.state());
  });

  test("is a copy that later steps do not change", () => {
    const optimizer = underway();
    const state = optimizer.state();
    const theta = state.theta.slice();
    optimizer.step(1e-3);
    expect(state.theta).toEqual(theta);
    expect(optimizer.theta).not.toEqual(theta);
  });

  const good = underway().state();
  const { ema: _, ...withoutEma } = good;
  test.each<[string, OptimizerState, string]>([
    ["another theta", { ...good, theta: new Float32Array(36) }, "theta has 36 numbers, the model has 37."],
    ["another ema", { ...good, ema: new Float32Array(38) }, "ema has 38 numbers, the model has 37."],
    ["no ema", withoutEma, "it has no ema, which emaDecay asks for."],
    ["a torn counter", { ...good, steps: 1.5 }, "steps is a whole number of at least 0, got 1.5."],
  ])("with %s is refused and changes nothing", (_, state, message) => {
    const optimizer = underway(undefined, 37);
    optimizer.step(1e-3);
    const before = optimizer.state();
    expect(() => optimizer.restore(state)).toThrow(new UserError(`Optimizer state: ${message}`));
    expectSameBits(optimizer.state(), before);
  });

  test("with an ema is refused where none is kept", () => {
    expect(() => underway({}).restore(good)).toThrow("it has an ema, but no emaDecay is set.");
  });
});

test("start begins afresh, with the average at the weights", () => {
  const optimizer = underway();
  const fresh = new FlatOptimizer(37, optimizer.config);
  for (const one of [optimizer, fresh]) one.start(noise(37, 9));
  expectSameBits(optimizer.state(), fresh.state());
  expect(optimizer.ema).toEqual(noise(37, 9));
  expect(() => optimizer.start(new Float32Array(3))).toThrow(UserError);
});

test("arrays start on cache lines of one buffer that is not shared", () => {
  const optimizer = new FlatOptimizer(37, { emaDecay: 0.9 });
  const { theta, gradient, firstMoment, secondMoment, ema } = optimizer;
  for (const array of [theta, gradient, firstMoment, secondMoment, ema as Float32Array]) {
    expect([array.length, array.byteOffset % 64, array.buffer]).toEqual([37, 0, theta.buffer]);
  }
  expect(theta.buffer).toBeInstanceOf(ArrayBuffer);
});

test.each<[number, Config, string]>([
  [0, {}, "1 to 268435456 parameters"],
  [1.5, {}, "1 to 268435456 parameters"],
  [300e6, {}, "(4 float32 arrays in the 4 GiB of a WebAssembly memory), got 300000000."],
  [214_748_353, { emaDecay: 0.9 }, "1 to 214748352 parameters (5 float32 arrays"],
  [10, { betas: [0.9, 1] }, "betas[1]"],
  [10, { epsilon: 0 }, "epsilon"],
  [10, { emaDecay: 2 }, "emaDecay"],
])("refuses size %d with %o", (size, config, message) => {
  expect(() => new FlatOptimizer(size, config)).toThrow(UserError);
  expect(() => new FlatOptimizer(size, config)).toThrow(message);
});

describe("tasks that share parameters", () => {
  /** Bytes that look random, of 4 parameters each. */
  const maskOf = (size: number, salt: number) =>
    Uint8Array.from({ length: Math.ceil(size / 4) }, (_, i) =>
      Math.floor(1e6 * Math.abs(Math.sin(i * salt + 1))),
    );

  test.each([1, 4, 7, 16, 33, 1000])("kernel and reference agree bit for bit, P = %i", (size) => {
    const config = { maxGradientNorm: 0.5, weightDecay: 0.1 };
    const optimizer = new FlatOptimizer(size, config, { masked: true });
    optimizer.start(noise(size, 0));
    let expected = optimizer.state();
    for (let step = 0; step < 12; step++) {
      const mask = maskOf(size, 1 + (step % 3));
      optimizer.tasks?.mask.set(mask);
      optimizer.applyMask();
      const used = (i: number) => (mask[i >> 2] >> (i & 3)) & 1;
      expect(optimizer.tasks?.theta).toEqual(expected.theta.map((x, i) => (used(i) ? x : 0)));
      const gradient = noise(size, step + 1);
      optimizer.gradient.set(gradient);
      optimizer.step(1e-2);
      expected = referenceStep(expected, gradient, AdamWConfig.parse(config), 1e-2, mask);
    }
    expectSameBits(optimizer.state(), expected);
  });

  test("what a task does not move stays, though its moments decay", () => {
    const optimizer = new FlatOptimizer(8, { weightDecay: 0.5 }, { masked: true });
    optimizer.start(noise(8, 0));
    optimizer.gradient.fill(1);
    optimizer.step(0.1);
    const before = optimizer.state();
    optimizer.tasks?.mask.set([0b0000_1111, 0b1111_0000]);
    optimizer.step(0.1);
    const after = optimizer.state();
    expect(after.theta.subarray(0, 4)).toEqual(before.theta.subarray(0, 4));
    expect(after.theta[4]).not.toBe(before.theta[4]);
    expect(after.firstMoment[0]).toBeGreaterThan(before.firstMoment[0]); // it is used
    expect(after.firstMoment[4]).toBe(Math.fround(before.firstMoment[4] * Math.fround(0.9))); // it is not
  });

  test("keep no average", () =>
    expect(() => new FlatOptimizer(4, { emaDecay: 0.9 }, { masked: true })).toThrow(UserError));
});
