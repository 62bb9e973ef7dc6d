/**
 * @file Recorded official episodes of ten other seeds: how each starts, and two steps of it, in single precision. What
 * is recorded lies before the step from which errors of rounding decide how the official episode goes on.
 */
import { describe, expect, test } from "vitest";
import { readText } from "../../platform/index.ts";
import { loadEngine } from "../engine.ts";
import { MetaworldEnv } from "./environment.ts";
import { act } from "./expert.ts";
import { officialVectors } from "./goals.ts";
import { tasks } from "./tasks.ts";

interface RecordedEpisode {
  readonly seed: number;
  readonly goal: number;
  /** Frame and goal. */
  readonly reset: readonly number[];
  /** Number of a step from 0, reward, frame. */
  readonly steps: readonly (readonly number[])[];
  /** The official policy's actions where our expert has its own. */
  readonly actions?: readonly (readonly number[])[];
  /** Random actions, each for five steps. */
  readonly held?: readonly (readonly number[])[];
}

const path = new URL("fixtures/other-seeds.json.gz", import.meta.url).pathname;
const recorded: Record<string, readonly RecordedEpisode[]> = JSON.parse(await readText(path));
const engine = await loadEngine();

test("every task has such episodes, of at least ten seeds", () => {
  expect(Object.keys(recorded).sort()).toEqual(Object.keys(tasks).sort());
  const seeds = Object.values(recorded).map((episodes) => new Set(episodes.map(({ seed }) => seed)).size);
  expect(Math.min(...seeds)).toBeGreaterThanOrEqual(10);
});

test("experts that give the official actions are tested by their own", () => {
  const given = Object.keys(recorded).filter((name) => recorded[name].some(({ actions }) => actions));
  expect(given).toEqual(Object.keys(recorded).filter((name) => tasks[name].expert.differs !== undefined));
});

describe.each(Object.entries(recorded))("%s", (name, episodes) => {
  const { task, expert } = tasks[name];
  test("goes as the official one from other seeds' goals", { timeout: 60_000 }, () => {
    using env = new MetaworldEnv(engine, task);
    const apart = episodes.flatMap((episode) => {
      const { seed, goal, reset, steps, actions, held } = episode;
      const differs = (what: string, numbers: ArrayLike<number>, right: readonly number[], limit: number) => {
        const difference = Math.max(...right.map((x, i) => Math.abs(numbers[i] - x)));
        return difference <= limit ? [] : [`seed ${seed}, goal ${goal}, ${what}: ${difference}`];
      };
      const vector = officialVectors(task, seed, goal + 1)[goal];
      let { observation } = env.reset(undefined, { vector });
      const start = differs("reset", [...observation.subarray(0, 18), ...env.goal], reset, 1e-6);
      const given = (t: number) => actions?.[t] ?? held?.[Math.floor(t / 5)];
      const last = steps.at(-1)?.[0] ?? -1;
      const later = Array.from({ length: last + 1 }, (_, t) => {
        const action = given(t)?.map((x) => Math.min(Math.max(x, -1), 1)) ?? act(expert, observation);
        const step = env.step(action);
        observation = step.observation;
        const [, reward, ...frame] = steps.find(([at]) => at === t) ?? [t, step.reward];
        return [
          ...differs(`reward ${t}`, [step.reward], [reward], 2e-6),
          ...differs(`step ${t}`, observation, frame, 1e-6),
        ];
      });
      return [...start, ...later.flat()];
    });
    expect(apart).toEqual([]);
  });
});
