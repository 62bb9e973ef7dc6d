import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random } from "../base/index.ts";
import {
  fillWindow,
  type Trajectory,
  type WindowBatch,
  type WindowShape,
  windowStarts,
  windowsOfEpisodes,
} from "./windows.ts";

/** An episode whose numbers tell what they are: observation d of step t is 1000 e + t + d / 8, actions are negative. */
function episode(number: number, steps: number, observationSize = 3, actionSize = 2): Trajectory {
  const numbers = (size: number, rows: number) =>
    Float32Array.from(
      { length: rows * size },
      (_, i) => 1000 * number + Math.floor(i / size) + (i % size) / 8,
    );
  return {
    observations: numbers(observationSize, steps),
    finalObservation: new Float32Array(observationSize),
    actions: numbers(actionSize, steps).map((x) => -x),
  };
}

const patience = { timeout: 60_000 };

const shapes = fc
  .record({ nObsSteps: fc.integer({ min: 1, max: 4 }), horizon: fc.integer({ min: 4, max: 16 }) })
  .chain(({ nObsSteps, horizon }) =>
    fc.record({
      nObsSteps: fc.constant(nObsSteps),
      horizon: fc.constant(horizon),
      nActionSteps: fc.integer({ min: 1, max: horizon - nObsSteps + 1 }),
    }),
  );

const batch = (rows: number, { nObsSteps, horizon }: WindowShape) => ({
  observations: new Float32Array(rows * nObsSteps * 3),
  plans: new Float32Array(rows * horizon * 2),
});

/** Step of each row of a window. */
const stepsOf = (rows: Float32Array, size: number) =>
  Array.from({ length: rows.length / size }, (_, i) => Math.abs(rows[i * size]));

/** The steps of a window, observations before actions. */
function windowAt(out: WindowBatch, row: number, { nObsSteps, horizon }: WindowShape): string {
  const seen = out.observations.slice(3 * row * nObsSteps, 3 * (row + 1) * nObsSteps);
  return [
    ...stepsOf(seen, 3),
    ...stepsOf(out.plans.slice(2 * row * horizon, 2 * (row + 1) * horizon), 2),
  ].join();
}

/** All windows of an episode. */
function windowsIn(whole: Trajectory, shape: WindowShape): string[] {
  const { first, count } = windowStarts(whole.actions.length / 2, shape);
  return Array.from({ length: count }, (_, i) => {
    const out = batch(1, shape);
    fillWindow(whole, first + i, shape, out, 0);
    return windowAt(out, 0, shape);
  });
}

test("an example by hand: the edges repeat", () => {
  const shape = { nObsSteps: 2, horizon: 4, nActionSteps: 2 };
  expect(windowStarts(5, shape)).toEqual({ first: -1, count: 4 });
  const out = batch(4, shape);
  for (let row = 0; row < 4; row++) fillWindow(episode(0, 5), row - 1, shape, out, row);
  expect(stepsOf(out.observations, 3)).toEqual([0, 0, 0, 1, 1, 2, 2, 3]);
  expect(stepsOf(out.plans, 2)).toEqual([0, 0, 1, 2, 0, 1, 2, 3, 1, 2, 3, 4, 2, 3, 4, 4]);
});

test("a window is its episode's steps, those beyond the edges the nearest", patience, () => {
  fc.assert(
    fc.property(shapes, fc.integer({ min: 1, max: 40 }), (shape, steps) => {
      const { first, count } = windowStarts(steps, shape);
      const whole = episode(0, steps);
      const out = batch(1, shape);
      const nearest = (step: number) => Math.min(Math.max(step, 0), steps - 1);
      for (let start = first; start < first + count; start++) {
        fillWindow(whole, start, shape, out, 0);
        const rows = (column: Float32Array, size: number, count: number) =>
          Array.from({ length: count }, (_, i) => [
            ...column.subarray(size * nearest(start + i), size * (nearest(start + i) + 1)),
          ]).flat();
        expect([...out.observations]).toEqual(rows(whole.observations, 3, shape.nObsSteps));
        expect([...out.plans]).toEqual(rows(whole.actions, 2, shape.horizon));
      }
    }),
  );
});

test("windows reach T_o - 1 steps before an episode and T_a - 1 beyond it, no further", () => {
  fc.assert(
    fc.property(shapes, fc.integer({ min: 20, max: 60 }), (shape, steps) => {
      const { first, count } = windowStarts(steps, shape);
      expect(first).toBe(1 - shape.nObsSteps);
      expect(first + count - 1 + shape.horizon - steps).toBe(shape.nActionSteps - 1);
    }),
  );
});

test("every step can be the present, but for the last ones of a long plan", () => {
  const shape = { nObsSteps: 2, horizon: 16, nActionSteps: 8 };
  const { first, count } = windowStarts(200, shape);
  const presents = Array.from({ length: count }, (_, i) => first + i + shape.nObsSteps - 1);
  expect([presents[0], presents.at(-1)]).toEqual([0, 192]);
});

test("no window crosses from one episode into another, and each is met", patience, () => {
  fc.assert(
    fc.property(
      shapes,
      fc.array(fc.integer({ min: 1, max: 24 }), { minLength: 1, maxLength: 6 }),
      fc.nat(),
      (shape, lengths, seed) => {
        const counts = lengths.map((steps) => windowStarts(steps, shape).count);
        const all = counts.reduce((sum, count) => sum + count, 0);
        fc.pre(all > 0);
        const windows = windowsOfEpisodes(
          lengths.map((steps, number) => episode(number, steps)),
          shape,
        );
        expect(windows.count).toBe(all);
        const rows = 30 * all;
        const out = batch(rows, shape);
        windows.sample(new Random(seed), rows, out);
        const met = new Set(Array.from({ length: rows }, (_, row) => windowAt(out, row, shape)));
        const own = lengths.flatMap((steps, number) => windowsIn(episode(number, steps), shape));
        expect([...met].sort()).toEqual([...new Set(own)].sort());
        const crossing = [...met].filter(
          (window) => new Set(window.split(",").map((step) => Math.floor(Number(step) / 1000))).size > 1,
        );
        expect(crossing).toEqual([]);
      },
    ),
    { numRuns: 30 },
  );
});

test("equal streams draw equal windows", () => {
  const shape = { nObsSteps: 2, horizon: 4, nActionSteps: 2 };
  const windows = windowsOfEpisodes([episode(0, 30), episode(1, 20)], shape);
  const draw = (seed: number) => {
    const out = batch(16, shape);
    windows.sample(new Random(seed), 16, out);
    return out;
  };
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(2));
});

test("ranges are those of all steps", () => {
  const windows = windowsOfEpisodes([episode(0, 30), episode(1, 20)], {
    nObsSteps: 1,
    horizon: 1,
    nActionSteps: 1,
  });
  expect(windows.observationRange).toEqual({ low: [0, 0.125, 0.25], high: [1019, 1019.125, 1019.25] });
  expect(windows.actionRange).toEqual({ low: [-1019, -1019.125], high: [-0, -0.125] });
});

describe("refused in one sentence", () => {
  const shape = { nObsSteps: 2, horizon: 16, nActionSteps: 8 };
  test.each<[readonly Trajectory[], WindowShape, string]>([
    [[], shape, "Windows need at least one episode, got none."],
    [
      [episode(0, 5)],
      shape,
      "No window of horizon 16 fits: the longest of the episodes has 5 steps, it takes 8.",
    ],
    [
      [episode(0, 20), episode(1, 20, 4)],
      shape,
      "Episodes of one data set observe and act in equal sizes: episode 0 in 3 and 2, episode 1 in 4 and 2.",
    ],
    [
      [episode(0, 20)],
      { ...shape, nActionSteps: 16 },
      "Of a plan of horizon 16 on 2 observations at most 15 actions can be executed, got nActionSteps 16.",
    ],
    [[episode(0, 20)], { ...shape, horizon: 1.5 }, "A window's horizon is a whole number from 1, got 1.5."],
  ])("%#", (episodes, wrong, sentence) => {
    expect(() => windowsOfEpisodes(episodes, wrong)).toThrow(sentence);
  });
});

test("a batch for windows of another shape is refused, not filled askew", () => {
  const steps = 30;
  const episode = {
    observations: new Float32Array(steps * 3),
    finalObservation: new Float32Array(3),
    actions: new Float32Array(steps * 2),
  };
  const windows = windowsOfEpisodes([episode], { nObsSteps: 2, horizon: 16, nActionSteps: 8 });
  const batch = (horizon: number) => ({
    observations: new Float32Array(4 * 2 * 3),
    plans: new Float32Array(4 * horizon * 2),
  });
  windows.sample(new Random(0), 4, batch(16));
  expect(() => windows.sample(new Random(0), 4, batch(8))).toThrow("16 actions of 2");
  expect(() => windows.sample(new Random(0), 5, batch(16))).toThrow("a batch of 5");
});
