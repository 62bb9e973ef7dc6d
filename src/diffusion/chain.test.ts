import { describe, expect, test } from "vitest";
import type { z } from "zod";
import { Random } from "../base/index.ts";
import { cpu } from "../devices/index.ts";
import { DenoiserConfig, denoiserKind } from "../nn/index.ts";
import {
  add,
  compile,
  constant,
  evaluate,
  exp,
  flatten,
  float32,
  grad,
  int32,
  layoutOf,
  mean,
  mul,
  type Parameter,
  pack,
  sub,
  sum,
  unpack,
  type Value,
  valueAndGrad,
} from "../tensor/index.ts";
import { chainLogProb, type LogProbOptions, stepKl, stepLogProb } from "./chain.ts";
import { type DenoisingOptions, denoisingSteps, drawNoise, sampleChain, stepMean } from "./sample.ts";
import { createSchedule, type Denoise } from "./schedule.ts";

const stepsOf = (
  timesteps: number,
  options: DenoisingOptions = { minSamplingStd: 0.1 },
  clipSampleRange: number | null = 1,
) =>
  denoisingSteps(
    { schedule: createSchedule("cosine", timesteps), prediction: "noise", clipSampleRange },
    options,
  );
const numbersOf = (value: Value) => [...evaluate([value], new Map())[0].data];

const scaled =
  (factor: number): Denoise =>
  (sample) =>
    mul(factor, sample);
const logDensity = (x: number, center: number, std: number) =>
  -0.5 * ((x - center) / std) ** 2 - Math.log(std) - 0.5 * Math.log(2 * Math.PI);

const [batch, horizon, size] = [3, 4, 2];
const sequence = horizon * size;
/** A chain with its rows, as numbers that both the reference and the device can hold. */
function recorded(count: number, options?: DenoisingOptions, clip?: number | null) {
  const random = new Random(count);
  const shape = [batch, horizon, size];
  const condition = { vector: constant(new Float32Array(batch), [batch, 1]) };
  const start = constant(drawNoise(shape, random), shape);
  const noise = constant(drawNoise([count, ...shape], random, 3), [count, ...shape]);
  const steps = stepsOf(count, options, clip);
  const { chain } = sampleChain(steps, scaled(0.3), { condition, start, noise });
  const links = Float32Array.from(numbersOf(chain));
  const means = numbersOf(
    stepMean(
      steps,
      scaled(0.3),
      constant(links.slice(0, -batch * sequence), [count * batch, horizon, size]),
      constant(Int32Array.from({ length: count * batch }, (_, row) => Math.floor(row / batch))),
      condition,
    ),
  );
  return { steps, links, means, condition, chain: constant(links, chain.shape) };
}

describe("the log-probability of a chain is the closed-form Gaussian's", () => {
  test.each([1, 5, 20, 100])("at every one of %i steps", async (count) => {
    const { steps, links, means, chain, condition } = recorded(count);
    const expected = Array.from({ length: count * batch }, (_, row) => {
      const numbers = means.slice(row * sequence, (row + 1) * sequence);
      const std = Math.max(steps.std[Math.floor(row / batch)], 0.1);
      const each = numbers.map((center, i) => logDensity(links[(row + batch) * sequence + i], center, std));
      return each.reduce((total, logProb) => total + logProb, 0) / sequence;
    });
    const truth = numbersOf(chainLogProb(steps, scaled(0.3), chain, condition, { reduce: "mean" }));
    await using program = await compile(
      { chain: float32(...chain.shape), vector: float32(batch, 1) },
      ({ chain, vector }) => ({
        logProb: chainLogProb(steps, scaled(0.3), chain, { vector }, { reduce: "mean" }),
      }),
      { device: cpu({ threads: 1 }) },
    );
    const { logProb } = await program.run({ chain: links, vector: new Float32Array(batch) });
    for (const [row, number] of expected.entries()) {
      expect(Math.abs(truth[row] - number)).toBeLessThan(1e-12);
      expect(Math.abs(logProb[row] - number)).toBeLessThan(1e-6);
    }
  });

  test("with the clip that sampled: another clip scores another chain", () => {
    const { chain, condition } = recorded(10);
    const scored = (clip: number | null) =>
      numbersOf(
        chainLogProb(stepsOf(10, { minSamplingStd: 0.1 }, clip), scaled(0.3), chain, condition, {
          reduce: "sum",
        }),
      );
    expect(scored(null)[0]).not.toBeCloseTo(scored(1)[0], 1);
  });

  test("and its gradient pulls the mean towards what was sampled", () => {
    const { steps, links, means } = recorded(5);
    const row = (values: ArrayLike<number>, at: number) =>
      Array.from({ length: sequence }, (_, i) => values[at * sequence + i]);
    const shift = constant(0);
    const from = constant(row(links, 0), [1, horizon, size]);
    const to = constant(row(links, batch), [1, horizon, size]);
    const step = constant(Int32Array.of(0), []);
    const condition = { vector: constant([0], [1, 1]) };
    const shifted: Denoise = (sample) => add(mul(0.3, sample), shift);
    const free = stepsOf(5, { minSamplingStd: 0.1 }, null);
    const logProb = (steps: typeof free) =>
      sum(stepLogProb(steps, shifted, { from, to, step, condition }, { reduce: "sum" }));
    // mean = clean x0 + ..., x0 = (x - sqrt(1 - abar) eps) / sqrt(abar)
    const abar = free.diffusion.schedule.alphaBar[4];
    const slope = (-free.clean[0] * Math.sqrt(1 - abar)) / Math.sqrt(abar);
    const [x, y] = [row(links, 0), row(links, batch)];
    const center = x.map(
      (each) => each * (free.noisy[0] + (free.clean[0] / Math.sqrt(abar)) * (1 - 0.3 * Math.sqrt(1 - abar))),
    );
    const expected = y.reduce((total, each, i) => total + ((each - center[i]) / free.std[0] ** 2) * slope, 0);
    expect(numbersOf(grad(logProb(free), [shift])[0])[0] / expected).toBeCloseTo(1, 10);
    // Where x0 is clipped the network has no say, and gets no gradient.
    expect(Math.min(...row(means, 0).map(Math.abs))).toBeGreaterThan(0);
    expect(numbersOf(grad(logProb(steps), [shift])[0])[0]).toBe(0);
  });
});

describe("numbers become one", () => {
  const { steps, chain, condition } = recorded(6);
  const score = (options: LogProbOptions) =>
    numbersOf(chainLogProb(steps, scaled(0.3), chain, condition, options));
  test("by sum or mean, which differ by how many there are", () => {
    const sums = score({ reduce: "sum" });
    for (const [row, mean] of score({ reduce: "mean" }).entries())
      expect(mean).toBeCloseTo(sums[row] / sequence, 12);
  });
  test("over the actions that count", () => {
    const parts = [score({ reduce: "sum", actions: [0, 1] }), score({ reduce: "sum", actions: [1, 4] })];
    for (const [row, whole] of score({ reduce: "sum" }).entries())
      expect(parts[0][row] + parts[1][row]).toBeCloseTo(whole, 12);
  });
  test("each within limits, as DPPO has them", () => {
    for (const number of score({ reduce: "mean", limits: [-0.5, 0.5] })) {
      expect(number).toBeGreaterThanOrEqual(-0.5);
      expect(number).toBeLessThanOrEqual(0.5);
    }
    expect(score({ reduce: "sum", limits: [-1e9, 1e9] })).toEqual(score({ reduce: "sum" }));
  });
});

const [actionSize, conditionSize, numTrainTimesteps] = [3, 5, 10];
const sizes = { actionSize, conditionSize, horizon: 8, nObsSteps: 1, numTrainTimesteps };

type Tree<T> = { readonly [name: string]: T | Tree<T> };
/** A network whose type no longer matters, with the function that applies it. */
function denoiser(options: z.input<typeof DenoiserConfig>) {
  const config = DenoiserConfig.parse(options);
  const kind = denoiserKind(config);
  return {
    network: kind.init(config, sizes, random) as unknown as Tree<Parameter>,
    apply:
      (network: Tree<Value>): Denoise =>
      (sample, timestep, condition) =>
        kind.apply(network as never, config, sizes, sample, timestep, condition),
  };
}
const random = new Random(11);
const denoisers = {
  unet: denoiser({ kind: "unet", width: 16, multiples: [1, 2] }),
  mlp: denoiser({ kind: "mlp", width: 64, blocks: 2, embeddingSize: 16 }),
  transformer: denoiser({ kind: "transformer", width: 32, heads: 2, layers: 1 }),
};

describe.each(Object.entries(denoisers))("%s: the probability ratio", (_, { network, apply }) => {
  const layout = layoutOf(network);
  const theta = new Float32Array(layout.size);
  flatten(network, theta);
  const steps = stepsOf(numTrainTimesteps);

  /** A minibatch that mixes steps and rollouts. */
  const batchOf = (rows: number) => {
    const random = new Random(rows);
    return {
      from: drawNoise([rows, 8, actionSize], random),
      to: drawNoise([rows, 8, actionSize], random),
      step: random.fillIntegers(new Int32Array(rows), 0, numTrainTimesteps),
      vector: drawNoise([rows, conditionSize], random),
    };
  };
  const specsOf = (rows: number) => ({
    theta: float32(layout.size),
    from: float32(rows, 8, actionSize),
    to: float32(rows, 8, actionSize),
    step: int32(rows),
    vector: float32(rows, conditionSize),
  });
  type Rows = Readonly<Record<"from" | "to" | "step" | "vector", Value>>;
  const logProbOf = (network: unknown, { vector, ...rows }: Rows) =>
    stepLogProb(
      steps,
      apply(network as Tree<Value>),
      { ...rows, condition: { vector } },
      { reduce: "mean", actions: [1, 5], limits: [-5, 2] },
    );

  test.each([
    [1, 1],
    [7, 1],
    [64, 1],
    [64, 2],
    [200, 2],
  ])(
    "of an unchanged planner is exactly 1, for %i rows in any order on %i threads",
    async (rows, threads) => {
      const device = cpu({ threads });
      const specs = specsOf(rows);
      await using before = await compile(
        specs,
        ({ theta, ...inputs }) => ({ logProb: logProbOf(unpack(layout, theta), inputs) }),
        { device },
      );
      // What a training step computes: the ratio, and the gradient of a loss made of it.
      await using during = await compile(
        { ...specs, old: float32(rows) },
        ({ theta, old, ...inputs }) => {
          const ratioOf = (network: unknown) => exp(sub(logProbOf(network, inputs), old));
          const [, gradient] = valueAndGrad((network) => mean(ratioOf(network)))(unpack(layout, theta));
          return { ratio: ratioOf(unpack(layout, theta)), gradient: pack(gradient) };
        },
        { device },
      );
      const batch = batchOf(rows);
      const { logProb } = await before.run({ theta, ...batch });
      const inOrder = await during.run({ theta, ...batch, old: logProb });
      expect([...new Set(inOrder.ratio)]).toEqual([1]);

      const order = new Random(1).permutation(rows);
      const shuffled = <T extends Float32Array | Int32Array>(numbers: T): T => {
        const width = numbers.length / rows;
        const result = numbers.slice() as T;
        for (const [to, from] of order.entries())
          result.set(numbers.subarray(from * width, (from + 1) * width), to * width);
        return result;
      };
      const mixed = {
        from: shuffled(batch.from),
        to: shuffled(batch.to),
        step: shuffled(batch.step),
        vector: shuffled(batch.vector),
        old: shuffled(logProb),
      };
      const { ratio, gradient } = await during.run({ theta, ...mixed });
      expect([...new Set(ratio)]).toEqual([1]);

      const moved = theta.map((number, i) => number + 1e-3 * gradient[i]);
      const after = await during.run({ theta: moved, ...mixed });
      expect(after.ratio.some((each) => each !== 1)).toBe(true);
    },
  );
});

describe("divergence of two planners' steps", () => {
  const { steps, links, condition } = recorded(5, { minSamplingStd: 0.1 }, null);
  const [x] = [links.slice(0, batch * sequence)];
  const inputs = {
    sample: constant(x, [batch, horizon, size]),
    step: constant(Int32Array.of(0, 2, 4)),
  };
  const a = { steps, denoise: scaled(0.3), condition };
  const b = { steps, denoise: scaled(0.1), condition };
  test("is that of Gaussians with equal noise", () => {
    const expected = [0, 2, 4].map((step, row) => {
      const abar = steps.diffusion.schedule.alphaBar[steps.timesteps[step]];
      const slope = (steps.clean[step] * Math.sqrt(1 - abar) * 0.2) / Math.sqrt(abar);
      const squares = [...x.slice(row * sequence, (row + 1) * sequence)].map((each) => (slope * each) ** 2);
      return squares.reduce((total, square) => total + square, 0) / (2 * steps.std[step] ** 2);
    });
    const found = numbersOf(stepKl(a, b, inputs, { reduce: "sum" }));
    for (const [row, number] of expected.entries()) expect(found[row] / number).toBeCloseTo(1, 12);
    expect(numbersOf(stepKl(b, a, inputs, { reduce: "sum" }))).toEqual(found);
    const means = numbersOf(stepKl(a, b, inputs, { reduce: "mean" }));
    for (const [row, number] of means.entries()) expect(number).toBeCloseTo(found[row] / sequence, 12);
  });
  test("is 0 between a planner and itself", () =>
    expect(numbersOf(stepKl(a, a, inputs, { reduce: "sum" }))).toEqual([0, 0, 0]));
  test.each<[string, typeof steps]>([
    ["Only planners with equal denoising steps can be compared; these take 5 and 6.", stepsOf(6)],
    [
      "Only planners with equal noise can be compared; at denoising step 5 the standard deviations are 0.1 at timestep 0 and 0.2 at timestep 0.",
      stepsOf(5, { minSamplingStd: 0.2 }),
    ],
  ])("%s", (sentence, other) =>
    expect(() => stepKl(a, { ...b, steps: other }, inputs, { reduce: "sum" })).toThrow(sentence),
  );
  test("needs noise", () => {
    const silent = stepsOf(5, { minSamplingStd: 0 });
    expect(() => stepKl({ ...a, steps: silent }, { ...b, steps: silent }, inputs, { reduce: "sum" })).toThrow(
      "Denoising steps without noise are infinitely far apart.",
    );
  });
});

describe("says in one sentence", () => {
  const { chain, condition } = recorded(6);
  const score = (steps: ReturnType<typeof stepsOf>, options: LogProbOptions) => () =>
    chainLogProb(steps, scaled(0.3), chain, condition, options);
  test("that a step without noise has no log-probability", () =>
    expect(score(stepsOf(6, {}), { reduce: "mean" })).toThrow(
      "A denoising step without noise has no log-probability. Sample with a minSamplingStd above 0 (DPPO: 0.1) at every step.",
    ));
  test("that a chain has another number of steps", () =>
    expect(score(stepsOf(7), { reduce: "mean" })).toThrow(
      "chainLogProb: expected chain: (S + 1, B, ...) with S = 7 denoising steps, got (7, 3, 4, 2)",
    ));
  test.each([
    [0, 5],
    [2, 2],
    [-1, 2],
  ])("which actions there are, for %i to %i", (start, end) =>
    expect(score(stepsOf(6), { reduce: "mean", actions: [start, end] })).toThrow(
      "A sample has actions 0 to 3;",
    ),
  );
});

describe.each([[[5]], [[2, 3]], [[2, 4, 3]]])("samples of shape (B, ...%j)", (shape) => {
  const count = 4;
  const steps = stepsOf(count);
  const [size, random] = [shape.reduce((a, b) => a * b), new Random(9)];
  const condition = { vector: constant(new Float32Array(2), [2, 1]) };
  const start = drawNoise([2, ...shape], random);
  const noise = drawNoise([count, 2, ...shape], random);
  const chainOf = (to: readonly number[]) =>
    sampleChain(steps, scaled(0.3), {
      condition,
      start: constant(start, [2, ...to]),
      noise: constant(noise, [count, 2, ...to]),
    }).chain;

  test("are those of one long row, and so are their log-probabilities", () => {
    const [own, flat] = [chainOf(shape), chainOf([size])];
    expect(own.shape).toEqual([count + 1, 2, ...shape]);
    expect(numbersOf(own)).toEqual(numbersOf(flat));
    const score = (chain: Value) =>
      numbersOf(chainLogProb(steps, scaled(0.3), chain, condition, { reduce: "sum" }));
    const expected = score(flat);
    for (const [i, logProb] of score(own).entries()) expect(logProb).toBeCloseTo(expected[i], 10);
  });
});
