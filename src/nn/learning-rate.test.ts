import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { UserError } from "../base/index.ts";
import { constant, cosine, type LearningRateSchedule } from "./learning-rate.ts";

/** Factors of steps 0, 1, ... as PyTorch and diffusers give them; written by test/oracles/optimizer.py. */
const stored: Record<string, number[]> = JSON.parse(
  readFileSync(new URL("./fixtures/learning-rate.json", import.meta.url), "utf8"),
);

const ours: Record<string, LearningRateSchedule> = {
  "CosineAnnealingLR, T_max 20": cosine({ totalSteps: 20 }),
  "CosineAnnealingLR, T_max 20, eta_min 0.1": cosine({ totalSteps: 20, floor: 0.1 }),
  "diffusers cosine, 5 of 20 warm-up": cosine({ totalSteps: 20, warmupSteps: 5 }),
  "diffusers constant, 5 warm-up": constant({ warmupSteps: 5 }),
};

test("every stored schedule is compared", () => expect(Object.keys(ours)).toEqual(Object.keys(stored)));

test.each(Object.entries(ours))("%s: the same factors", (name, schedule) => {
  for (const [step, factor] of stored[name].entries()) expect(schedule(step)).toBeCloseTo(factor, 14);
});

test("constant is 1 at every step", () => {
  for (const step of [0, 1, 1e6]) expect(constant()(step)).toBe(1);
});

describe("cosine", () => {
  test("is (1 + cos) / 2 between warm-up and end", () => {
    const schedule = cosine({ totalSteps: 1100, warmupSteps: 100, floor: 0.25 });
    for (let step = 100; step <= 1100; step++) {
      const closedForm = 0.25 + (0.75 * (1 + Math.cos((Math.PI * (step - 100)) / 1000))) / 2;
      expect(Math.abs(schedule(step) - closedForm)).toBeLessThan(1e-15);
    }
  });

  test("passes through 1 after warm-up and stays at its floor for good", () => {
    const schedule = cosine({ totalSteps: 30, warmupSteps: 10, floor: 0.1 });
    expect([0, 5, 10, 30, 31, 1e9].map(schedule)).toEqual([0, 0.5, 1, 0.1, 0.1, 0.1]);
  });

  test.each([
    [{ totalSteps: 0 }, "totalSteps is a whole number of at least 1, got 0."],
    [{ totalSteps: 10.5 }, "totalSteps is a whole number of at least 1, got 10.5."],
    [{ totalSteps: 10, warmupSteps: -1 }, "warmupSteps is a whole number of at least 0, got -1."],
    [{ totalSteps: 10, warmupSteps: 10 }, "A warm-up of 10 steps leaves nothing of a run of 10 steps."],
    [{ totalSteps: 10, floor: Number.NaN }, "floor is in [0, 1], got NaN."],
  ])("refuses %o", (options, message) => expect(() => cosine(options)).toThrow(new UserError(message)));
});
