/** @file Data sets as wholes: checked, quarantined, merged, described. */
import { cpSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { Random, vectorSpace } from "../base/index.ts";
import { locateTensors, readTensors, writeTensors } from "../platform/index.ts";
import { taskCards } from "./card.ts";
import { checkDataset, quarantine } from "./check.ts";
import { Dataset } from "./dataset.ts";
import { type Episode, isHeldOut, samplerOf } from "./episodes/index.ts";
import { findManifest, writeManifest } from "./manifest.ts";
import { mergeDatasets } from "./merge.ts";
import { DatasetWriter } from "./writer.ts";

const spaces = { observation: vectorSpace("state", 3), action: vectorSpace("action", 2) };
const top = mkdtempSync(join(tmpdir(), "sodp-care-"));
afterAll(() => rmSync(top, { recursive: true }));
let folders = 0;
const newFolder = () => join(top, `set-${folders++}`);

function episode(seed: number, change: Partial<Episode> = {}, sizes = { O: 3, A: 2 }): Episode {
  const random = new Random(seed);
  const steps = 20 + (seed % 5);
  const uniform = (size: number) => random.fillUniform(new Float32Array(size));
  return {
    task: seed % 2 === 0 ? "even" : "odd",
    seed,
    observations: uniform(sizes.O * steps),
    finalObservation: uniform(sizes.O),
    actions: uniform(sizes.A * steps).map((x) => 2 * x - 1),
    rewards: uniform(steps),
    successes: new Uint8Array(steps),
    terminated: false,
    ...change,
  };
}
const many = (count: number, first = 0) => Array.from({ length: count }, (_, i) => episode(first + i));

async function write(...shards: readonly (readonly Episode[])[]): Promise<string> {
  const folder = newFolder();
  const writer = await DatasetWriter.create(folder, { of: folder });
  for (const episodes of shards) {
    for (const each of episodes) await writer.add(each, spaces);
    await writer.flush();
  }
  await writer.close();
  return folder;
}

async function read(folder: string): Promise<Episode[]> {
  using dataset = await Dataset.open(folder);
  return Array.from({ length: dataset.episodes }, (_, i) => dataset.episode(i));
}

const shard = (folder: string, number: number) => join(folder, `data/shard-0000${number}.safetensors`);

/** Flips one bit of a column. */
async function flip(path: string, column: string): Promise<void> {
  const { entries } = await locateTensors(path);
  const begin = entries.find(({ name }) => name === column)?.begin ?? Number.NaN;
  await using file = await open(path, "r+");
  const byte = new Uint8Array(1);
  await file.read(byte, 0, 1, begin);
  byte[0] ^= 1;
  await file.write(byte, 0, 1, begin);
}

/** Puts a NaN into row 7 of the first shard's observations, and makes all checksums right again. */
async function spoil(folder: string): Promise<void> {
  const { tensors } = await readTensors(shard(folder, 0));
  (tensors["observation.state"].data as Float32Array)[3 * 7 + 2] = Number.NaN;
  const { sha256 } = await writeTensors(shard(folder, 0), tensors);
  const manifest = await findManifest(folder);
  if (manifest === undefined) throw new Error("It was just written.");
  const [first, ...others] = manifest.shards;
  await writeManifest(folder, { ...manifest, shards: [{ ...first, sha256 }, ...others] });
}

describe("a check", () => {
  test("of a sound data set finds nothing, and reads every byte", async () => {
    const folder = await write(many(5), many(5, 5));
    const told: number[] = [];
    const report = await checkDataset(folder, (bytes, all) => {
      told.push(bytes / all);
    });
    expect(report).toMatchObject({ shards: 2, episodes: 10, damage: [], unlisted: [] });
    expect(told.at(-1)).toBe(1);
    expect(told).toEqual([...told].sort((a, b) => a - b));
  });

  test.each(["observation.state", "next.reward", "task_index", "episode.seed"])(
    "finds one flipped bit in %s",
    async (column) => {
      const folder = await write(many(3), many(3, 3));
      await flip(shard(folder, 1), column);
      const { damage } = await checkDataset(folder);
      expect(damage.map(({ reason }) => reason)).toEqual([
        expect.stringMatching(
          /shard-00001\.safetensors is damaged: its data has sha256 [0-9a-f]{64}, the manifest says [0-9a-f]{64}\.$/,
        ),
      ]);
    },
  );

  test("finds a sound shard in another's place", async () => {
    const folder = await write(many(1), many(1));
    const other = await write(many(1, 5));
    cpSync(shard(other, 0), shard(folder, 1));
    const { damage } = await checkDataset(folder);
    expect(damage.map(({ shard: { file } }) => file)).toEqual(["data/shard-00001.safetensors"]);
  });

  test("finds numbers that are not finite, even where all checksums are right", async () => {
    const folder = await write(many(2), many(2, 2));
    await spoil(folder);
    const { damage } = await checkDataset(folder);
    expect(damage.map(({ reason }) => reason)).toEqual([
      `${shard(folder, 0)}: column observation.state holds NaN in row 7, dimension 2.`,
    ]);
  });

  test("goes on after a damaged shard", async () => {
    const folder = await write(many(2), many(2, 2), many(2, 4));
    truncateSync(shard(folder, 0), 2000);
    await flip(shard(folder, 1), "action");
    const { damage } = await checkDataset(folder);
    expect(damage.map(({ shard: { file } }) => file)).toEqual([
      "data/shard-00000.safetensors",
      "data/shard-00001.safetensors",
    ]);
  });

  test("names what is not listed", async () => {
    const folder = await write(many(1));
    writeFileSync(shard(folder, 7), "");
    expect((await checkDataset(folder)).unlisted).toEqual(["data/shard-00007.safetensors"]);
  });
});

test("what is in quarantine is left out, and the others keep their numbers", async () => {
  const folder = await write(many(3), many(3, 3), many(3, 6));
  await flip(shard(folder, 1), "action");
  await quarantine(folder, (await checkDataset(folder)).damage);
  expect(await read(folder)).toEqual([...many(3), ...many(3, 6)]);
  using dataset = await Dataset.open(folder);
  expect(dataset.damage[0].reason).toContain("shard-00001.safetensors is in quarantine: ");
  expect(dataset.about(3).number).toBe(6);
  const writer = await DatasetWriter.append(folder);
  await writer.add(episode(9), spaces);
  await writer.close();
  expect(await read(folder)).toEqual([...many(3), ...many(4, 6)]);
});

describe("a merge", () => {
  test("has the episodes of all, and where they came from", async () => {
    const [a, b, into] = [await write(many(3)), await write(many(2, 3), many(2, 5)), newFolder()];
    await mergeDatasets([a, b], into);
    expect(await read(into)).toEqual(many(7));
    using merged = await Dataset.open(into);
    expect(merged.origin).toEqual({ merged: [{ of: a }, { of: b }] });
  });

  test("stops at what is damaged, and leaves it behind once it is in quarantine", async () => {
    const [a, b, into] = [await write(many(3), many(2, 3)), await write(many(3, 5), many(2, 8)), newFolder()];
    truncateSync(shard(a, 1), 2000);
    await spoil(b);
    await expect(mergeDatasets([a, b], into)).rejects.toThrow(
      / is truncated: .* run sodp data check .* --quarantine\.$/,
    );
    await quarantine(a, (await checkDataset(a)).damage);
    expect(await mergeDatasets([a, b], into)).toEqual([
      expect.stringContaining(`${shard(a, 1)} is in quarantine: ${shard(a, 1)} is truncated: `),
      `${b}: Episode 0 (odd) is refused: observations hold NaN at step 7, dimension 2.`,
    ]);
    expect(await read(into)).toEqual([...many(3), ...many(4, 6)]);
  });

  test("of different spaces is refused before anything is written", async () => {
    const [a, b, into] = [await write(many(1)), newFolder(), newFolder()];
    const writer = await DatasetWriter.create(b);
    await writer.add(episode(0, {}, { O: 4, A: 2 }), { ...spaces, observation: vectorSpace("state", 4) });
    await writer.close();
    await expect(mergeDatasets([a, b], into)).rejects.toThrow(
      `Data sets of different spaces cannot be merged: ${a} observes state (3) and acts with action (2); ` +
        `${b} observes state (4) and acts with action (2).`,
    );
    expect(readdirSync(top)).not.toContain(into.split("/").at(-1));
  });
});

test.each([0, 2 ** 28])(
  "batches with a number that is not finite are refused by name (%i)",
  async (memoryBytes) => {
    const folder = await write(many(20), many(20, 20));
    await spoil(folder);
    using dataset = await Dataset.open(folder);
    const part = isHeldOut(0) ? "held-out" : "train";
    const draw = () => {
      const sampler = samplerOf(dataset, { observation: [-1, 0], action: [0, 1] }, { part, memoryBytes });
      void sampler.sample(new Random(0), sampler.emptyBatch(5000));
    };
    expect(draw).toThrow(
      `${shard(folder, 0)} holds a number that is not finite in episode 0. To use the rest, run sodp data check ${folder} --quarantine.`,
    );
    await quarantine(folder, (await checkDataset(folder)).damage);
    using rest = await Dataset.open(folder);
    expect(rest.episodes).toBe(20);
  },
);

describe("a card", () => {
  test("leaves an episode out whose numbers are not finite, and says so", async () => {
    const folder = await write(many(4));
    await spoil(folder);
    using dataset = await Dataset.open(folder);
    const refused: string[] = [];
    const cards = taskCards(dataset, { onRefused: (reason) => refused.push(reason) });
    expect(cards.map(({ task, episodes }) => [task, episodes])).toEqual([
      ["odd", 2],
      ["even", 1],
    ]);
    expect(refused).toEqual(["Episode 0 (even) is refused: observations hold NaN at step 7, dimension 2."]);
  });

  test("counts success and return over the time of collection", async () => {
    const solved = (steps: number) => new Uint8Array(steps).fill(1, 3, 4);
    const episodes = Array.from({ length: 16 }, (_, i) => {
      const seed = 2 * i;
      const steps = 20 + (seed % 5);
      return episode(seed, {
        rewards: new Float32Array(steps).fill(i),
        ...(i >= 8 && { successes: solved(steps) }),
      });
    });
    using dataset = await Dataset.open(await write(episodes.slice(0, 7), episodes.slice(7)));
    const [card, ...others] = taskCards(dataset);
    expect(others).toEqual([]);
    expect(card).toMatchObject({ task: "even", episodes: 16, successes: 8, steps: dataset.steps });
    expect(card.quarters.map(({ episodes: count, successes }) => [count, successes])).toEqual([
      [4, 0],
      [4, 0],
      [4, 4],
      [4, 4],
    ]);
    const returns = episodes.map(({ rewards }) => rewards.length * rewards[0]);
    const sum = (first: number, end: number) => returns.slice(first, end).reduce((total, x) => total + x, 0);
    expect(card.meanReturn).toBeCloseTo(sum(0, 16) / 16, 9);
    expect(card.quarters[2].meanReturn).toBeCloseTo(sum(8, 12) / 4, 9);
    const { lowReturn, highReturn } = card.quarters[2];
    expect([lowReturn, highReturn]).toEqual([
      Math.min(...returns.slice(8, 12)),
      Math.max(...returns.slice(8, 12)),
    ]);
  });

  test.each([
    [1, [1]],
    [6, [2, 1, 2, 1]],
    [50, [8, 9, 8, 8, 9, 8]],
    [400, Array(20).fill(20)],
  ])("cuts %i episodes into parts that say something", async (count, parts) => {
    const short = Array.from({ length: count }, () => episode(0));
    using dataset = await Dataset.open(await write(short));
    expect(taskCards(dataset)[0].overTime.map(({ episodes }) => episodes)).toEqual(parts);
  });

  test("tells a set without rewards from one whose rewards are poor", async () => {
    const none = episode(0, { rewards: new Float32Array(20) });
    using dataset = await Dataset.open(await write([none, episode(1)]));
    expect(taskCards(dataset).map(({ task, rewarded }) => [task, rewarded])).toEqual([
      ["even", false],
      ["odd", true],
    ]);
  });

  test("counts actions in equal parts of [-1, 1], those beyond in the outermost", async () => {
    const actions = Float32Array.from({ length: 40 }, (_, i) =>
      i % 2 === 0 ? -0.95 : [-3, 0.01, 3][((i - 1) / 2) % 3],
    );
    using dataset = await Dataset.open(await write([episode(0, { actions })]));
    const [{ actions: histogram }] = taskCards(dataset);
    const counts = (entries: Record<number, number>) => Array.from({ length: 20 }, (_, i) => entries[i] ?? 0);
    expect(histogram).toEqual([counts({ 0: 20 }), counts({ 0: 7, 10: 7, 19: 6 })]);
  });

  test("tells where the hand was: range, cells, and two views of them", async () => {
    const at = (x: number, y: number, z: number) =>
      episode(0, { observations: Float32Array.from({ length: 60 }, (_, i) => [x, y, z][i % 3]) });
    using dataset = await Dataset.open(await write([at(0, 0, 0), at(1, 0, 1), at(1, 2, 4)]));
    const [{ hand }] = taskCards(dataset);
    expect([hand.low, hand.high, hand.share]).toEqual([[0, 0, 0], [1, 2, 4], 3 / 24 ** 3]);
    const seen = (view: readonly (readonly number[])[]) =>
      view.flatMap((row, x) => row.flatMap((steps, other) => (steps > 0 ? [[x, other, steps]] : [])));
    expect(seen(hand.fromAbove)).toEqual([
      [0, 0, 20],
      [23, 0, 20],
      [23, 23, 20],
    ]);
    expect(seen(hand.fromFront)).toEqual([
      [0, 0, 20],
      [23, 6, 20],
      [23, 23, 20],
    ]);
  });

  test("knows of no hand where the numbers' names say that they are something else", async () => {
    const folder = newFolder();
    const writer = await DatasetWriter.create(folder, {});
    const state = { ...spaces.observation.state, names: ["x", "y", "goal_x"] };
    await writer.add(episode(0), { ...spaces, observation: { state } });
    await writer.close();
    using dataset = await Dataset.open(folder);
    expect(taskCards(dataset)[0].hand.low).toEqual([]);
  });

  test("names dimensions that never change in a task, though they do in another", async () => {
    const still = (seed: number, value: number) => {
      const { observations, actions } = episode(seed);
      return episode(seed, {
        observations: observations.map((x, i) => (i % 3 === 1 ? value : x)),
        actions: actions.map((x, i) => (i % 2 === 0 ? 0 : x)),
      });
    };
    using dataset = await Dataset.open(await write([still(0, 0.5), still(2, 0.50001), still(1, 0.7)]));
    expect(taskCards(dataset).map(({ task, constant }) => [task, constant])).toEqual([
      ["even", { observations: [1], actions: [0] }],
      ["odd", { observations: [1], actions: [0] }],
    ]);
  });
});
