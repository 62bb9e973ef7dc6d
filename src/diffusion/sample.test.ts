import { describe, expect, test } from "vitest";
import { Random } from "../base/index.ts";
import { cpu } from "../devices/index.ts";
import { compile, constant, evaluate, float32, mul, type Value } from "../tensor/index.ts";
import { type DenoisingOptions, denoisingSteps, drawNoise, sampleChain, sampleFromNoise } from "./sample.ts";
import { createSchedule, type Diffusion } from "./schedule.ts";

const diffusionOf = (timesteps: number): Diffusion => ({
  schedule: createSchedule("cosine", timesteps),
  prediction: "noise",
  clipSampleRange: 1,
});
const stepsOf = (timesteps: number, options: DenoisingOptions = {}) =>
  denoisingSteps(diffusionOf(timesteps), options);
const rounded = (numbers: Float64Array, digits: number) =>
  [...numbers].map((number) => Number(number.toFixed(digits)));
const numbersOf = (value: Value) => [...evaluate([value], new Map())[0].data];

const denoise = (sample: Value) => mul(0.3, sample);
const random = new Random(5);
const inputsFor = (steps: number) => ({
  condition: { vector: constant([0, 0], [2, 1]) },
  start: constant(drawNoise([2, 3, 2], random), [2, 3, 2]),
  noise: constant(drawNoise([steps, 2, 3, 2], random), [steps, 2, 3, 2]),
});

describe("standard deviations, clean to noisy", () => {
  test("K = 5", () =>
    expect(rounded(stepsOf(5).std.toReversed(), 3)).toEqual([0, 0.283, 0.503, 0.726, 0.951]));
  test("K = 10", () => expect(rounded(stepsOf(10).std.toReversed(), 3).slice(0, 2)).toEqual([0, 0.144]));
  test("K = 20", () =>
    expect(rounded(stepsOf(20).std.toReversed(), 3).slice(0, 3)).toEqual([0, 0.076, 0.123]));
  test.each([
    [50, 6],
    [100, 21],
  ])("K = %i: %i steps add less than 0.1", (timesteps, count) =>
    expect(stepsOf(timesteps).std.filter((std) => std < 0.1)).toHaveLength(count),
  );
});

describe("a least standard deviation of the noise", () => {
  test("raises every step to it, the last included, and no mean", () => {
    const [plain, floored] = [stepsOf(20), stepsOf(20, { minSamplingStd: 0.1 })];
    expect(floored.std).toEqual(plain.std.map((std) => Math.max(std, 0.1)));
    expect([floored.clean, floored.noisy]).toEqual([plain.clean, plain.noisy]);
  });
  test("leaves the last step alone on demand", () =>
    expect(stepsOf(20, { minSamplingStd: 1e-3, lastNoise: false }).std.at(-1)).toBe(0));
});

test("by default all timesteps are visited, noisiest first, and the last step adds nothing", () => {
  const { timesteps, std, clean, noisy } = stepsOf(7);
  expect([...timesteps]).toEqual([6, 5, 4, 3, 2, 1, 0]);
  expect([std[6], clean[6], noisy[6]]).toEqual([0, 1, 0]);
});

test("fewer steps start at pure noise and skip evenly", () => {
  expect([...stepsOf(20, { numInferenceSteps: 5 }).timesteps]).toEqual([19, 15, 11, 7, 3]);
  expect([...stepsOf(20, { numInferenceSteps: 1 }).timesteps]).toEqual([19]);
  expect([...stepsOf(5, { numInferenceSteps: 3 }).timesteps]).toEqual([4, 2, 1]);
  for (let most = 1; most <= 40; most++)
    for (let count = 1; count <= most; count++)
      expect(new Set(stepsOf(most, { numInferenceSteps: count }).timesteps).size).toBe(count);
});

test("mean and noise of a step give the next timestep's share of sample and noise, whatever eta", () => {
  // For x = sqrt(a) x0 + sqrt(1 - a) eps the step's result has sqrt(a') x0 and variance 1 - a'.
  const { alphaBar } = createSchedule("cosine", 20);
  for (const eta of [0, 0.3, 1])
    for (const count of [20, 7]) {
      const { timesteps, clean, noisy, std } = stepsOf(20, { numInferenceSteps: count, eta });
      for (let j = 0; j < count; j++) {
        const a = alphaBar[timesteps[j]];
        const after = j + 1 < count ? alphaBar[timesteps[j + 1]] : 1;
        expect(clean[j] + noisy[j] * Math.sqrt(a)).toBeCloseTo(Math.sqrt(after), 12);
        expect(noisy[j] ** 2 * (1 - a) + std[j] ** 2).toBeCloseTo(1 - after, 12);
      }
    }
});

test("a perfect denoiser returns the clean sample, by any number of steps and any eta", () => {
  const target = 0.25;
  const diffusion: Diffusion = { ...diffusionOf(20), prediction: "sample" };
  for (const eta of [0, 0.5, 1])
    for (const count of [1, 4, 20]) {
      const steps = denoisingSteps(diffusion, { numInferenceSteps: count, eta });
      const sample = sampleFromNoise(
        steps,
        (noisy) => constant(new Float32Array(12).fill(target), noisy.shape),
        inputsFor(count),
      );
      for (const number of numbersOf(sample)) expect(number).toBeCloseTo(target, 12);
    }
});

describe("a recorded chain", () => {
  const steps = stepsOf(6, { minSamplingStd: 0.1 });
  const inputs = inputsFor(6);
  const { chain, means } = sampleChain(steps, denoise, inputs);

  test("begins with the start, ends with the samples", () => {
    const all = numbersOf(chain);
    expect(chain.shape).toEqual([7, 2, 3, 2]);
    expect(all.slice(0, 12)).toEqual(numbersOf(inputs.start));
    expect(all.slice(-12)).toEqual(numbersOf(sampleFromNoise(steps, denoise, inputs)));
  });
  test("differs from its means by the steps' own noise", () => {
    expect(means.shape).toEqual([6, 2, 3, 2]);
    const [links, centers, noise] = [chain, means, inputs.noise].map(numbersOf);
    for (const [i, center] of centers.entries())
      expect(links[i + 12]).toBeCloseTo(center + steps.std[Math.floor(i / 12)] * noise[i], 12);
  });
});

test("one graph on the device does what the reference does", async () => {
  const steps = stepsOf(20, { minSamplingStd: 0.05 });
  const { condition, start, noise } = inputsFor(20);
  const specs = { vector: float32(2, 1), start: float32(2, 3, 2), noise: float32(20, 2, 3, 2) };
  await using program = await compile(
    specs,
    ({ vector, ...draws }) => ({
      sample: sampleFromNoise(steps, denoise, { condition: { vector }, ...draws }),
    }),
    {
      device: cpu({ threads: 1 }),
    },
  );
  const data = (value: Value) => Float32Array.from(numbersOf(value));
  const { sample } = await program.run({
    vector: data(condition.vector),
    start: data(start),
    noise: data(noise),
  });
  const truth = numbersOf(sampleFromNoise(steps, denoise, { condition, start, noise }));
  for (const [i, number] of sample.entries()) expect(Math.abs(number - truth[i])).toBeLessThan(1e-6);
});

test("one timestep is enough for a chain", () => {
  const steps = stepsOf(1);
  expect([...steps.std]).toEqual([0]);
  const { start } = inputsFor(1);
  const sample = numbersOf(sampleFromNoise(steps, denoise, { condition: { vector: start }, start })); // deterministic: no noise asked for
  expect(sample.every((number) => Math.abs(number) <= 1)).toBe(true);
});

test("draws are cut off on demand, and are the same from the same seed", () => {
  const free = drawNoise([2000, 2], new Random(1));
  expect(Math.max(...free)).toBeGreaterThan(3);
  expect(drawNoise([2000, 2], new Random(1), 3)).toEqual(free.map((x) => Math.min(Math.max(x, -3), 3)));
});

describe("says in one sentence", () => {
  test("that the planner knows no more timesteps", () =>
    expect(() => stepsOf(100, { numInferenceSteps: 250 })).toThrow(
      "The planner was trained with 100 denoising steps; sampling asked for 250. Use at most 100.",
    ));
  test.each<[string, DenoisingOptions]>([
    ["Sampling takes a whole number of denoising steps, at least 1; got 0.", { numInferenceSteps: 0 }],
    ["Sampling takes a whole number of denoising steps, at least 1; got 2.5.", { numInferenceSteps: 2.5 }],
    ["eta is in [0, 1], got 1.5.", { eta: 1.5 }],
    ["minSamplingStd is a standard deviation of at least 0, got -0.1.", { minSamplingStd: -0.1 }],
  ])("%s", (sentence, options) => expect(() => stepsOf(100, options)).toThrow(sentence));
  test("that noise is missing, or of another shape", () => {
    const { condition, start, noise } = inputsFor(6);
    expect(() => sampleFromNoise(stepsOf(6), denoise, { condition, start })).toThrow(
      "These denoising steps add noise: give the sampler its draws, (6, 2, 3, 2).",
    );
    expect(() => sampleFromNoise(stepsOf(7), denoise, { condition, start, noise })).toThrow(
      "The sampler's noise has shape (7, 2, 3, 2), got (6, 2, 3, 2).",
    );
  });
});
