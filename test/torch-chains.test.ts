/** @file Schedules, chains and their log-probabilities agree with those stored from PyTorch, step by step. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  chainLogProb,
  createSchedule,
  type DenoisingOptions,
  denoisingSteps,
  sampleChain,
} from "../src/diffusion/index.ts";
import { readTensors } from "../src/platform/index.ts";
import { float32, mul, type Value } from "../src/tensor/index.ts";
import { backends } from "./both-backends.ts";

const { tensors } = await readTensors(join(import.meta.dirname, "fixtures/torch/ddpm.safetensors"));

/** The stored network: eps = 0.3 x, whatever the timestep and the condition. */
const denoise = (sample: Value) => mul(0.3, sample);

// Each number is a sample of its own, so that log-probabilities come number by number: B = 12, H = A = 1.
const shape = [12, 1, 1];
const variants: Readonly<Record<string, { options: DenoisingOptions; clip: number | null }>> = {
  ddpm: { options: {}, clip: 1 },
  unclipped: { options: {}, clip: null },
  ddim: { options: { eta: 0 }, clip: 1 },
  floored: { options: { minSamplingStd: 0.1 }, clip: 1 },
};

/** Largest error, relative where the truth exceeds 1. */
const worst = (found: ArrayLike<number>, truth: ArrayLike<number>) => {
  expect(found.length).toBe(truth.length);
  return Math.max(
    ...Array.from(truth, (value, i) => Math.abs(found[i] - value) / Math.max(1, Math.abs(value))),
  );
};

describe.each([5, 10, 20, 100])("%i timesteps", (timesteps) => {
  const stored = (name: string) => tensors[`k${timesteps}/${name}`].data as Float32Array | Float64Array;
  const schedule = createSchedule("cosine", timesteps);
  const steps = ({ options, clip }: (typeof variants)[string]) =>
    denoisingSteps({ schedule, prediction: "noise", clipSampleRange: clip }, options);

  test("the schedule", () => {
    expect(worst(schedule.beta, stored("beta"))).toBeLessThan(1e-14);
    expect(worst(schedule.alphaBar, stored("alpha_bar"))).toBeLessThan(1e-14);
    expect(worst(steps(variants.ddpm).std.toReversed(), stored("posterior_std"))).toBeLessThan(1e-14);
    expect(worst(steps(variants.floored).std, stored("floored/std"))).toBeLessThan(1e-14);
  });

  describe.each(Object.entries(backends))("%s", (name, { run }) => {
    const exact = name.includes("float64");
    const specs = { vector: float32(12, 1), start: float32(...shape), noise: float32(timesteps, ...shape) };
    const numbers = { vector: new Float32Array(12), start: stored("start"), noise: stored("noise") };

    test.each(Object.entries(variants))("the chain: %s", async (name, variant) => {
      const { chain, means } = await run(
        specs,
        ({ vector, ...draws }) => sampleChain(steps(variant), denoise, { condition: { vector }, ...draws }),
        numbers,
      );
      // Unclipped, an error at the noisiest timestep grows as the sample does: by up to 1 / sqrt(0.001) in one step.
      const tolerance = exact ? 1e-12 : variant.clip === null ? 1e-4 : 2e-6;
      expect(worst(chain, stored(`${name}/chain`))).toBeLessThan(tolerance);
      if (name === "floored") expect(worst(means, stored("floored/mean"))).toBeLessThan(tolerance);
    });

    test("log-probabilities of every number", async () => {
      const { logProb } = await run(
        { vector: float32(12, 1), chain: float32(timesteps + 1, ...shape) },
        ({ chain, vector }) => ({
          logProb: chainLogProb(steps(variants.floored), denoise, chain, { vector }, { reduce: "sum" }),
        }),
        { vector: numbers.vector, chain: stored("floored/chain") },
      );
      // In float32 the stored chain itself is rounded: by 6e-8, over a deviation of 0.1.
      expect(worst(logProb, stored("floored/log_prob"))).toBeLessThan(exact ? 1e-12 : 5e-6);
    });
  });
});
