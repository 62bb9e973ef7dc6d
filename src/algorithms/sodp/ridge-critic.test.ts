import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random } from "../../base/index.ts";
import { RidgeCritic, solvePositive, type TimedState, worthOfSteps } from "./ridge-critic.ts";

const wide = { low: -1000, high: 1000 };
const options = { featureSize: 3, maxSteps: 50, discount: 0.98 };

function statesOf(count: number, random: Random): TimedState[] {
  return Array.from({ length: count }, () => ({
    features: Float32Array.from({ length: 3 }, () => 2 + 3 * random.normal()),
    step: random.integer(50),
  }));
}
/** A return that the features can express: a quadratic reward per step. */
const rateOf = ({ features: [a, b, c], step }: TimedState) =>
  1 + 0.5 * a - 0.2 * b * b + 0.1 * c + (2 * (50 - step)) / 50;
const returnOf = (state: TimedState) => rateOf(state) * worthOfSteps(50 - state.step, 0.98);

test("one reward per step is worth the sum of its discounts", () => {
  for (const [steps, discount] of [
    [7, 0.9],
    [3, 1],
    [0, 0.9],
    [-2, 0.9],
  ]) {
    const sum = Array.from({ length: Math.max(steps, 0) }, (_, i) => discount ** i).reduce(
      (a, b) => a + b,
      0,
    );
    expect(worthOfSteps(steps, discount)).toBeCloseTo(sum, 12);
  }
});

test("Cholesky solves any positive definite system", () =>
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), fc.integer(), (size, seed) => {
      const random = new Random(Math.abs(seed));
      const root = Array.from({ length: size }, () => Array.from({ length: size }, () => random.normal()));
      const matrix = root.map((a, i) =>
        Float64Array.from(root, (b, j) => a.reduce((sum, x, k) => sum + x * b[k], 0) + Number(i === j)),
      );
      const w = Float64Array.from({ length: size }, () => random.normal());
      const b = Float64Array.from(matrix, (row) => row.reduce((sum, x, k) => sum + x * w[k], 0));
      const found = solvePositive(
        matrix.map((row) => row.slice()),
        b,
      );
      for (const [i, each] of found.entries()) expect(each).toBeCloseTo(w[i], 6);
    }),
  ));

describe("the critic", () => {
  test("knows nothing before it was fitted", () =>
    expect([...new RidgeCritic(options).values(statesOf(3, new Random(0)), wide)]).toEqual([0, 0, 0]));

  test("explains other states than those it was fitted to", () => {
    const random = new Random(1);
    const critic = new RidgeCritic(options);
    for (let batch = 0; batch < 4; batch++) {
      const states = statesOf(300, random);
      critic.fit(states, states.map(returnOf));
    }
    const unseen = statesOf(200, random);
    const values = critic.values(unseen, wide);
    const returns = unseen.map(returnOf);
    const mean = returns.reduce((a, b) => a + b, 0) / returns.length;
    const left = returns.reduce((sum, each, i) => sum + (each - values[i]) ** 2, 0);
    const all = returns.reduce((sum, each) => sum + (each - mean) ** 2, 0);
    expect(1 - left / all).toBeGreaterThan(0.98);
  });

  test("values states that nothing tells apart at the mean of their returns", () => {
    const critic = new RidgeCritic({ featureSize: 1, maxSteps: 10, discount: 1 });
    const states = [4, 4, 4, 4].map((step) => ({ features: Float32Array.of(7), step }));
    critic.fit(states, [6, 12, 6, 12]); // rates 1, 2, 1, 2 of 6 steps left
    expect(critic.values([states[0]], wide)[0]).toBeCloseTo(9, 10);
  });

  test("stays within what the rewards met so far can pay in the time that is left", () => {
    const random = new Random(2);
    const critic = new RidgeCritic(options);
    for (let iteration = 0; iteration < 50; iteration++) {
      const states = statesOf(40, random);
      critic.fit(
        states,
        states.map((state) => 5 * returnOf(state) * random.normal()),
      );
      const bounds = { low: -0.5, high: 2 };
      const probes = statesOf(100, random).map(({ features, step }) => ({
        features: features.map((x) => 100 * x),
        step,
      }));
      for (const [i, value] of critic.values(probes, bounds).entries()) {
        const worth = worthOfSteps(50 - probes[i].step, 0.98);
        expect(value).toBeGreaterThanOrEqual(-0.5 * worth - 1e-9);
        expect(value).toBeLessThanOrEqual(2 * worth + 1e-9);
      }
    }
  });

  test("values nothing once time is out, and learns nothing from there", () => {
    const critic = new RidgeCritic(options);
    const over = { features: Float32Array.of(1, 2, 3), step: 50 };
    critic.fit([over], [100]);
    expect(critic.tensors()).toEqual({});
    const states = statesOf(50, new Random(3));
    critic.fit(states, states.map(returnOf));
    expect(critic.values([over], wide)[0]).toBe(0);
  });

  test("goes on from its tensors with the same bits", () => {
    const random = new Random(4);
    const batches = Array.from({ length: 8 }, () => statesOf(30, random));
    const whole = new RidgeCritic(options);
    let resumed = new RidgeCritic(options);
    for (const states of batches) {
      whole.fit(states, states.map(returnOf));
      const { tensors } = { tensors: resumed.tensors() };
      resumed = new RidgeCritic(options);
      resumed.restore(tensors);
      resumed.fit(states, states.map(returnOf));
    }
    const probes = statesOf(20, random);
    expect(resumed.values(probes, wide)).toEqual(whole.values(probes, wide));
  });

  test("refuses a return that is not finite, and keeps what it knew", () => {
    const critic = new RidgeCritic(options);
    const states = statesOf(20, new Random(5));
    critic.fit(states, states.map(returnOf));
    const before = critic.values(states, wide);
    expect(() => critic.fit(states, [Number.NaN, ...states.map(returnOf).slice(1)])).toThrow(
      "A critic learns finite returns, got NaN.",
    );
    expect(critic.values(states, wide)).toEqual(before);
  });
});
