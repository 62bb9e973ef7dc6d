import { describe, expect, test } from "vitest";
import { gaussianPlanner } from "../../../test/gaussian-planner.ts";
import { Random } from "../../base/index.ts";
import { cpu } from "../../devices/index.ts";
import { floats, optimizerState, vector } from "../training-state.ts";
import { Critic } from "./critic.ts";

const device = cpu({ threads: 1 });
const patience = { timeout: 120_000 };
const planner = gaussianPlanner([0, 0], { horizon: 2, nObsSteps: 2 }, 2);
const create = (seed: number) =>
  Critic.create(planner, { learningRate: 1e-3, random: new Random(seed), device });

/** Two observations of two numbers, and what they are worth. */
const states = Array.from({ length: 300 }, (_, i) =>
  new Random(i).fillUniform(new Float32Array(4)).map((x) => 2 * x - 1),
);
const returns = Float32Array.from(states, ([a, , c, d]) => a - 2 * c * d);

describe("a critic", patience, () => {
  test("learns what states are worth, all numbers of all their observations considered", async () => {
    await using critic = await create(0);
    const error = async () => {
      const values = await critic.values(states);
      return values.reduce((sum, value, i) => sum + (value - returns[i]) ** 2, 0) / values.length;
    };
    const before = await error();
    const random = new Random(1);
    const loss = await critic.fit(states, returns, 150, random);
    expect(critic.steps).toBe(Math.floor((150 * 300) / 256));
    expect(loss).toBeLessThan(before);
    expect(await error()).toBeLessThan(before / 20);
  });

  test("values each state by itself, however many there are", async () => {
    await using critic = await create(0);
    const all = await critic.values(states); // two batches
    expect(all).toHaveLength(300);
    for (const i of [0, 255, 256, 299]) expect((await critic.values([states[i]]))[0]).toBe(all[i]);
  });

  test("goes on from its tensors with the same bits", async () => {
    await using first = await create(0);
    await using second = await create(1);
    await first.fit(states, returns, 3, new Random(0));
    await second.restore(await first.tensors(), first.steps);
    for (const critic of [first, second]) await critic.fit(states, returns, 3, new Random(1));
    expect(await second.tensors()).toEqual(await first.tensors());
    expect(await second.values(states)).toEqual(await first.values(states));
  });
});

describe("a training state", () => {
  const tensors = {
    "a.theta": vector(Float32Array.of(1, 2)),
    "a.firstMoment": vector(Float32Array.of(3, 4)),
    "a.secondMoment": vector(Float32Array.of(5, 6)),
  };
  test("has an average exactly if one was saved", () => {
    expect(optimizerState("a", tensors, 7)).toEqual({
      steps: 7,
      theta: Float32Array.of(1, 2),
      firstMoment: Float32Array.of(3, 4),
      secondMoment: Float32Array.of(5, 6),
    });
    const averaged = { ...tensors, "a.ema": vector(Float32Array.of(8, 9)) };
    expect(optimizerState("a", averaged, 7).ema).toEqual(Float32Array.of(8, 9));
  });
  test("that lacks a tensor, or has it in another type, is refused in a sentence", () => {
    expect(() => floats(tensors, "b")).toThrow(
      'The training state has no float32 tensor "b". It has a.theta, a.firstMoment, a.secondMoment.',
    );
    const doubles = { b: { dtype: "F64", shape: [1], data: Float64Array.of(1) } } as const;
    expect(() => floats(doubles, "b")).toThrow('The training state has no float32 tensor "b". It has b.');
  });
});
