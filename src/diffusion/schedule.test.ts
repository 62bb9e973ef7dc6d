import { describe, expect, test } from "vitest";
import { Random } from "../base/index.ts";
import { constant, evaluate, mul, type Value } from "../tensor/index.ts";
import {
  addNoise,
  cleanGuess,
  createSchedule,
  type Diffusion,
  denoisingLoss,
  noiseBetween,
  removeNoise,
  type ScheduleName,
} from "./schedule.ts";

const numbersOf = (value: Value) => [...evaluate([value], new Map())[0].data];
const shape = [3, 2, 2];
const random = new Random(3);
const draws = () => constant(random.fillNormal(new Float32Array(12)), shape);
const level = constant(Int32Array.of(0, 4, 9));

describe.each<ScheduleName>(["cosine", "linear"])("%s", (name) => {
  test.each([1, 2, 20, 1000])("%i levels: noise only grows, and never fills a level", (levels) => {
    const { beta, alphaBar } = createSchedule(name, levels);
    expect(beta).toHaveLength(levels);
    for (let i = 0; i < levels; i++) {
      expect(beta[i]).toBeGreaterThan(0);
      expect(beta[i]).toBeLessThanOrEqual(0.999);
      expect(alphaBar[i]).toBeCloseTo((i === 0 ? 1 : alphaBar[i - 1]) * (1 - beta[i]), 15);
    }
  });

  test("noise goes in and comes out", () => {
    const schedule = createSchedule(name, 10);
    const [plans, noise] = [draws(), draws()];
    const noised = addNoise(schedule, plans, noise, level);
    const expectEqual = (found: Value, truth: Value) => {
      const numbers = numbersOf(truth);
      for (const [i, number] of numbersOf(found).entries()) expect(number).toBeCloseTo(numbers[i], 10);
    };
    expectEqual(removeNoise(schedule, noised, noise, level), plans);
    expectEqual(noiseBetween(schedule, noised, plans, level), noise);
  });
});

test("the linear schedule runs from 1e-4 to 0.02", () => {
  const { beta } = createSchedule("linear", 1000);
  expect([beta[0], beta[999]]).toEqual([1e-4, 0.02]);
});

test("each row is noised at its own level", () => {
  const { alphaBar } = createSchedule("cosine", 10);
  const [plans, noise] = [draws(), draws()];
  const [x0, eps] = [plans, noise].map(numbersOf);
  const noised = numbersOf(addNoise(createSchedule("cosine", 10), plans, noise, level));
  for (const [i, x] of noised.entries()) {
    const share = alphaBar[[0, 4, 9][Math.floor(i / 4)]];
    expect(x).toBeCloseTo(Math.sqrt(share) * x0[i] + Math.sqrt(1 - share) * eps[i], 12);
  }
});

describe("the loss", () => {
  const [plans, noise, condition] = [draws(), draws(), constant([0, 0, 0], [3, 1])];
  const lossOf = (prediction: Diffusion["prediction"], guess: Value) => {
    const diffusion = { schedule: createSchedule("cosine", 10), prediction, clip: 1 };
    return numbersOf(denoisingLoss(diffusion, () => guess, plans, noise, level, condition))[0];
  };
  const meanSquare = (x: Value) => numbersOf(x).reduce((total, number) => total + number ** 2 / 12, 0);

  test("is 0 for a network that sees what it shall see", () => {
    expect(lossOf("noise", noise)).toBe(0);
    expect(lossOf("sample", plans)).toBe(0);
  });
  test("is the mean square of what a blind network misses", () => {
    expect(lossOf("noise", mul(0, noise))).toBeCloseTo(meanSquare(noise), 12);
    expect(lossOf("sample", mul(0, noise))).toBeCloseTo(meanSquare(plans), 12);
  });
});

describe("a guess at the clean plans", () => {
  const schedule = createSchedule("cosine", 10);
  const [plans, guess] = [draws(), draws()];
  test("is limited where the diffusion clips, and free where it does not", () => {
    const guessed = (clip: number | null) =>
      numbersOf(cleanGuess({ schedule, prediction: "noise", clip }, plans, guess, level));
    const free = guessed(null);
    expect(Math.max(...free)).toBeGreaterThan(1);
    expect(guessed(1)).toEqual(free.map((x) => Math.min(Math.max(x, -1), 1)));
  });
  test("is the network's own for sample prediction", () => {
    expect(
      numbersOf(cleanGuess({ schedule, prediction: "sample", clip: null }, plans, guess, level)),
    ).toEqual(numbersOf(guess));
  });
});

describe("says in one sentence", () => {
  test.each([0, -1, 1.5, Number.NaN])("that there is no schedule of %d levels", (levels) =>
    expect(() => createSchedule("cosine", levels)).toThrow(
      `A schedule has a whole number of noise levels, at least 1; got ${levels}.`,
    ),
  );
  test("which schedules there are", () =>
    expect(() => createSchedule("cosin" as ScheduleName, 10)).toThrow(
      'Unknown noise schedule "cosin". Known: cosine, linear.',
    ));
});
