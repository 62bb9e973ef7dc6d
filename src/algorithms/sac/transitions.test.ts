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
  const sampler = samplerOf(new EpisodeList(spaces, { episodes: replay, tasks }), transitionColumns);
  const batch = new TransitionBatch(sampler, new ObservationEncoder(2, tasks), rows);
  await batch.draw(new Random(9));
  return batch.draw(random);
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
  const episodes = [400, 100].map((steps) => ({
    ...episode("a", 0, steps, false),
    observations: rows(steps),
  }));
  const encoder = new ObservationEncoder(3, ["a"]);
  encoder.fit(episodes);
  const seen = new Float32Array(3 * 500);
  let row = 0;
  for (const { observations } of episodes)
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
