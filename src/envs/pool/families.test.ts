import { describe, expect, test } from "vitest";
import { Random, requireSameSpaces, vectorSpaces } from "../../base/index.ts";
import {
  brokenPromises,
  canonicalTask,
  EnvOptions,
  envsNamed,
  families,
  findEnv,
  optionsOf,
  playScripted,
  promises,
  suites,
  taskOf,
  withNoise,
} from "../index.ts";
import { nodeHost } from "./host.ts";
import { makeEnv } from "./make-env.ts";

/** Of each family, one of the tasks that its contract is tried on, with options. Nothing enters the table without. */
const examples: Readonly<Record<string, readonly Readonly<Record<string, unknown> & { env: string }>[]>> = {
  metaworld: [
    { env: "metaworld/drawer-open" },
    { env: "metaworld/stick-pull", goals: { kind: "official", seed: 1 }, goalVisible: false, maxSteps: 30 },
  ],
  python: [
    {
      env: `python/${import.meta.dirname}/../python/fixtures/counting_env.py:make`,
      arguments: { steps: 25 },
      maxSteps: 30,
    },
  ],
  toy: [
    { env: "toy/reach" },
    { env: "toy/corner", observation: "pointCloud" },
    { env: "toy/around", observation: "pointCloud", maxSteps: 30 },
  ],
};

test("every family has examples", () => expect(Object.keys(examples)).toEqual(Object.keys(families)));

describe.each(Object.values(examples).flat())("$env", { timeout: 60_000 }, (config) => {
  test.each(Object.entries(promises))("%s", (_, check) => check(() => makeEnv(config)));

  test("its spaces are those its family says, without making it", async () => {
    const { family, task, name } = findEnv(config.env);
    using env = await makeEnv(config);
    const spaces = await family.spaces(task, optionsOf(family, config), nodeHost);
    requireSameSpaces("The environment", env.spec.spaces, "its family", spaces);
    expect(env.spec.name).toBe(name);
  });
});

describe.each(Object.values(families))("the family $name", (family) => {
  test("is in the table under its own name, and its suites list its tasks", () => {
    expect(families[family.name]).toBe(family);
    for (const tasks of Object.values(family.suites))
      expect(family.tasks).toEqual(expect.arrayContaining([...tasks]));
    expect(family.tasks.length > 0 || family.openTasks !== undefined).toBe(true);
  });

  test("has defaults for all of its options", () =>
    expect(() => optionsOf(family, { env: "" })).not.toThrow());

  const scripted = family.expert && family.tasks.length > 0;
  test.skipIf(!scripted)("has experts that solve most of their tasks", { timeout: 60_000 }, async () => {
    for (const task of family.tasks.slice(0, 3)) {
      const config = { env: `${family.name}/${task}` };
      const expert = family.expert?.(task, optionsOf(family, config));
      if (expert === undefined) continue;
      using env = await makeEnv(config);
      const played = Array.from({ length: 5 }, (_, seed) => playScripted(env, expert, { seed }));
      expect([task, played.filter(({ success }) => success).length >= 4]).toEqual([task, true]);
    }
  });
});

test("what breaks the contract is told in sentences", async () => {
  const broken = await brokenPromises(async () => {
    const env = await makeEnv({ env: "toy/reach" });
    let resets = 0;
    return {
      ...{
        spec: { ...env.spec, spaces: vectorSpaces(9, 2) },
        save: () => env.save(),
        restore: (state) => env.restore(state),
      },
      reset: (seed) => env.reset((seed ?? 0) + resets++),
      step: (action) => ({ ...env.step(Array.from(action).slice(0, 2)), reward: Number.NaN }),
      [Symbol.dispose]() {},
    };
  });
  expect(broken).toEqual(
    expect.arrayContaining([
      "Not kept: sizes are those of its spaces: numbers of the first observation: expected 9, got 7.",
      "Not kept: observations and rewards are finite: the reward of step 1 is NaN.",
      expect.stringMatching(
        /^Not kept: the same seed and actions give the same episode, .*: expected \[.*got \[/,
      ),
      "Not kept: what is no action is refused: an action of another size is not refused.",
      "Not kept: a disposed one says so: a step of a disposed environment is not refused.",
    ]),
  );
});

describe("names of tasks", () => {
  test.each([
    ["metaworld/drawer-open", "metaworld/drawer-open"],
    ["drawer-open", "metaworld/drawer-open"],
    ["drawer-open-v3", "metaworld/drawer-open"],
    ["Meta-World/drawer-open-v3", "metaworld/drawer-open"],
    ["metaworld-drawer-open-v3", "metaworld/drawer-open"],
    ["drawer-open-v3-goal-observable", "metaworld/drawer-open"],
    ["metaworld/drawer-open-v3", "metaworld/drawer-open"],
    ["drawer_open", "metaworld/drawer-open"],
    ["reach", "metaworld/reach"],
    ["toy/reach", "toy/reach"],
    ["around", "toy/around"],
    ["python/HalfCheetah-v5", "python/HalfCheetah-v5"],
    ["python/envs/mine.py:make", "python/envs/mine.py:make"],
  ])("%s is %s", (given, name) => {
    expect(findEnv(given).name).toBe(name);
    expect(canonicalTask(given)).toBe(name);
    expect(`${findEnv(given).family.name}/${taskOf(name)}`).toBe(name);
  });

  test.each([
    ["drawer-opn", /^Unknown task "drawer-opn"\. Known: metaworld\/drawer-open, .* and 41 more\.$/],
    ["toy/reech", /^Unknown task "toy\/reech"\. Known: toy\/reach, /],
    ["drawer-open-v2", /^Unknown task "drawer-open-v2"\. Known: metaworld\/drawer-open, /],
    ["metaworld/recah-v3", /^Unknown task "metaworld\/recah-v3"\. Known: metaworld\/reach/],
  ])("%s is refused with what is near", (name, sentence) => {
    expect(() => findEnv(name)).toThrow(sentence);
  });

  test("that nobody knows stay as they are in data", () =>
    expect(canonicalTask("halfcheetah-medium")).toBe("halfcheetah-medium"));

  test("may be suites, each task once", () => {
    expect(envsNamed(["toy/reach", "mt10", "drawer-open"])).toEqual(["toy/reach", ...suites.mt10]);
    expect(envsNamed(["very-hard"])).toEqual(envsNamed(["very hard"]));
    expect(envsNamed(["metaworld/very-hard"])).toHaveLength(5);
    expect(envsNamed(["toy"])).toEqual(["toy/reach", "toy/corner", "toy/around"]);
    expect(() => envsNamed(["mt51"])).toThrow('Unknown task or suite "mt51". Known: mt50, mt10');
  });

  test("of suites are the same everywhere, and no two families share one", () => {
    expect(Object.keys(suites)).toEqual(["mt10", "mt50", "easy", "medium", "hard", "very-hard", "toy"]);
    const all = Object.values(families).flatMap((family) => Object.keys(family.suites));
    expect(new Set(all).size).toBe(all.length);
  });
});

describe("options", () => {
  test("are checked by the family, in a sentence", () => {
    const toy = (options: object) => optionsOf(families.toy, { env: "toy/reach", ...options });
    expect(toy({ module: "x.ts", maxSteps: undefined })).toEqual({ observation: "state", maxSteps: 50 });
    expect(() => toy({ goals: 3 })).toThrow("toy has no option goals. Its options: observation, maxSteps.");
    expect(() => toy({ observation: "smell" })).toThrow(/^Option observation of toy: .*got "smell"\.$/);
  });

  test("of all families are one schema that requires none", () => {
    expect(EnvOptions.parse({})).toEqual({});
    const { maxSteps } = EnvOptions.shape;
    expect(maxSteps.description).toBe(
      "steps after which an episode is truncated (metaworld: 500, python, toy: 50)",
    );
  });

  test("that two families share have one meaning", () => {
    for (const name of Object.keys(EnvOptions.shape)) {
      const having = Object.values(families).flatMap(({ options }) => options.shape[name] ?? []);
      expect([name, new Set(having.map(({ description }) => description)).size]).toEqual([name, 1]);
    }
  });
});

test("noise makes a family's expert worse, and equal streams make it equally bad", async () => {
  const expert = families.toy.expert?.("reach", { observation: "pointCloud" });
  if (expert === undefined) throw new Error("The toy family has experts.");
  using env = await makeEnv({ env: "toy/reach", observation: "pointCloud" });
  const play = () =>
    playScripted(env, { act: withNoise(expert, { wrongGoal: 0.3 }, new Random(1)) }, { seed: 3 });
  expect(play().success).toBe(false);
  expect(play()).toEqual(play());
});
