/** @file The sampler: what each column is at each step, against a plain definition; draws, against those of version 0.1. */
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, expectTypeOf, test } from "vitest";
import { Random, UserError, vectorSpace } from "../base/index.ts";
import { Dataset } from "./dataset.ts";
import type { Episode } from "./episodes/index.ts";
import {
  type BatchSpec,
  bestOfTask,
  type ColumnName,
  EpisodeList,
  isHeldOut,
  ofTasks,
  partOfCollection,
  range,
  type SamplerOptions,
  samplerOf,
} from "./episodes/index.ts";
import { DatasetWriter } from "./writer.ts";

const top = mkdtempSync(join(tmpdir(), "sodp-sampler-"));
afterAll(() => rmSync(top, { recursive: true }));

const spaces = { observation: vectorSpace("state", 3), action: vectorSpace("action", 2) };

/** Episodes as those from which draws of version 0.1 were recorded. */
function manyEpisodes(count: number, longest = 60, seed = 7): Episode[] {
  const random = new Random(seed);
  const normal = (size: number) => random.fillNormal(new Float32Array(size));
  return Array.from({ length: count }, (_, i) => {
    const steps = 1 + random.integer(longest);
    return {
      task: `task ${i % 3}`,
      seed: i,
      observations: normal(steps * 3),
      finalObservation: normal(3),
      actions: normal(steps * 2),
      rewards: normal(steps),
      successes: Uint8Array.from({ length: steps }, () => random.integer(2)),
      terminated: random.integer(2) === 1,
    };
  });
}
const listOf = (episodes: Iterable<Episode>) => new EpisodeList(spaces, { episodes });

let folders = 0;
async function stored(episodes: readonly Episode[]): Promise<Dataset> {
  const folder = join(top, `set-${folders++}`);
  const writer = await DatasetWriter.create(folder);
  for (const [i, episode] of episodes.entries()) {
    await writer.add(episode, spaces);
    if (i === Math.floor(episodes.length / 3)) await writer.flush();
  }
  await writer.close();
  return Dataset.open(folder);
}

function draw<S extends BatchSpec>(
  store: EpisodeList | Dataset,
  spec: S,
  seed: number,
  rows: number,
  options?: SamplerOptions,
) {
  const sampler = samplerOf(store, spec, options);
  const batch = sampler.emptyBatch(rows);
  void sampler.sample(new Random(seed), batch);
  return { count: sampler.count, batch };
}

const transitions = { observation: [0, 1], action: [0], reward: [0], terminated: [0], task: [0] };

describe("draws are those of version 0.1", () => {
  const recorded = JSON.parse(readFileSync(join(import.meta.dirname, "fixtures/draws-0.1.json"), "utf8"));
  const episodes = manyEpisodes(80);
  const sha256 = (numbers: Float32Array) =>
    createHash("sha256").update(new Uint8Array(numbers.buffer)).digest("hex");

  test("windows of planners, in memory and on disk", async () => {
    using dataset = await stored(episodes);
    for (const {
      nObsSteps,
      nActionSteps,
      horizon,
      part,
      count,
      observations,
      actions,
      range: ranges,
    } of recorded.windows) {
      const spec = {
        observation: range(1 - nObsSteps, 1),
        action: range(1 - nObsSteps, 1 - nObsSteps + horizon),
      };
      const padAfter = nActionSteps - 1;
      const stores = part === "all" ? [listOf(episodes)] : [dataset, listOf(episodes)];
      for (const store of stores)
        for (const memoryBytes of [0, 2 ** 28]) {
          const options = { padAfter, memoryBytes, ...(part !== "all" && { part }) };
          const drawn = draw(store, spec, 11, recorded.rows, options);
          expect([drawn.count, sha256(drawn.batch.observation), sha256(drawn.batch.action)]).toEqual([
            count,
            observations,
            actions,
          ]);
          const { observationRange, actionRange } = samplerOf(store, spec, options);
          if (ranges) expect([observationRange, actionRange]).toEqual(ranges);
        }
    }
  });

  test("transitions of soft actor-critic, which sees the task behind an observation", () => {
    const { count, batch } = draw(listOf(episodes), transitions, 12, recorded.rows);
    expect(count).toBe(recorded.transitions.steps);
    const rows = Array.from({ length: recorded.rows }, (_, row) => row);
    const seen = (step: number) =>
      Float32Array.from(
        rows.flatMap((row) => [
          ...batch.observation.subarray(3 * (2 * row + step), 3 * (2 * row + step + 1)),
          ...[0, 1, 2].map((task) => Number(batch.task[row] === task)),
        ]),
      );
    expect({
      observations: sha256(seen(0)),
      nextObservations: sha256(seen(1)),
      actions: sha256(batch.action),
      rewards: sha256(batch.reward),
      continues: sha256(batch.terminated.map((ends) => 1 - ends)),
    }).toEqual({ ...recorded.transitions, steps: undefined });
  });
});

/** Definition of each column at a step of an episode, which may lie outside of it: one line each. */
const definitions: Readonly<Record<ColumnName, (episode: Episode, step: number) => readonly number[]>> = {
  observation: (episode, step) => rowAt([...episode.observations, ...episode.finalObservation], 3, step),
  action: (episode, step) => rowAt([...episode.actions], 2, step),
  reward: (episode, step) => [episode.rewards[step] ?? 0],
  terminated: (episode, step) => [Number(episode.terminated && step >= episode.rewards.length - 1)],
  success: (episode, step) => [episode.successes[step] ?? 0],
  task: ({ task }) => [Number(task.slice(5))],
  returnToGo: (episode, step) => [
    Math.fround([...episode.rewards].slice(Math.max(step, 0)).reduceRight((sum, reward) => sum + reward, 0)),
  ],
  step: (episode, step) => [Math.min(Math.max(step, 0), episode.rewards.length)],
  mask: (episode, step) => [Number(step in episode.rewards)],
};
const rowAt = (numbers: readonly number[], size: number, step: number) => {
  const row = Math.min(Math.max(step, 0), numbers.length / size - 1);
  return numbers.slice(row * size, (row + 1) * size);
};

const steps = fc
  .uniqueArray(fc.integer({ min: -6, max: 8 }), { minLength: 1, maxLength: 6 })
  .map((all) => all.sort((a, b) => a - b));
const specs = fc
  .record(Object.fromEntries(Object.keys(definitions).map((name) => [name, steps])), {
    requiredKeys: ["step"],
  })
  .map((spec) => spec as BatchSpec);

test("every column is what its definition says, in memory, read at once and read from disk", {
  timeout: 120_000,
}, async () => {
  const episodes = manyEpisodes(12, 12, 3);
  using dataset = await stored(episodes);
  const list = listOf(episodes);
  fc.assert(
    fc.property(specs, fc.integer({ min: 0, max: 5 }), fc.nat(), (spec, padAfter, seed) => {
      const full = { ...spec, task: [0], action: spec.action ?? [0] };
      const drawn = draw(list, full, seed, 20, { padAfter });
      expect(draw(dataset, full, seed, 20, { padAfter }).batch).toEqual(drawn.batch);
      expect(draw(dataset, full, seed, 20, { padAfter, memoryBytes: 0 }).batch).toEqual(drawn.batch);
      const presents = presentsOf(episodes, full, padAfter);
      const random = new Random(seed);
      for (let row = 0; row < 20; row++) {
        const [episode, present] = presents[random.integer(presents.length)];
        for (const [name, offsets] of Object.entries(full)) {
          const array = (drawn.batch as unknown as Record<string, Float32Array>)[name];
          const width = array.length / 20;
          const expected = offsets.flatMap((offset) =>
            definitions[name as ColumnName](episode, present + offset),
          );
          expect([...array.subarray(row * width, (row + 1) * width)]).toEqual(expected);
        }
      }
    }),
    { numRuns: 60 },
  );
});

/** Every present: all steps of an episode but those from which the last action would lie too far beyond its end. */
const presentsOf = (episodes: readonly Episode[], { action }: BatchSpec, padAfter: number) =>
  episodes.flatMap((episode) =>
    range(0, episode.rewards.length)
      .filter((step) => step + Math.max(0, (action?.at(-1) ?? 0) - padAfter) < episode.rewards.length)
      .map((step) => [episode, step] as const),
  );

test("an example by hand: the edges repeat, and are masked", () => {
  const [episode] = manyEpisodes(1, 1);
  const five = {
    ...episode,
    observations: Float32Array.from({ length: 15 }, (_, i) => Math.floor(i / 3)),
    finalObservation: Float32Array.of(5, 5, 5),
    actions: Float32Array.from({ length: 10 }, (_, i) => Math.floor(i / 2)),
    rewards: Float32Array.of(1, 2, 3, 4, 5),
    successes: Uint8Array.of(0, 0, 0, 0, 1),
    terminated: true,
  };
  const sampler = samplerOf(
    listOf([five]),
    {
      observation: [-1, 0, 2],
      action: [-1, 0, 1, 2],
      reward: [-1, 0, 2],
      returnToGo: [-1, 2],
      mask: [-1, 2],
      step: [0],
    },
    { padAfter: 1 },
  );
  expect(sampler.count).toBe(4);
  const batch = sampler.emptyBatch(40);
  void sampler.sample(new Random(1), batch);
  const at = (step: number) => {
    const row = batch.step.indexOf(step);
    const every = (numbers: Float32Array, size: number) => {
      const width = numbers.length / 40;
      return [...numbers.subarray(row * width, (row + 1) * width)].filter((_, i) => i % size === 0);
    };
    const { observation, action, reward, returnToGo, mask } = batch;
    return [every(observation, 3), every(action, 2), every(reward, 1), every(returnToGo, 1), every(mask, 1)];
  };
  expect(at(0)).toEqual([
    [0, 0, 2],
    [0, 0, 1, 2],
    [0, 1, 3],
    [15, 12],
    [0, 1],
  ]);
  expect(at(3)).toEqual([
    [2, 3, 5],
    [2, 3, 4, 4],
    [3, 4, 0],
    [12, 0],
    [1, 0],
  ]);
});

test("a list that grows is drawn from as if it had been whole", () => {
  const episodes = manyEpisodes(20);
  const list = new EpisodeList(spaces);
  const sampler = samplerOf(list, transitions);
  expect(() => sampler.sample(new Random(0), sampler.emptyBatch(1))).toThrow(
    "There is no episode to draw from.",
  );
  for (const [i, episode] of episodes.entries()) {
    list.add(episode);
    const batch = sampler.emptyBatch(10);
    void sampler.sample(new Random(i), batch);
    expect({ count: sampler.count, batch }).toEqual(
      draw(listOf(episodes.slice(0, i + 1)), transitions, i, 10),
    );
  }
  expect([list.episodes, list.steps]).toEqual([20, sampler.count]);
  expect(sampler.tasks).toEqual(["task 0", "task 1", "task 2"]);
});

describe("which episodes", () => {
  const episodes = manyEpisodes(60);
  /** Indices of the episodes that are drawn from: an episode's seed is its index. */
  const drawnFrom = (options: SamplerOptions) => {
    const list = listOf(
      episodes.map((episode) => ({ ...episode, rewards: episode.rewards.map(() => episode.seed) })),
    );
    const { reward } = draw(list, { reward: [0] }, 4, 5000, options).batch;
    return [...new Set(reward)].sort((a, b) => a - b);
  };
  const indices = (keep: (index: number) => boolean) => range(0, 60).filter(keep);

  test.each<[string, SamplerOptions, (index: number) => boolean]>([
    ["all", {}, () => true],
    ["train", { part: "train" }, (i) => !isHeldOut(i)],
    ["held out", { part: "held-out" }, isHeldOut],
    ["of a task", { where: ofTasks(["task 1"]) }, (i) => i % 3 === 1],
    ["by number", { where: (all) => all.filter(({ number }) => number < 7) }, (i) => i < 7],
    ["the first half of every task", { where: partOfCollection(0, 2) }, (i) => i < 30],
    ["its last tenth", { where: partOfCollection(9, 10) }, (i) => i >= 54],
    ["of weight 0", { weight: ({ index }) => (index === 5 ? 0 : 1) }, (i) => i !== 5],
  ])("%s", (_, options, keep) => expect(drawnFrom(options)).toEqual(indices(keep)));

  test("of a task, however it is spelled here and there", () => {
    const spellings = ["push", "metaworld/push", "push-v3", "metaworld/pull"];
    const list = listOf(manyEpisodes(4, 1).map((episode, i) => ({ ...episode, task: spellings[i] })));
    expect(list.tasks).toEqual(["push", "metaworld/pull"]);
    for (const asked of spellings.slice(0, 3)) {
      const where = ofTasks([asked]);
      const { task, step } = draw(list, { task: [0], step: [0] }, 1, 100, { where }).batch;
      expect([samplerOf(list, { task: [0] }, { where }).count, new Set(task), step.length]).toEqual([
        3,
        new Set([0]),
        100,
      ]);
    }
  });

  test("the best of each task, by return or by success", async () => {
    const returns = episodes.map(({ rewards }) => rewards.reduce((a, b) => a + b, 0));
    const solved = episodes.map(({ successes }, i) => (successes.includes(1) ? 1e6 : 0) + returns[i]);
    const best = (scores: readonly number[], count: number) =>
      [0, 1, 2]
        .flatMap((task) =>
          indices((i) => i % 3 === task)
            .sort((a, b) => scores[b] - scores[a])
            .slice(0, count),
        )
        .sort((a, b) => a - b);
    using dataset = await stored(episodes);
    for (const store of [listOf(episodes), dataset])
      for (const [by, scores] of [
        ["return", returns],
        ["success", solved],
      ] as const) {
        const chosen: number[] = [];
        const where = (all: Parameters<ReturnType<typeof bestOfTask>>[0]) => {
          const kept = bestOfTask(4, by)(all);
          chosen.push(...kept.map(({ index }) => index));
          return kept;
        };
        samplerOf(store, { action: [0] }, { where });
        expect(chosen).toEqual(best(scores, 4));
      }
  });

  test("weights say how likely an episode's steps are", () => {
    const list = listOf(
      manyEpisodes(2, 1).map((episode, i) => ({ ...episode, rewards: Float32Array.of(i) })),
    );
    const { reward } = draw(list, { reward: [0] }, 5, 20_000, { weight: ({ index }) => [1, 3][index] }).batch;
    expect(Math.abs(reward.reduce((a, b) => a + b, 0) / 20_000 - 0.75)).toBeLessThan(5 * 0.0031);
  });

  test("every present is as likely as any other, whatever its episode's length", () => {
    const list = listOf(manyEpisodes(4, 9));
    const { count, batch } = draw(list, { observation: [0], action: [0, 1] }, 6, 20_000, { padAfter: 1 });
    const counts = new Map<number, number>();
    for (let row = 0; row < 20_000; row++)
      counts.set(batch.observation[3 * row], (counts.get(batch.observation[3 * row]) ?? 0) + 1);
    expect(counts.size).toBe(count);
    for (const seen of counts.values())
      expect(Math.abs(seen - 20_000 / count)).toBeLessThan(5 * Math.sqrt(20_000 / count));
  });
});

test("ranges are by channel: all points of a cloud share theirs", () => {
  const cloud = { state: { shape: [1] }, points: { shape: [2, 2] } };
  const list = new EpisodeList({ observation: cloud, action: vectorSpace("action", 1) });
  list.add({
    ...manyEpisodes(1, 1)[0],
    observations: Float32Array.of(7, 1, 10, 2, 20),
    finalObservation: new Float32Array(5),
    actions: Float32Array.of(0),
  });
  expect(samplerOf(list, { observation: [0] }).observationRange).toEqual({
    low: [7, 1, 10, 1, 10],
    high: [7, 2, 20, 2, 20],
  });
});

describe("refused in one sentence", () => {
  const list = listOf(manyEpisodes(3, 5));
  test.each<[string, () => unknown]>([
    ["A batch needs at least one column.", () => samplerOf(list, {})],
    ['Unknown column "rewards". Known: ', () => samplerOf(list, { rewards: [0] } as BatchSpec)],
    [
      "Steps of the column action are whole numbers in ascending order, got 1, 0.",
      () => samplerOf(list, { action: [1, 0] }),
    ],
    [
      "Steps of the column action are whole numbers in ascending order, got none.",
      () => samplerOf(list, { action: [] }),
    ],
    ["padAfter is a whole number from 0, got -1.", () => samplerOf(list, { action: [0] }, { padAfter: -1 })],
    [
      "No step can be the present: 9 more must follow it, and the longest episode has ",
      () => samplerOf(list, { action: [9] }).sample(new Random(0), { action: new Float32Array(2) }),
    ],
    [
      "A weight is a finite number from 0, got -1 for episode 0.",
      () => samplerOf(list, { action: [0] }, { weight: () => -1 }),
    ],
    [
      "observation 6 (9 numbers given), action 2 (4 numbers given).",
      () =>
        samplerOf(list, { observation: [0, 1], action: [0] }).sample(new Random(0), {
          observation: new Float32Array(9),
          action: new Float32Array(4),
        }),
    ],
    [
      "Episode 3 (task 0) does not fit: observations have 3 numbers and actions 2; got",
      () => list.add({ ...list.items[0], finalObservation: new Float32Array(4) }),
    ],
    [
      "Episode 0 is of task 0; these episodes are of a, b.",
      () => new EpisodeList(spaces, { tasks: ["a", "b"], episodes: list.items }),
    ],
  ])("%s", (sentence, wrong) => {
    expect(wrong).toThrow(UserError);
    expect(wrong).toThrow(sentence);
  });

  test("a data set of too short episodes, at once", async () => {
    using dataset = await stored(manyEpisodes(3, 5));
    expect(() => samplerOf(dataset, { action: [20] })).toThrow(
      "No step can be the present: 20 more must follow it",
    );
  });
});

test("a batch has the columns that were asked for, and no others, by its type too", () => {
  const sampler = samplerOf(listOf(manyEpisodes(1)), { reward: [0], task: [0] });
  expectTypeOf<ReturnType<typeof sampler.emptyBatch>>().toEqualTypeOf<{
    readonly reward: Float32Array;
    readonly task: Int32Array;
  }>();
  expect(sampler.emptyBatch(3)).toEqual({ reward: new Float32Array(3), task: new Int32Array(3) });
});

test("returns are discounted as told, from each step on", () => {
  const [episode] = manyEpisodes(1, 1);
  const three = {
    ...episode,
    observations: new Float32Array(9),
    actions: new Float32Array(6),
    rewards: Float32Array.of(1, 2, 4),
    successes: new Uint8Array(3),
  };
  const spec = { returnToGo: [0, 1], step: [0] };
  const { batch } = draw(listOf([three]), spec, 1, 40, { discount: 0.5 });
  const at = (step: number) => [...batch.returnToGo.subarray(2 * batch.step.indexOf(step))].slice(0, 2);
  expect([at(0), at(1)]).toEqual([
    [1 + 0.5 * (2 + 0.5 * 4), 2 + 0.5 * 4],
    [2 + 0.5 * 4, 4],
  ]);
});

describe("task by task", () => {
  const spec = { action: range(0, 3), mask: range(0, 3), task: [0] };
  const list = listOf(manyEpisodes(9));
  const sampler = samplerOf(list, spec, { padAfter: 2 });

  test("the episodes of each are those of its name", () => {
    const episodes = [0, 1, 2].map((task) => sampler.byTask.episodes(task).map(({ index }) => index));
    expect(episodes).toEqual([
      [0, 3, 6],
      [1, 4, 7],
      [2, 5, 8],
    ]);
    expect(() => sampler.byTask.episodes(3)).toThrow("There is no task 3; there are 3.");
  });

  test("a batch of one is of that one alone, and as one of a sampler of it alone", () => {
    const batch = sampler.emptyBatch(50);
    void sampler.byTask.sample(new Random(1), batch, 1);
    expect(new Set(batch.task)).toEqual(new Set([1]));
    const alone = samplerOf(list, spec, { padAfter: 2, where: ofTasks(["task 1"]) });
    const other = alone.emptyBatch(50);
    void alone.sample(new Random(1), other);
    expect(batch).toEqual(other);
  });

  test("a row is filled from any step of an episode", () => {
    const batch = sampler.emptyBatch(2);
    const episode = sampler.byTask.episodes(2)[0];
    sampler.byTask.fill(batch, 1, episode, episode.steps - 2);
    expect(batch.action.slice(6, 10)).toEqual(list.items[2].actions.slice(-4));
    expect([...batch.mask]).toEqual([0, 0, 0, 1, 1, 0]);
  });
});
