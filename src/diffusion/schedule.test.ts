import { describe, expect, test } from "vitest";
import { Random } from "../base/index.ts";
import { add, constant, evaluate, mul, sub, type Value } from "../tensor/index.ts";
import {
  addNoise,
  cleanPrediction,
  createSchedule,
  type Diffusion,
  denoisingLoss,
  noiseBetween,
  predictionNames,
  removeNoise,
  type ScheduleName,
  scheduleNames,
  velocityOf,
} from "./schedule.ts";

const numbersOf = (value: Value) => [...evaluate([value], new Map())[0].data];
const shape = [3, 2, 2];
const random = new Random(3);
const draws = () => constant(random.fillNormal(new Float32Array(12)), shape);
const timestep = constant(Int32Array.of(0, 4, 9));

describe.each(scheduleNames)("%s", (name) => {
  test.each([1, 2, 20, 1000])("%i timesteps: noise only grows, and is never all there is", (count) => {
    const { beta, alphaBar } = createSchedule(name, count);
    expect(beta).toHaveLength(count);
    for (let i = 0; i < count; i++) {
      expect(beta[i]).toBeGreaterThan(0);
      expect(beta[i]).toBeLessThanOrEqual(0.999);
      expect(alphaBar[i]).toBeCloseTo((i === 0 ? 1 : alphaBar[i - 1]) * (1 - beta[i]), 15);
    }
  });

  test("noise goes in and comes out", () => {
    const schedule = createSchedule(name, 10);
    const [clean, noise] = [draws(), draws()];
    const noised = addNoise(schedule, clean, noise, timestep);
    const expectEqual = (found: Value, truth: Value) => {
      const numbers = numbersOf(truth);
      for (const [i, number] of numbersOf(found).entries()) expect(number).toBeCloseTo(numbers[i], 10);
    };
    expectEqual(removeNoise(schedule, noised, noise, timestep), clean);
    expectEqual(noiseBetween(schedule, noised, clean, timestep), noise);
  });
});

test("the linear schedule runs from 1e-4 to 0.02", () => {
  const { beta } = createSchedule("linear", 1000);
  expect([beta[0], beta[999]]).toEqual([1e-4, 0.02]);
});

test("each row is noised at its own timestep", () => {
  const { alphaBar } = createSchedule("cosine", 10);
  const [clean, noise] = [draws(), draws()];
  const [x0, eps] = [clean, noise].map(numbersOf);
  const noised = numbersOf(addNoise(createSchedule("cosine", 10), clean, noise, timestep));
  for (const [i, x] of noised.entries()) {
    const share = alphaBar[[0, 4, 9][Math.floor(i / 4)]];
    expect(x).toBeCloseTo(Math.sqrt(share) * x0[i] + Math.sqrt(1 - share) * eps[i], 12);
  }
});

describe("the loss", () => {
  const [clean, noise, condition] = [draws(), draws(), { vector: constant([0, 0, 0], [3, 1]) }];
  const lossOf = (prediction: Diffusion["prediction"], predicted: Value) => {
    const diffusion = { schedule: createSchedule("cosine", 10), prediction, clipSampleRange: 1 };
    return numbersOf(denoisingLoss(diffusion, () => predicted, { clean, noise, timestep, condition }))[0];
  };
  const meanSquare = (x: Value) => numbersOf(x).reduce((total, number) => total + number ** 2 / 12, 0);

  test("is 0 for a network that sees what it shall see", () => {
    expect(lossOf("noise", noise)).toBe(0);
    expect(lossOf("sample", clean)).toBe(0);
    expect(lossOf("velocity", velocityOf(createSchedule("cosine", 10), clean, noise, timestep))).toBe(0);
  });
  test("is the mean square of what a blind network misses", () => {
    expect(lossOf("noise", mul(0, noise))).toBeCloseTo(meanSquare(noise), 12);
    expect(lossOf("sample", mul(0, noise))).toBeCloseTo(meanSquare(clean), 12);
  });
});

describe.each(predictionNames)("prediction of %s", (prediction) => {
  const schedule = createSchedule("cosine", 20);
  const [clean, noise] = [draws(), draws()];
  const targets: Record<typeof prediction, (timestep: Value) => Value> = {
    noise: () => noise,
    sample: () => clean,
    velocity: (timestep) => velocityOf(schedule, clean, noise, timestep),
  };
  test.each([...schedule.alphaBar.keys()])("the target at timestep %i amounts to the clean sample", (i) => {
    const at = constant(Int32Array.of(i), []);
    const noisy = addNoise(schedule, clean, noise, at);
    const found = cleanPrediction(
      { schedule, prediction, clipSampleRange: null },
      noisy,
      targets[prediction](at),
      at,
    );
    const truth = numbersOf(clean);
    for (const [j, number] of numbersOf(found).entries()) expect(number).toBeCloseTo(truth[j], 10);
  });
});

test("the squared error of a velocity is that of the noise and that of the clean sample", () => {
  const schedule = createSchedule("cosine", 10);
  const [clean, noise, mistake] = [draws(), draws(), draws()];
  const at = constant(Int32Array.of(3), []);
  const noisy = addNoise(schedule, clean, noise, at);
  const predicted = add(velocityOf(schedule, clean, noise, at), mistake);
  const diffusion = { schedule, prediction: "velocity", clipSampleRange: null } as const;
  const x0 = cleanPrediction(diffusion, noisy, predicted, at);
  const eps = noiseBetween(schedule, noisy, x0, at);
  const squares = (x: Value) => numbersOf(x).reduce((sum, number) => sum + number ** 2, 0);
  expect(squares(sub(eps, noise)) + squares(sub(x0, clean))).toBeCloseTo(squares(mistake), 10);
});

describe("a prediction of the clean sample", () => {
  const schedule = createSchedule("cosine", 10);
  const [noisy, predicted] = [draws(), draws()];
  test("is limited where the diffusion clips, and free where it does not", () => {
    const limited = (clipSampleRange: number | null) =>
      numbersOf(
        cleanPrediction({ schedule, prediction: "noise", clipSampleRange }, noisy, predicted, timestep),
      );
    const free = limited(null);
    expect(Math.max(...free)).toBeGreaterThan(1);
    expect(limited(1)).toEqual(free.map((x) => Math.min(Math.max(x, -1), 1)));
  });
  test("is the network's own for sample prediction", () => {
    expect(
      numbersOf(
        cleanPrediction(
          { schedule, prediction: "sample", clipSampleRange: null },
          noisy,
          predicted,
          timestep,
        ),
      ),
    ).toEqual(numbersOf(predicted));
  });
});

describe("says in one sentence", () => {
  test.each([0, -1, 1.5, Number.NaN])("that there is no schedule of %d timesteps", (count) =>
    expect(() => createSchedule("cosine", count)).toThrow(
      `A schedule has a whole number of diffusion timesteps, at least 1; got ${count}.`,
    ),
  );
  test("which schedules there are", () =>
    expect(() => createSchedule("cosin" as ScheduleName, 10)).toThrow(
      'Unknown noise schedule "cosin". Known: cosine, vp, linear.',
    ));
});
