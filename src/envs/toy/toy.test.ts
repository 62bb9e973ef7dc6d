import { describe, expect, test } from "vitest";
import { partsOf } from "../../base/index.ts";
import { playScripted } from "../scripted-policy.ts";
import { ToyEnv } from "./environment.ts";
import { toyExpert } from "./expert.ts";
import { type ToyTaskName, toyTasks } from "./tasks.ts";

const names = Object.keys(toyTasks) as ToyTaskName[];
const maxSteps = 50;

describe.each(names)("toy/%s", (task) => {
  test.each(["state", "pointCloud"] as const)(
    "is solved by its expert that sees its %s, in half the time",
    (observation) => {
      using env = new ToyEnv(task, { observation, maxSteps });
      const expert = toyExpert(task, observation);
      const played = Array.from({ length: 100 }, (_, seed) => playScripted(env, expert, { seed }));
      expect(played.filter(({ success }) => success).length).toBeGreaterThanOrEqual(99);
      expect(played.reduce((sum, { steps }) => sum + steps, 0) / 100).toBeLessThan(maxSteps / 2);
    },
  );

  test("moves alike whatever is observed of it", () => {
    using seen = new ToyEnv(task, { observation: "state", maxSteps });
    using cloud = new ToyEnv(task, { observation: "pointCloud", maxSteps });
    seen.reset(5);
    cloud.reset(5);
    for (let t = 0; t < maxSteps; t++) {
      const action = [Math.sin(t), Math.cos(t)];
      const [a, b] = [seen.step(action), cloud.step(action)];
      expect([a.reward, a.success, a.info]).toEqual([b.reward, b.success, b.info]);
    }
  });

  test("shows as points what it shows as numbers", () => {
    using seen = new ToyEnv(task, { observation: "state", maxSteps });
    using cloud = new ToyEnv(task, { observation: "pointCloud", maxSteps });
    const [x, y, goalX, goalY] = seen.reset(3).observation;
    const { pointCloud } = partsOf(cloud.spec.spaces.observation, cloud.reset(3).observation);
    for (let i = 0; i < pointCloud.length; i += 3) {
      const [px, py, mark] = pointCloud.subarray(i, i + 3);
      if (mark === -1) expect(Math.hypot(px - x, py - y)).toBeLessThanOrEqual(0.05);
      if (mark === 1) expect(Math.hypot(px - goalX, py - goalY)).toBeLessThanOrEqual(0.1);
      if (mark === 0) expect(Math.hypot(px, py)).toBeLessThanOrEqual(0.4);
    }
    const marks = Array.from({ length: 64 }, (_, i) => pointCloud[3 * i + 2]);
    expect(new Set(marks).size).toBe(task === "around" ? 3 : 2);
  });

  test("starts where its vector says, and otherwise where nobody has solved it yet", () => {
    using env = new ToyEnv(task, { observation: "state", maxSteps });
    expect([...env.reset(1, { vector: [0.5, -0.5, 0.25, 0.75] }).observation.slice(0, 4)]).toEqual([
      0.5, -0.5, 0.25, 0.75,
    ]);
    expect(() => env.reset(1, { vector: [2, 0, 0, 0] })).toThrow("a start vector has 4 numbers in [-1, 1]");
    for (let seed = 0; seed < 50; seed++) {
      env.reset(seed);
      expect(env.step([0, 0]).success).toBe(false);
    }
  });
});

test("the point stays in the square and out of the obstacle", () => {
  using env = new ToyEnv("around", { observation: "state", maxSteps: 500 });
  env.reset(2);
  for (let t = 0; t < 500; t++) {
    const [x, y] = env.step([Math.sin(t / 9), Math.cos(t / 13)]).observation;
    expect(Math.max(Math.abs(x), Math.abs(y))).toBeLessThanOrEqual(1);
    expect(Math.hypot(x, y)).toBeGreaterThan(0.4 - 1e-9);
  }
});

test("a picture has the agent, the goal and the obstacle where they are", () => {
  using env = new ToyEnv("around", { observation: "state", maxSteps });
  env.reset(1, { vector: [-0.5, 0, 0.5, 0.5] });
  const { pixels } = env.render({ width: 100, height: 100 });
  const at = (x: number, y: number) => [
    ...pixels.subarray(4 * (100 * (50 - 50 * y) + 50 + 50 * x)).slice(0, 3),
  ];
  expect([at(-0.5, 0), at(0.5, 0.5), at(0, 0), at(0.9, -0.9)]).toEqual([
    [0, 114, 178],
    [242, 38, 178],
    [150, 150, 150],
    [250, 250, 248],
  ]);
  const wide = env.render({ width: 200, height: 100 }).pixels;
  expect([...wide.subarray(0, 3)]).toEqual([226, 226, 222]); // left of the square
  expect(() => env.render({ camera: "corner" })).toThrow("toy/around has no cameras, got corner.");
});
