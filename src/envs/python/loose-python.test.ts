import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { PythonOptions } from "../index.ts";
import { PythonEnv } from "./python-env.ts";

vi.setConfig({ testTimeout: 60_000 }); // each environment is a process
const file = fileURLToPath(new URL("./fixtures/loose_envs.py", import.meta.url));
const start = (name: string, options: Partial<PythonOptions> = {}) =>
  PythonEnv.start(`${file}:make${name}`, options);

const told: string[] = [];
beforeEach(() => {
  vi.spyOn(console, "error").mockImplementation((text) => told.push(text));
});
afterEach(() => {
  vi.restoreAllMocks();
  told.length = 0;
});

/** Four steps of an action. */
async function play(name: string, action: readonly number[] = [0, 0]) {
  using env = await start(name);
  env.reset(1);
  return Array.from({ length: 4 }, () => env.step(action));
}

test.each(["SuccessAsArray", "GoalAchieved", "NumbersAsArrays"])(
  "%s: numbers and flags are what they say, whatever holds them",
  async (name) => {
    const steps = await play(name);
    expect(steps.map(({ success, reward, truncated }) => [success, reward, truncated])).toEqual([
      [false, 1, false],
      [true, 1, false],
      [true, 1, false],
      [true, 1, true],
    ]);
  },
);

test("an info's numbers are kept, whatever holds them, and nothing else", async () => {
  expect((await play("SuccessAsArray"))[1].info).toEqual({ success: 1, distance: 0.5 });
});

test("success that is no number is not yes", async () => {
  expect((await play("UnknownSuccess")).some(({ success }) => success)).toBe(false);
});

test.each([
  ["WholeNumbers", [0.99, -1], 10],
  ["WholeNumbers", [-0.99, 1], 0],
  ["HalfBounded", [-0.5, 0], 0],
] as const)("%s: action %j stays in its bounds", async (name, action, expected) => {
  expect((await play(name, action))[0].observation[1]).toBe(expected);
});

test("choices among several, and switches, are actions", async () => {
  expect([...(await play("Choices", [-1, 0.5, 0, -0.5, 0.25]))[0].observation]).toEqual([1, 1]);
  expect([...(await play("Switches", [-0.5, 0.5]))[0].observation]).toEqual([0, 1]);
});

test("a module's dataclasses may postpone their annotations", async () => {
  using env = await start("Configured");
  expect(env.spec.spaces.observation).toEqual({ state: { shape: [2], dtype: "float32" } });
});

describe("seeds", () => {
  test.each([
    ["IgnoresSeeds", /ignores the seed of reset: equal seeds start different episodes/],
    ["EqualSeeds", /starts the same episode whatever the seed: many seeds say no more than one/],
  ])("%s: is told, once", async (name, sentence) => {
    using env = await start(name);
    for (const seed of [1, 2]) env.reset(seed);
    using again = await start(name);
    again.reset(1);
    expect(told).toEqual([expect.stringMatching(sentence)]);
  });

  test("that do what they should are not talked of, and start what they start", async () => {
    using env = await start("Base");
    expect([env.reset(5), env.reset(6)].map(({ observation }) => observation[0])).toEqual([5, 6]);
    expect(told).toEqual([]);
  });

  test("beyond an environment's limit are named", async () => {
    using env = await start("LimitedSeeds");
    env.reset(2 ** 31 - 1);
    expect(() => env.reset(2 ** 31)).toThrow(
      /could not be reset with the seed 2147483648: it raised ValueError: Seed must be below 2\*\*31/,
    );
  });
});

test.each([
  ["StartsNowhere", /with the seed 1: it observed NaN as number 1\./],
  ["OldReset", /it raised ValueError: reset\(\) returned something else than an observation and an info\./],
])("%s: its start is refused", async (name, sentence) => {
  using env = await start(name);
  expect(() => env.reset(1)).toThrow(sentence);
});

test.each([
  ["OldStep", /step\(\) returned 4 values; Gymnasium's has 5/],
  ["TwoRewards", /the reward is \[1, 2\], which is not one number/],
  ["OtherSize", /observed 3 numbers where .* has 2/],
])("%s: its step ends the episode, and is blamed", async (name, sentence) => {
  using env = await start(name);
  env.reset(1);
  expect(env.step([0, 0]).fault).toMatch(sentence);
});

/** An interpreter that has Gymnasium, if there is one. */
const python = [process.env.GYMNASIUM_PYTHON, ".venv/bin/python", "python3"].find(
  (candidate) => candidate !== undefined && spawnSync(candidate, ["-c", "import gymnasium"]).status === 0,
);

describe.skipIf(python === undefined)("with Gymnasium and numpy", () => {
  const numpy = fileURLToPath(new URL("./fixtures/gymnasium_envs.py", import.meta.url));
  test.each(["SuccessAsArray", "GoalAchieved", "RewardAsArray"])("%s", async (name) => {
    using env = await PythonEnv.start(`${numpy}:make`, { python: python ?? "", arguments: { name } });
    env.reset(1);
    const steps = Array.from({ length: 4 }, () => env.step([0, 0]));
    expect(steps.map(({ success, reward, fault }) => [success, reward, fault])).toEqual(
      [false, true, true, true].map((success) => [success, 1, undefined]),
    );
  });

  test("a whole number is rounded, not cut", async () => {
    const options = { python: python ?? "", arguments: { name: "IntegerBox" } };
    using env = await PythonEnv.start(`${numpy}:make`, options);
    env.reset(1);
    expect([...env.step([0.99, -0.99]).observation]).toEqual([10, 0]);
  });
});
