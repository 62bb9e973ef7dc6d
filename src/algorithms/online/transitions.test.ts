import { expect, test } from "vitest";
import { Random, vectorSpace } from "../../base/index.ts";
import { type Episode, EpisodeList, samplerOf } from "../../data/index.ts";
import { transitionColumns } from "../transition-columns.ts";
import { ObservationEncoder } from "./observation-encoder.ts";
import { TransitionBatch } from "./transitions.ts";

/** Two numbers are seen: the episode, and the step from 0; the action is a tenth of the step, the reward its double. */
function episode(task: string, number: number, steps: number, terminated: boolean): Episode {
  const each = Array.from({ length: steps }, (_, step) => step);
  return {
    task,
    seed: number,
    observations: Float32Array.from(each.flatMap((step) => [number, step])),
    finalObservation: Float32Array.of(number, steps),
    actions: Float32Array.from(each, (step) => step / 10),
    rewards: Float32Array.from(each, (step) => 2 * step),
    successes: new Uint8Array(steps),
    terminated,
  };
}

/** Transitions as agents see them, drawn twice: of the first draw nothing may be left. */
async function draw(replay: readonly Episode[], tasks: readonly string[], rows: number, random: Random) {
  const spaces = { observation: vectorSpace("state", 2), action: vectorSpace("action", 1) };
  const sampler = samplerOf(new EpisodeList(spaces, { episodes: replay, tasks }), transitionColumns());
  const encoder = new ObservationEncoder(2, tasks);
  const batch = new TransitionBatch({ replay: sampler, encoder, size: rows });
  await batch.draw(new Random(9));
  return (await batch.draw(random)).transitions;
}

test("a transition leads to the next observation of its own episode, and only a terminated one to nothing", async () => {
  const replay = [episode("a", 0, 3, false), episode("a", 1, 1, true), episode("a", 2, 5, true)];
  const batch = await draw(replay, ["a"], 2000, new Random(0));
  const lengths = [3, 1, 5];
  const counts = new Map<string, number>();
  for (let row = 0; row < 2000; row++) {
    const [number, step] = batch.observations.subarray(2 * row, 2 * row + 2);
    expect([...batch.nextObservations.subarray(2 * row, 2 * row + 2)]).toEqual([number, step + 1]);
    expect(batch.actions[row]).toBe(Math.fround(step / 10));
    expect(batch.rewards[row]).toBe(2 * step);
    expect(batch.continues[row]).toBe(number > 0 && step === lengths[number] - 1 ? 0 : 1);
    counts.set(`${number} ${step}`, (counts.get(`${number} ${step}`) ?? 0) + 1);
  }
  // Nine transitions, 2000 draws: 222 each, with a standard deviation of 14.
  expect(counts.size).toBe(9);
  for (const count of counts.values()) expect(Math.abs(count - 2000 / 9)).toBeLessThan(5 * 14);
});

test("of several tasks, an observation says which it is of", async () => {
  const replay = [episode("c", 0, 2, false), episode("a", 1, 2, false)];
  const batch = await draw(replay, ["a", "b", "c"], 50, new Random(1));
  const codes = [
    [0, 0, 1],
    [1, 0, 0],
  ];
  for (let row = 0; row < 50; row++) {
    const [number, , ...code] = batch.observations.subarray(5 * row, 5 * row + 5);
    expect(code).toEqual(codes[number]);
    expect([...batch.nextObservations.subarray(5 * row + 2, 5 * row + 5)]).toEqual(codes[number]);
  }
});

test("fitted, observations have mean 0 and deviation 1, but what hardly moves is not blown up", () => {
  const random = new Random(2);
  const rows = (size: number) =>
    Float32Array.from(
      { length: 3 * size },
      (_, i) => [5 + 2 * random.normal(), 0.001 * random.normal(), 7][i % 3],
    );
  const episodes = [400, 100].map(rows);
  const encoder = new ObservationEncoder(3, ["a"]);
  encoder.fit(episodes);
  const seen = new Float32Array(3 * 500);
  let row = 0;
  for (const observations of episodes)
    for (let at = 0; at < observations.length; at += 3)
      encoder.write(seen, 3 * row++, observations.subarray(at, at + 3), 0);
  const moments = [0, 1, 2].map((i) => {
    const column = seen.filter((_, at) => at % 3 === i);
    const mean = column.reduce((a, b) => a + b, 0) / 500;
    return [mean, Math.sqrt(column.reduce((a, b) => a + (b - mean) ** 2, 0) / 500)];
  });
  for (const [mean] of moments) expect(mean).toBeCloseTo(0, 5);
  expect(moments[0][1]).toBeCloseTo(1, 5);
  expect(moments[1][1]).toBeLessThan(0.03);
  expect(moments[2][1]).toBe(0);
});

/** A sampler of one episode of `steps`, observed as number `number`. */
const samplerOfOne = (number: number, steps: number, terminated: boolean, spec = transitionColumns()) => {
  const spaces = { observation: vectorSpace("state", 2), action: vectorSpace("action", 1) };
  const episodes = [episode(number === 0 ? "a" : "b", number, steps, terminated)];
  return samplerOf(new EpisodeList(spaces, { episodes }), spec, { discount: 0.5 });
};

test("rows of the data lie evenly among the others, as many as asked for, each with its own task", async () => {
  const [data, replay] = [samplerOfOne(1, 3, false), samplerOfOne(0, 3, false)];
  const encoder = new ObservationEncoder(2, ["a", "b"]);
  const batch = new TransitionBatch({ data, replay, encoder, size: 6 });
  const numbers = async (rows: number) => {
    const { transitions } = await batch.draw(new Random(3), rows);
    const seen = Array.from({ length: 6 }, (_, row) => [
      ...transitions.observations.subarray(4 * row, 4 * row + 4),
    ]);
    for (const [number, , ...code] of seen) expect(code).toEqual(number === 0 ? [1, 0] : [0, 1]);
    return seen.map(([number]) => number);
  };
  expect(await numbers(3)).toEqual([0, 1, 0, 1, 0, 1]);
  expect(await numbers(2)).toEqual([0, 0, 1, 0, 0, 1]);
  expect(await numbers(0)).toEqual([0, 0, 0, 0, 0, 0]);
  expect(await numbers(6)).toEqual([1, 1, 1, 1, 1, 1]);
});

test.each([true, false])(
  "of three steps: rewards discounted, and what follows as far as there are steps, terminated %s",
  async (terminated) => {
    const replay = samplerOfOne(0, 4, terminated, transitionColumns({ nSteps: 3, returns: true }));
    const encoder = new ObservationEncoder(2, ["a"]);
    const batch = new TransitionBatch({ replay, encoder, size: 40, discount: 0.5 });
    const { transitions, returns, next } = await batch.draw(new Random(4));
    // Rewards are 0, 2, 4, 6.
    const expected = [
      [0 + 1 + 1, 3, 0.25, 0 + 1 + 1 + 0.75],
      [2 + 2 + 1.5, 4, terminated ? 0 : 0.25, 2 + 2 + 1.5],
      [4 + 3, 4, terminated ? 0 : 0.5, 4 + 3],
      [6, 4, terminated ? 0 : 1, 6],
    ];
    for (let row = 0; row < 40; row++) {
      const step = transitions.observations[2 * row + 1];
      const found = [
        transitions.rewards[row],
        transitions.nextObservations[2 * row + 1],
        transitions.continues[row],
        returns[row],
      ];
      expect(found).toEqual(expected[step]);
      expect([...next.observations.subarray(2 * row, 2 * row + 2)]).toEqual([0, expected[step][1]]);
    }
  },
);
