import { describe, expect, test } from "vitest";
import { taskSuite } from "../../../test/task-suite.ts";
import { loadEngine } from "../engine.ts";
import { distance, subtract } from "../geometry.ts";
import { MetaworldEnv } from "./environment.ts";
import { act } from "./expert.ts";
import { drawVector, officialVectors } from "./goals.ts";
import { findTask, suites, tasks } from "./tasks.ts";

const engine = await loadEngine();
const still = new Float32Array(4);

function reachEnv(options = {}): MetaworldEnv {
  return new MetaworldEnv(engine, findTask("reach").task, options);
}

describe.each(Object.entries(tasks))("%s", (_, { task, expert }) => taskSuite(engine, task, expert));

test("names are accepted as Meta-World writes them", () => {
  expect(findTask("metaworld/drawer-open-v3")).toBe(findTask("drawer-open"));
  expect(() => findTask("drawer-opn")).toThrow('Unknown task "drawer-opn". Known: drawer-open');
});

test("the suites have their sizes", () => {
  const sizes = Object.fromEntries(Object.entries(suites).map(([name, list]) => [name, list.length]));
  expect(sizes).toEqual({ mt10: 10, mt50: 50, easy: 28, medium: 11, hard: 6, "very-hard": 5 });
});

test("official goals are the fifty of their seed, by number or drawn", () => {
  const { task } = findTask("reach");
  using env = reachEnv({ goals: { kind: "official", seed: 42 } });
  env.reset(0, { goal: 17 });
  expect(env.goal).toEqual(officialVectors(task, 42)[17].slice(3));
  env.reset(0);
  expect(officialVectors(task, 42).map((vector) => vector.slice(3))).toContainEqual([...env.goal]);
  expect(() => env.reset(0, { goal: 50 })).toThrow("Goals are numbered 0 to 49, got 50.");
});

test("a draw that is too near to where the goal will be is drawn again", () => {
  const { task } = findTask("sweep-into");
  const drawn = [0.5, 0.9005, 0.5, 0.5, 0.95, 0.5, 0.25, 0.5, 0.5, 0.5, 0.5, 0.5];
  expect(drawVector(task, () => drawn.shift() ?? 0)[0]).toBe(-0.05);
});

test("a hidden goal is observed as zeros", () => {
  using env = reachEnv({ goalVisible: false });
  expect([...env.reset(1).observation.slice(36)]).toEqual([0, 0, 0]);
  expect([...env.step(still).observation.slice(36)]).toEqual([0, 0, 0]);
});

test("an episode is truncated when its time is out, and not stepped further", () => {
  using env = reachEnv({ maxSteps: 3 });
  env.reset(1);
  const flags = [1, 2, 3].map(() => env.step(still).truncated);
  expect(flags).toEqual([false, false, true]);
  expect(() => env.step(still)).toThrow("The episode is over: call reset before the next step.");
});

test("mistakes are told in a sentence", () => {
  const env = reachEnv();
  expect(() => env.step(still)).toThrow("No episode is running: call reset first.");
  env.reset(1);
  expect(() => env.step([0, 0, 0])).toThrow("An action has 4 numbers, got 3.");
  expect(() => env.step([0, Number.NaN, 0, 0])).toThrow("Actions lie in [-1, 1]; number 1 is NaN.");
  expect(() => env.step([0, 0, 1.5, 0])).toThrow("Actions lie in [-1, 1]; number 2 is 1.5.");
  expect(() => env.reset(1, { vector: [1, 2] })).toThrow("reach: a start vector has 6 finite numbers");
  env[Symbol.dispose]();
  expect(() => env.reset(1)).toThrow("This environment was disposed; make a new one.");
});

test("a disposed environment says so, whatever it is asked", () => {
  const env = reachEnv();
  env.reset(1);
  const state = env.save();
  env[Symbol.dispose]();
  env[Symbol.dispose]();
  const disposed = "This environment was disposed; make a new one.";
  expect(() => env.step(still)).toThrow(disposed);
  expect(() => env.save()).toThrow(disposed);
  expect(() => env.restore(state)).toThrow(disposed);
});

test("an observation is the caller's to change", () => {
  using env = reachEnv();
  using other = reachEnv();
  env.reset(1).observation.fill(9);
  other.reset(1);
  env.step(still).observation.fill(9);
  other.step(still);
  expect(env.save()).toEqual(other.save());
  expect(env.step(still)).toEqual(other.step(still));
});

test("a camera on the hand is where the hand is, after every step", () => {
  using env = reachEnv();
  env.reset(1);
  const fromHand = () => subtract(env.sim.cameraPosition("gripperPOV"), env.sim.bodyPosition("hand"));
  const before = fromHand();
  env.step([1, 1, -1, 0]);
  env.step([1, 1, -1, 0]);
  expect(distance(fromHand(), before)).toBeLessThan(1e-9);
});

test("a restored environment draws the next episodes as the saved one does", () => {
  using env = reachEnv();
  using other = reachEnv();
  env.reset(5);
  env.reset();
  other.restore(env.save());
  expect(other.reset()).toEqual(env.reset());
});

test("a state of another environment is refused", () => {
  using env = reachEnv();
  using other = new MetaworldEnv(engine, findTask("push").task);
  other.reset(1);
  expect(() => env.restore(other.save())).toThrow(
    'This state belongs to "metaworld/push"; the environment is "metaworld/reach".',
  );
});

test("a reward that is no number ends the episode and is reported", () => {
  const { task } = findTask("reach");
  const evaluate = () => ({ reward: Number.NaN, success: true, terms: {} });
  using env = new MetaworldEnv(engine, { ...task, evaluate });
  env.reset(1);
  const step = env.step(still);
  expect(step.fault).toContain("metaworld/reach: the simulation diverged at step 1");
  expect(step).toMatchObject({ reward: 0, success: false, truncated: true });
});

describe("leaks", { timeout: 60_000 }, () => {
  /** End of the engine's heap: the address that a new megabyte gets. */
  function heapEnd(): number {
    const megabyte = new engine.DoubleBuffer(2 ** 17);
    const address = (megabyte.GetView() as Float64Array).byteOffset;
    megabyte.delete();
    return address;
  }

  test("ten thousand resets leave no byte in the engine's memory", () => {
    using env = reachEnv();
    env.reset(1);
    const before = heapEnd();
    for (let i = 0; i < 10_000; i++) {
      env.reset();
      if (i % 100 > 0) continue;
      env.step(still);
      env.restore(env.save());
    }
    expect(heapEnd()).toBe(before);
  });

  test("nor do environments that come and go", () => {
    const comeAndGo = () => {
      using env = reachEnv();
      env.reset(1);
      env.step(still);
    };
    for (let i = 0; i < 20; i++) comeAndGo(); // the engine's caches fill
    const before = heapEnd();
    for (let i = 0; i < 100; i++) comeAndGo();
    expect(heapEnd()).toBeLessThan(before + 20_000); // gaps between allocations come and go; an environment is above 1 MB
  });
});

test("numbers lost by the simulator end the episode and are reported", () => {
  using env = reachEnv();
  const { observation } = env.reset(1);
  const before = env.step(still);
  env.sim.qvel[0] = Number.NaN;
  const step = env.step(still);
  expect(step.fault).toContain("metaworld/reach: the simulation diverged at step 2");
  expect(step).toMatchObject({ reward: 0, truncated: true, observation: before.observation });
  expect(() => env.step(still)).toThrow("The episode is over");
  expect(env.reset(1).observation).toEqual(observation);
});

test.each(["drawer-open", "coffee-button", "stick-pull"])(
  "%s: what is seen stands where the simulation is, and looking does not disturb it",
  (name) => {
    const { task, expert } = findTask(name);
    using env = new MetaworldEnv(engine, task);
    using other = new MetaworldEnv(engine, task);
    let { observation } = env.reset(4);
    other.reset(4);
    for (let step = 0; step < 60; step++) {
      const action = act(expert, observation);
      const seen = env.sim.seen();
      const { bodies, sites, geomContype, geomConaffinity } = seen.figures();
      const visual = geomContype.filter((type, geom) => type === 0 && geomConaffinity[geom] === 0).length;
      expect(visual).toBeGreaterThan(10);
      for (const body of bodies.filter((body) => body !== ""))
        expect(seen.bodyPosition(body), body).toEqual(env.sim.bodyPosition(body));
      for (const site of sites.filter((site) => site !== ""))
        expect(seen.sitePosition(site), site).toEqual(env.sim.sitePosition(site));
      observation = env.step(action).observation;
      expect(other.step(action).observation).toEqual(observation);
    }
  },
);
