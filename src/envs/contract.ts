/**
 * @file Promises of every environment, as checks: the tests run them over all families, `sodp env check` over a user's
 * own.
 */
import { Random, sizeOfSpace, UserError } from "../base/index.ts";
import type { Env, Step } from "./env.ts";

/** A new environment of one task each time. */
type Make = () => Promise<Env>;

/** Longest part of an episode that a check plays. */
const mostSteps = 60;

/** Promises by what they say; each throws an error that says how it was broken. */
export const promises: Readonly<Record<string, (make: Make) => Promise<void>>> = {
  async "sizes are those of its spaces"(make) {
    using env = await make();
    const { spaces, maxSteps } = env.spec;
    const size = sizeOfSpace(spaces.observation);
    if (!(maxSteps >= 1)) throw new Error(`maxSteps is ${maxSteps}, expected at least 1`);
    expectEqual("numbers of the first observation", env.reset(1).observation.length, size);
    expectEqual("numbers of the second observation", firstStep(env).observation.length, size);
  },

  async "observations and rewards are finite"(make) {
    using env = await make();
    for (const [t, { observation, reward, fault }] of play(env, 3).entries()) {
      if (fault !== undefined) throw new Error(fault);
      const wrong = observation.findIndex((x) => !Number.isFinite(x));
      if (wrong !== -1) throw new Error(`number ${wrong} observed at step ${t} is ${observation[wrong]}`);
      if (!Number.isFinite(reward)) throw new Error(`the reward of step ${t} is ${reward}`);
    }
  },

  async "the same seed and actions give the same episode, whatever happened before"(make) {
    using env = await make();
    using other = await make();
    const first = play(env, 7);
    play(env, 8);
    expectEqual("the episode of seed 7, again", play(env, 7), first);
    expectEqual("the episode of seed 7 in another environment", play(other, 7), first);
  },

  async "an observation is the caller's to change"(make) {
    using env = await make();
    using other = await make();
    env.reset(2).observation.fill(9);
    other.reset(2);
    const [action] = actionsOf(env, 2);
    env.step(action).observation.fill(9);
    other.step(action);
    expectEqual("the step after", env.step(action), other.step(action));
  },

  async "an episode ends, after maxSteps at the latest, and is not stepped further"(make) {
    using env = await make();
    refused("a step before the first reset", () => firstStep(env));
    env.reset(4);
    const end = Math.min(env.spec.maxSteps, 2000);
    let steps = 0;
    for (let over = false; !over && steps < end; steps++) {
      const { terminated, truncated } = firstStep(env);
      over = terminated || truncated;
      if (terminated && truncated) throw new Error(`step ${steps + 1} is both terminated and truncated`);
      if (steps + 1 === env.spec.maxSteps && !over)
        throw new Error(`it goes on after maxSteps, ${steps + 1}`);
    }
    if (steps < end || end === env.spec.maxSteps) refused("a step after the end", () => firstStep(env));
    env.reset(5); // and another episode begins
    firstStep(env);
  },

  async "what is no action is refused"(make) {
    using env = await make();
    env.reset(1);
    const size = sizeOfSpace(env.spec.spaces.action);
    refused("an action of another size", () => env.step(new Float32Array(size + 1)));
    refused("NaN in an action", () => env.step(new Float32Array(size).fill(Number.NaN)));
    refused("a number above 1 in an action", () => env.step(new Float32Array(size).fill(1.5)));
  },

  async "it goes on exactly after save and restore, or says that it cannot be saved"(make) {
    using env = await make();
    using other = await make();
    env.reset(6);
    const actions = actionsOf(env, 6);
    for (const action of actions.slice(0, 5)) env.step(action);
    let saved: ReturnType<Env["save"]>;
    try {
      saved = structuredClone(env.save());
    } catch (error) {
      if (error instanceof UserError) return;
      throw error;
    }
    const goOn = (each: Env) => [...actions.slice(5, 20).map((action) => each.step(action)), each.reset()];
    if (env.spec.maxSteps < 20) return;
    const expected = goOn(env);
    other.restore(saved);
    expectEqual("what a restored environment does", goOn(other), expected);
    env.restore(saved);
    expectEqual("what it does when it is restored itself", goOn(env), expected);
  },

  async "a disposed one says so"(make) {
    const env = await make();
    env.reset(1);
    env[Symbol.dispose]();
    env[Symbol.dispose]();
    refused("a step of a disposed environment", () => firstStep(env));
    refused("a reset of a disposed environment", () => env.reset(1));
  },
};

/** The promises that an environment breaks, and how: sentences. Empty if it keeps all. */
export async function brokenPromises(make: Make): Promise<readonly string[]> {
  const broken: string[] = [];
  for (const [promise, check] of Object.entries(promises)) {
    await check(make).catch((error: unknown) => {
      const how = error instanceof Error ? error.message : String(error);
      broken.push(`Not kept: ${promise}: ${how.replace(/\.$/, "")}.`);
    });
  }
  return broken;
}

/** Random actions, the same for the same seed. */
function actionsOf({ spec }: Env, seed: number): readonly Float32Array[] {
  const random = new Random(seed);
  const size = sizeOfSpace(spec.spaces.action);
  const draw = () => random.fillUniform(new Float32Array(size)).map((x) => 2 * x - 1);
  return Array.from({ length: mostSteps }, draw);
}

/** The first steps of an episode of random actions. */
function play(env: Env, seed: number): readonly Pick<Step, "observation" | "reward" | "fault">[] {
  const steps: Pick<Step, "observation" | "reward" | "fault">[] = [];
  steps.push({ observation: env.reset(seed).observation, reward: 0 });
  for (const action of actionsOf(env, seed)) {
    const step = env.step(action);
    steps.push(step);
    if (step.terminated || step.truncated) break;
  }
  return steps;
}

const firstStep = (env: Env): Step => env.step(new Float32Array(sizeOfSpace(env.spec.spaces.action)));

/** Throws unless both have the same numbers. */
function expectEqual(what: string, given: unknown, expected: unknown): void {
  const [here, there] = [given, expected].map((value) => JSON.stringify(value, plain));
  if (here !== there) throw new Error(`${what}: expected ${short(there)}, got ${short(here)}`);
}

/** JSON has neither typed arrays nor numbers that are none. */
const plain = (_: string, value: unknown): unknown =>
  ArrayBuffer.isView(value) ? Array.from(value as Float64Array) : Number.isNaN(value) ? "NaN" : value;

const short = (text: string): string => (text.length > 80 ? `${text.slice(0, 80)}...` : text);

/** Throws unless `call` throws a UserError. */
function refused(what: string, call: () => unknown): void {
  try {
    call();
  } catch (error) {
    if (error instanceof UserError) return;
    throw new Error(`${what} throws ${error} instead of a UserError`);
  }
  throw new Error(`${what} is not refused`);
}
