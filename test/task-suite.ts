/** @file Promises of every Meta-World task, whatever its record says. */
import { expect, test } from "vitest";
import type { Engine } from "../src/envs/index.ts";
import { MetaworldEnv } from "../src/envs/metaworld/environment.ts";
import { act, type Expert } from "../src/envs/metaworld/expert.ts";
import type { Task } from "../src/envs/metaworld/task.ts";

/** The tests of a task and its expert. */
export function taskSuite(engine: Engine, task: Task, expert: Expert): void {
  const make = () => new MetaworldEnv(engine, task);

  /** Observations of `steps` expert steps, flat. */
  const play = (env: MetaworldEnv, seed: number, steps: number): number[] => {
    let { observation } = env.reset(seed);
    const seen = [...observation];
    for (let i = 0; i < steps; i++) {
      observation = env.step(act(expert, observation)).observation;
      seen.push(...observation);
    }
    return seen;
  };

  test("repeats an episode exactly from the same seed, whatever happened before", () => {
    using env = make();
    using other = make();
    const first = play(env, 7, 40);
    play(env, 8, 25);
    expect(play(env, 7, 40)).toEqual(first);
    expect(play(other, 7, 40)).toEqual(first);
  });

  test("goes on as if nobody had looked, with rewards from 0 to 10", () => {
    using env = make();
    using watched = make();
    watched.reset(5);
    let { observation } = env.reset(5);
    for (let i = 0; i < 40; i++) {
      const action = act(expert, observation);
      watched.step(action);
      watched.sim.eachContact(() => {});
      const step = env.step(action);
      observation = step.observation;
      expect(step.reward).toBeGreaterThanOrEqual(0);
      expect(step.reward).toBeLessThanOrEqual(10);
    }
    expect(watched.save()).toEqual(env.save());
  });

  test("goes on exactly after save and restore", () => {
    using env = make();
    using other = make();
    play(env, 3, 35);
    const saved = env.save();
    const steps = (played: MetaworldEnv) =>
      Array.from({ length: 10 }, (_, i) => played.step([0.3, -0.2, -0.5, i / 10]));
    const expected = steps(env);
    other.restore(saved);
    expect(steps(other)).toEqual(expected);
    env.restore(saved);
    expect(steps(env)).toEqual(expected);
  });
}
