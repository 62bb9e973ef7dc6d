/**
 * @file A family of environments is one record: here, a dial that must be turned to a mark. As a line of the table, or as a
 * module of the user's, it is all that commands need; its tests are those of every family.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { Random, UserError } from "../../src/base/index.ts";
import {
  checkAction,
  defineFamily,
  type Env,
  type EnvState,
  families,
  findEnv,
  makeEnvOn,
  optionsOf,
  playScripted,
  promises,
} from "../../src/envs/index.ts";
import { nodeHost } from "../../src/envs/pool/index.ts";

const spaces = {
  observation: { state: { shape: [2], names: ["angle", "mark"] } },
  action: { action: { shape: [1] } },
};

interface DialState extends EnvState {
  readonly angle: number;
  readonly mark: number;
  readonly steps: number;
  readonly random: ReturnType<Random["state"]>;
}

function makeDial(maxSteps: number): Env {
  const name = "dial/turn";
  let random = new Random(0);
  let state: { angle: number; mark: number; steps: number } | "new" | "disposed" = "new";
  const observe = ({ angle, mark }: { angle: number; mark: number }) => Float64Array.of(angle, mark);
  const running = () => {
    if (typeof state === "string") throw new UserError(`The dial is ${state}.`);
    return state;
  };
  return {
    spec: { name, spaces, maxSteps, controlPeriod: 0.1 },
    reset(seed) {
      if (state === "disposed") running();
      if (seed !== undefined) random = new Random(seed);
      state = { angle: 0, mark: 2 * random.uniform() - 1, steps: 0 };
      return { observation: observe(state), info: {} };
    },
    step(action) {
      const now = running();
      if (now.steps >= maxSteps) throw new UserError("The episode is over.");
      checkAction(action, 1);
      now.angle += 0.1 * action[0];
      now.steps++;
      const error = Math.abs(now.angle - now.mark);
      const truncated = now.steps === maxSteps;
      return {
        ...{ observation: observe(now), reward: 1 - error, success: error < 0.02 },
        ...{ terminated: false, truncated, info: { error } },
      };
    },
    save: (): DialState => ({ name, ...running(), random: random.state() }),
    restore(saved) {
      const { angle, mark, steps, random: stream } = saved as DialState;
      state = { angle, mark, steps };
      random = Random.restore(stream);
    },
    [Symbol.dispose]() {
      state = "disposed";
    },
  };
}

const dial = defineFamily({
  name: "dial",
  summary: "a dial is turned to a mark",
  tasks: ["turn"],
  suites: {},
  options: z.strictObject({ maxSteps: z.int().positive().default(30) }),
  spaces: () => spaces,
  expert: () => ({
    actionSize: 1,
    act: ([angle, mark]: ArrayLike<number> & Iterable<number>) =>
      Float32Array.of(Math.min(Math.max(10 * (mark - angle), -1), 1)),
  }),
  make: (_, { maxSteps }) => makeDial(maxSteps),
});

describe.each(["a line of the table", "a module of the user's"])("as %s", (way) => {
  const table = families as Record<string, unknown>;
  const own = way === "a line of the table" ? undefined : dial;
  beforeAll(() => {
    if (own === undefined) table.dial = dial;
  });
  afterAll(() => delete table.dial);
  const make = (options = {}) => makeEnvOn(nodeHost, { env: "dial/turn", ...options }, own);

  test("its tasks are found, with and without its name, and misspelt ones answered", () => {
    expect(findEnv("dial/turn", own)).toEqual({ name: "dial/turn", family: dial, task: "turn" });
    expect(findEnv("turn", own).name).toBe("dial/turn");
    expect(() => findEnv("dial/trun", own)).toThrow('Unknown task "dial/trun". Known: dial/turn,');
  });

  test("its options are checked", async () => {
    expect(optionsOf(dial, { env: "dial/turn" })).toEqual({ maxSteps: 30 });
    await expect(make({ size: 3 })).rejects.toThrow("dial has no option size. Its options: maxSteps.");
  });

  test.each(Object.entries(promises))("it keeps the contract: %s", (_, check) => check(() => make()));

  test("its expert solves it", async () => {
    using env = await make();
    const expert = dial.expert?.("turn", { maxSteps: 30 });
    expect(expert && playScripted(env, expert, { seed: 5 }).success).toBe(true);
  });
});
