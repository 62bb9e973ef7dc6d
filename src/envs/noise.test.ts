import { describe, expect, test } from "vitest";
import { Random } from "../base/index.ts";
import { loadEngine } from "./engine.ts";
import { MetaworldEnv } from "./metaworld/environment.ts";
import { scripted } from "./metaworld/expert.ts";
import { findTask } from "./metaworld/tasks.ts";
import { type Actor, calibrateNoise, type Noise, successRate, withNoise } from "./noise.ts";
import type { ScriptedPolicy } from "./scripted-policy.ts";

const engine = await loadEngine();
/** Meta-World's way with actions that `act` chooses. */
const acting = (act: Actor): ScriptedPolicy => ({ ...scripted(findTask("reach").expert), act });
const still = acting(() => new Float32Array(4));
const observation = new Float64Array(39).fill(0.5);

/** Actions of a noisy policy, one row per step. */
function actions(policy: ScriptedPolicy, noise: Noise, steps: number, seed = 1): Float32Array[] {
  const noisy = withNoise(policy, noise, new Random(seed));
  return Array.from({ length: steps }, () => noisy(observation));
}

const everything: Noise = {
  gaussian: 0.3,
  random: 0.2,
  bursts: 0.05,
  burstSteps: 4,
  bias: [0.1, 0, 0, -0.1],
  stop: 0.01,
  wrongGoal: 0.1,
  wrongObject: 0.05,
};

test("no noise is the policy itself", () => {
  const expert = scripted(findTask("drawer-open").expert);
  expect(actions(expert, {}, 1)).toEqual([expert.act(observation)]);
});

test("equal streams spoil equally, others do not", () => {
  const first = actions(still, everything, 100);
  expect(actions(still, everything, 100)).toEqual(first);
  expect(actions(still, everything, 100, 2)).not.toEqual(first);
  expect(first.flatMap((action) => [...action]).every((x) => Math.abs(x) <= 1)).toBe(true);
});

test("Gaussian noise has its deviation, the bias its mean", () => {
  const numbers = actions(still, { gaussian: 0.2, bias: [0.1, 0.1, 0.1, 0.1] }, 2000).flatMap((a) => [...a]);
  const mean = numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
  const variance = numbers.reduce((sum, x) => sum + (x - mean) ** 2, 0) / numbers.length;
  expect(mean).toBeCloseTo(0.1, 2);
  expect(Math.sqrt(variance)).toBeCloseTo(0.2, 2);
});

test("random actions come as often as they should", () => {
  const moved = actions(still, { random: 0.3 }, 2000).filter((action) => action.some((x) => x !== 0));
  expect(moved.length / 2000).toBeCloseTo(0.3, 1);
});

test("a burst holds one action", () => {
  const lengths: number[] = [];
  let last = "";
  for (const action of actions(still, { bursts: 0.02, burstSteps: 7 }, 2000)) {
    const now = action.join();
    if (now !== "0,0,0,0" && now === last) lengths[lengths.length - 1]++;
    else if (now !== "0,0,0,0") lengths.push(1);
    last = now;
  }
  expect(lengths.length).toBeGreaterThan(10);
  expect(new Set(lengths.slice(0, -1))).toEqual(new Set([7]));
});

test("an arm that stops keeps its fingers as they are", () => {
  const moves = actions(
    acting(() => Float32Array.of(1, 1, 1, 0.5)),
    { stop: 0.1 },
    200,
  );
  const stop = moves.findIndex((action) => action[0] === 0);
  expect(stop).toBeGreaterThan(0);
  expect(moves.slice(stop)).toEqual(moves.slice(stop).map(() => Float32Array.of(0, 0, 0, 0.5)));
});

test("one kind of noise leaves what the others draw", () => {
  const alone = actions(still, { random: 0.1 }, 50);
  const together = actions(still, { random: 0.1, wrongGoal: 1, stop: 0 }, 50);
  expect(together).toEqual(alone);
});

test("a wrong goal is believed in all episode long", () => {
  const seen: number[][] = [];
  const looking = acting((shown) => {
    seen.push(Array.from(shown));
    return new Float32Array(4);
  });
  actions(looking, { wrongGoal: 0.1 }, 2);
  expect(seen[0]).toEqual(seen[1]);
  expect(seen[0].slice(0, 36)).toEqual(new Array(36).fill(0.5));
  expect(seen[0].slice(36).every((x) => x !== 0.5 && Math.abs(x - 0.5) < 0.5)).toBe(true);
});

test.each<[Noise, string]>([
  [{ random: 1.5 }, 'Noise "random" is a probability from 0 to 1, got 1.5.'],
  [{ gaussian: Number.NaN }, 'Noise "gaussian" is a standard deviation from 0, got NaN.'],
  [{ burstSteps: 0 }, 'Noise "burstSteps" is a whole number from 1, got 0.'],
  [{ bias: [0.1] }, 'Noise "bias" is 4 finite numbers, got [0.1].'],
])("noise that makes no sense is refused: %j", (noise, message) => {
  expect(() => withNoise(still, noise, new Random(0))).toThrow(message);
});

describe("an expert with noise", { timeout: 60_000 }, () => {
  const { task } = findTask("reach");
  const expert = scripted(findTask("reach").expert);

  test("succeeds less the more there is, and never when it stops at once", () => {
    using env = new MetaworldEnv(engine, task, { maxSteps: 100 });
    const rate = (noise: Noise) => successRate(env, expert, noise, 10, new Random(3));
    expect(rate({})).toBe(1);
    expect(rate({ wrongGoal: 0.1 })).toBeLessThan(0.5);
    expect(rate({ stop: 1 })).toBe(0);
  });

  test("is calibrated to a wanted success, the same way each time", () => {
    using env = new MetaworldEnv(engine, task, { maxSteps: 100 });
    const found = () =>
      calibrateNoise(env, expert, (level) => ({ wrongGoal: 0.2 * level }), 0.5, {
        random: new Random(4),
        episodes: 12,
      });
    const first = found();
    expect(first.success).toBeGreaterThanOrEqual(0.4);
    expect(first.success).toBeLessThanOrEqual(0.6);
    expect(first.noise).toEqual({ wrongGoal: 0.2 * first.level });
    expect(found()).toEqual(first);
  });
});
