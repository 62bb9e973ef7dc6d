/** @file Nothing that differs from what was written is believed, whoever reads it; nothing unfinished passes for whole. */
import { copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { Random, UserError, vectorSpace } from "../base/index.ts";
import { locateTensors, replaceSealed } from "../platform/index.ts";
import { taskCards } from "./card.ts";
import { checkDataset, quarantine } from "./check.ts";
import { Dataset } from "./dataset.ts";
import { type Episode, samplerOf } from "./episodes/index.ts";
import { mergeDatasets } from "./merge.ts";
import { DatasetWriter } from "./writer.ts";

const spaces = { observation: vectorSpace("state", 3), action: vectorSpace("action", 2) };
const top = mkdtempSync(join(tmpdir(), "sodp-integrity-"));
afterAll(() => rmSync(top, { recursive: true }));
let folders = 0;
const newFolder = () => join(top, `set-${folders++}`);
const manifestIn = (folder: string) => join(folder, "manifest.json");
const shardIn = (folder: string, number: number) => join(folder, `data/shard-0000${number}.safetensors`);

function episode(seed: number): Episode {
  const random = new Random(seed);
  const normal = (size: number) => random.fillNormal(new Float32Array(size));
  return {
    task: "a",
    seed,
    observations: normal(60),
    finalObservation: normal(3),
    actions: normal(40),
    rewards: normal(20),
    successes: Uint8Array.from({ length: 20 }, () => random.integer(2)),
    terminated: false,
  };
}

/** A data set of shards of three episodes. */
async function write(shards: number, unfinished?: string): Promise<string> {
  const folder = newFolder();
  const writer = await DatasetWriter.create(folder, {}, unfinished);
  for (let i = 0; i < 3 * shards; i++) {
    await writer.add(episode(i), spaces);
    if (i % 3 === 2) await writer.flush();
  }
  if (unfinished === undefined) await writer.close();
  return folder;
}

async function flip(path: string, byte: number): Promise<void> {
  await using file = await open(path, "r+");
  const content = new Uint8Array(1);
  await file.read(content, 0, 1, byte);
  content[0] ^= 1;
  await file.write(content, 0, 1, byte);
}

/** A data set whose second shard has one flipped bit, in a column. */
async function flipped(column: string): Promise<string> {
  const folder = await write(2);
  const { entries } = await locateTensors(shardIn(folder, 1));
  await flip(shardIn(folder, 1), entries.find(({ name }) => name === column)?.begin ?? Number.NaN);
  return folder;
}

const damaged = (folder: string) =>
  new RegExp(
    `^${shardIn(folder, 1)} is damaged: its data has sha256 [0-9a-f]{64}, the manifest says [0-9a-f]{64}\\. ` +
      `To use the rest, run sodp data check ${folder} --quarantine\\.$`,
  );

const readers: Record<string, (dataset: Dataset) => void> = {
  episodes: (dataset) => dataset.episode(3),
  successes: (dataset) => dataset.isSolved(3),
  cards: (dataset) => taskCards(dataset),
  "a sampler from memory": (dataset) => samplerOf(dataset, { action: [0] }),
  "a sampler from disk": (dataset) => samplerOf(dataset, { reward: [0] }, { memoryBytes: 0 }),
};

describe.each(["observation.state", "action", "next.success", "episode.seed"])(
  "one flipped bit in %s",
  (column) => {
    test.each(Object.entries(readers))("stops %s", async (_, read) => {
      const folder = await flipped(column);
      using dataset = await Dataset.open(folder);
      expect(() => read(dataset)).toThrow(damaged(folder));
    });

    test("stops a merge, which leaves nothing that passes for whole", async () => {
      const [folder, into] = [await flipped(column), newFolder()];
      await expect(mergeDatasets([folder], into)).rejects.toThrow(damaged(folder));
      await expect(Dataset.openWhole(into)).rejects.toThrow(UserError);
    });
  },
);

test("a sound shard can be read beside a damaged one", async () => {
  using dataset = await Dataset.open(await flipped("action"));
  expect(dataset.episode(0)).toEqual(episode(0));
});

describe("a large data set is compared in the background", () => {
  test("and what is not yet is told", async () => {
    using dataset = await Dataset.open(await write(3));
    const { verification } = dataset;
    verification.begin(0);
    expect(verification.pendingBytes).toBe(dataset.shards.reduce((sum, { entry }) => sum + entry.bytes, 0));
    const sampler = samplerOf(dataset, { action: [0] });
    void sampler.sample(new Random(0), sampler.emptyBatch(5));
    await verification.end();
    expect(verification.pendingBytes).toBe(0);
  });

  test("and damage stops whoever draws, and whoever waits for the end", async () => {
    const folder = await flipped("next.reward");
    using dataset = await Dataset.open(folder);
    dataset.verification.begin(0);
    const sampler = samplerOf(dataset, { action: [0] }, { memoryBytes: 0 });
    const train = async () => {
      const batch = sampler.emptyBatch(5);
      for (;;) {
        void sampler.sample(new Random(0), batch);
        await setTimeout(5);
      }
    };
    await expect(train()).rejects.toThrow(damaged(folder));
    await expect(dataset.verification.end()).rejects.toThrow(damaged(folder));
  });

  test("and a file that cannot be read is a fault like others", async () => {
    const folder = await write(2);
    using dataset = await Dataset.open(folder);
    rmSync(shardIn(folder, 1));
    dataset.verification.begin(0);
    await expect(dataset.verification.end()).rejects.toThrow(`${shardIn(folder, 1)} cannot be read: ENOENT`);
  });
});

test("another data set's shard of equal size is refused by name before it is read", async () => {
  const folder = await write(2);
  const other = await write(3);
  copyFileSync(shardIn(other, 2), shardIn(folder, 1));
  using dataset = await Dataset.open(folder);
  expect(dataset.damage.map(({ reason }) => reason)).toEqual([
    expect.stringMatching(
      /shard-00001\.safetensors is damaged: it says that its data has sha256 \w+, the manifest says \w+\.$/,
    ),
  ]);
  await expect(Dataset.openWhole(folder)).rejects.toThrow(`${shardIn(folder, 1)} is damaged`);
});

test("any bit of a manifest that is another is refused, or says the same", async () => {
  const folder = await write(1);
  const whole = readFileSync(manifestIn(folder));
  const meaning = (text: Buffer) => JSON.stringify(JSON.parse(text.toString()));
  let refused = 0;
  for (let bit = 3; bit < 8 * whole.length; bit += 41) {
    const torn = Buffer.from(whole);
    torn[bit >> 3] ^= 1 << (bit & 7);
    writeFileSync(manifestIn(folder), torn);
    try {
      (await Dataset.open(folder))[Symbol.dispose]();
      expect([bit, meaning(torn)]).toEqual([bit, meaning(whole)]);
    } catch (error) {
      expect([bit, (error as Error).name]).toEqual([bit, "UserError"]);
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(200);
});

describe("a manifest that contradicts itself is refused by name, whatever its checksum", () => {
  type Edited = {
    shards: { file: string; sha256: string; stats: Record<string, Record<string, unknown>> }[];
  } & Record<string, never>;
  test.each<[string, (manifest: Edited) => void]>([
    [
      "shards.1.file: data/shard-00000.safetensors is listed twice, first as shards.0.",
      ({ shards }) => shards.splice(1, 1, shards[0]),
    ],
    [
      "shards.2.file: data/shard-00009.safetensors is listed twice, first as shards.1.",
      ({ shards }) => shards.push({ ...shards[1], file: "data/shard-00009.safetensors" }),
    ],
    [
      "shards.0.stats.action: min has 1 numbers, the column 2.",
      ({ shards }) => Object.assign(shards[0].stats.action, { min: [0] }),
    ],
    [
      "shards.1.stats.observation.state: count is 59, the column has 60 rows.",
      ({ shards }) => Object.assign(shards[1].stats["observation.state"], { count: 59 }),
    ],
    [
      "shards.0.stats.action: of number 1, min 55, max ",
      ({ shards }) => Object.assign(shards[0].stats.action.min as number[], { 1: 55 }),
    ],
    ["shards.0.stats.next.reward: missing.", ({ shards }) => delete shards[0].stats["next.reward"]],
    [
      "shards.0.stats: there is no column colour.",
      ({ shards }) => Object.assign(shards[0].stats, { colour: shards[0].stats.action }),
    ],
    [
      "spaces.action.action: 1 names for 2 numbers.",
      (manifest) => Object.assign(manifest.spaces, { action: { action: { shape: [2], names: ["x"] } } }),
    ],
  ])("%s", async (sentence, change) => {
    const folder = await write(2);
    const { sha256: _, ...manifest } = JSON.parse(readFileSync(manifestIn(folder), "utf8"));
    change(manifest);
    await replaceSealed(manifestIn(folder), manifest);
    await expect(Dataset.open(folder)).rejects.toThrow(`${manifestIn(folder)} is damaged: ${sentence}`);
  });
});

test("a data set of version 2, whose manifest had no checksum, is read, and said to be unchecked until it is merged", async () => {
  const [folder, into] = [await write(2), newFolder()];
  const { sha256: _, ...manifest } = JSON.parse(readFileSync(manifestIn(folder), "utf8"));
  writeFileSync(manifestIn(folder), JSON.stringify({ ...manifest, version: 2 }, null, 1));
  expect(await checkDataset(folder)).toMatchObject({ episodes: 6, damage: [], unchecked: true });
  const writer = await DatasetWriter.append(folder);
  await writer.add(episode(6), spaces);
  await writer.close();
  expect(await checkDataset(folder)).toMatchObject({ episodes: 7, damage: [], unchecked: true });
  await mergeDatasets([folder], into);
  expect(await checkDataset(into)).toMatchObject({ episodes: 7, damage: [], unchecked: false });
});

describe("a data set whose writer was killed", () => {
  test("says so, is refused where all of it is meant, and is not written over", async () => {
    const folder = await write(2, "import");
    const sentence = `${folder} is unfinished: the import that writes it was interrupted, or is still at work.`;
    expect(await checkDataset(folder)).toMatchObject({ shards: 2, damage: [], unfinished: sentence });
    await expect(Dataset.openWhole(folder)).rejects.toThrow(
      new UserError(`${sentence} To use what is there, run sodp data check ${folder} --quarantine.`),
    );
    await expect(mergeDatasets([folder], newFolder())).rejects.toThrow(sentence);
    await expect(DatasetWriter.create(folder)).rejects.toThrow(
      new UserError(`${sentence} To write it anew, remove the folder first.`),
    );
    using dataset = await Dataset.open(folder);
    expect([dataset.episodes, dataset.unfinished]).toEqual([6, sentence]);
  });

  test("is taken as it is where that is asked for", async () => {
    const folder = await write(2, "import");
    await quarantine(folder, []);
    using dataset = await Dataset.openWhole(folder);
    expect(dataset.episodes).toBe(6);
  });

  test("is finished by a writer that goes on, to the same bytes", async () => {
    const [whole, folder] = [await write(2), newFolder()];
    cpSync(await write(1, "collection"), folder, { recursive: true });
    const writer = await DatasetWriter.append(folder);
    for (let i = 3; i < 6; i++) await writer.add(episode(i), spaces);
    await writer.flush();
    await writer.close();
    expect(readFileSync(manifestIn(folder))).toEqual(readFileSync(manifestIn(whole)));
  });
});
