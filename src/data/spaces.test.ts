/** @file Data sets of observations and actions with several parts, and data sets of version 1, which knew none. */
import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { Random, type Space, type Spaces, sizeOfSpace, UserError, vectorSpace } from "../base/index.ts";
import { readTensors } from "../platform/index.ts";
import { checkDataset } from "./check.ts";
import { Dataset } from "./dataset.ts";
import type { Episode } from "./episodes/index.ts";
import { EpisodeList, partPlaces, range, samplerOf } from "./episodes/index.ts";
import { mergeDatasets } from "./merge.ts";
import { DatasetWriter } from "./writer.ts";

const top = mkdtempSync(join(tmpdir(), "sodp-spaces-"));
afterAll(() => rmSync(top, { recursive: true }));
let folders = 0;
const newFolder = () => join(top, `set-${folders++}`);

/** Rows of a space: whole numbers from 0 to 255 in its parts of bytes. */
function rowsOf(space: Space, rows: number, random: Random): Float32Array {
  const size = sizeOfSpace(space);
  const numbers = random.fillNormal(new Float32Array(rows * size));
  for (const { part, offset, size: own } of partPlaces(space))
    if (part.dtype === "uint8")
      for (let row = 0; row < rows; row++)
        for (let i = 0; i < own; i++) numbers[row * size + offset + i] = random.integer(256);
  return numbers;
}

function episodeOf({ observation, action }: Spaces, seed: number): Episode {
  const random = new Random(seed);
  const steps = 1 + random.integer(9);
  return {
    task: `task ${seed % 2}`,
    seed,
    observations: rowsOf(observation, steps, random),
    finalObservation: rowsOf(observation, 1, random),
    actions: rowsOf(action, steps, random),
    rewards: random.fillNormal(new Float32Array(steps)),
    successes: new Uint8Array(steps),
    terminated: seed % 3 === 0,
  };
}
const many = (spaces: Spaces, count: number) => range(0, count).map((seed) => episodeOf(spaces, seed));

async function write(spaces: Spaces, episodes: readonly Episode[]): Promise<string> {
  const folder = newFolder();
  const writer = await DatasetWriter.create(folder);
  for (const [i, episode] of episodes.entries()) {
    await writer.add(episode, spaces);
    if (i === 1) await writer.flush();
  }
  await writer.close();
  return folder;
}

const part = fc.record(
  {
    shape: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 }),
    dtype: fc.constantFrom("float32" as const, "uint8" as const),
  },
  { requiredKeys: ["shape"] },
);
const space: fc.Arbitrary<Space> = fc
  .uniqueArray(fc.tuple(fc.constantFrom("state", "pointCloud", "image", "goal"), part), {
    minLength: 1,
    maxLength: 3,
    selector: ([name]) => name,
  })
  .map((parts) => Object.fromEntries(parts));
const everySpaces = fc.record({
  observation: space,
  action: fc.oneof(fc.constant(vectorSpace("action", 2)), space),
});

test("what is written is read, whatever the parts, and samplers see the same", {
  timeout: 120_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(everySpaces, fc.nat(), async (spaces, seed) => {
      const episodes = many(spaces, 5);
      using dataset = await Dataset.open(await write(spaces, episodes));
      expect(dataset.spaces).toEqual(spaces);
      expect(Object.keys(dataset.spaces.observation)).toEqual(Object.keys(spaces.observation));
      expect(range(0, 5).map((i) => dataset.episode(i))).toEqual(episodes);
      const spec = { observation: [-2, 0, 1], action: range(-1, 3), reward: [0] };
      const drawn = [
        samplerOf(new EpisodeList(spaces, { episodes }), spec, { padAfter: 2 }),
        samplerOf(dataset, spec, { padAfter: 2 }),
        samplerOf(dataset, spec, { padAfter: 2, memoryBytes: 0 }),
      ].map((sampler) => {
        const batch = sampler.emptyBatch(20);
        void sampler.sample(new Random(seed), batch);
        return { batch, ranges: [sampler.observationRange, sampler.actionRange] };
      });
      expect(drawn[1]).toEqual(drawn[0]);
      expect(drawn[2]).toEqual(drawn[0]);
      expect((await checkDataset(dataset.folder)).damage).toEqual([]);
    }),
    { numRuns: 25 },
  );
});

const seen: Spaces = {
  observation: {
    state: { names: ["x", "y"], shape: [2] },
    pointCloud: { shape: [4, 3] },
    image: { shape: [2, 2, 3], dtype: "uint8" },
  },
  action: vectorSpace("action", 2),
};

describe("parts of observations", () => {
  test("are columns of their own, by LeRobot's names; pictures are bytes", async () => {
    const episodes = many(seen, 2);
    const folder = await write(seen, episodes);
    const { tensors } = await readTensors(join(folder, "data/shard-00000.safetensors"));
    const steps = episodes[0].rewards.length + episodes[1].rewards.length;
    const columns = Object.entries(tensors).map(([name, { dtype, shape }]) => [name, dtype, shape.join()]);
    expect(columns.filter(([name]) => /observation|action/.test(name)).sort()).toEqual([
      ["action", "F32", `${steps},2`],
      ["episode.final_observation.image", "U8", "2,2,2,3"],
      ["episode.final_observation.pointCloud", "F32", "2,4,3"],
      ["episode.final_observation.state", "F32", "2,2"],
      ["observation.image", "U8", `${steps},2,2,3`],
      ["observation.pointCloud", "F32", `${steps},4,3`],
      ["observation.state", "F32", `${steps},2`],
    ]);
    expect([...tensors["observation.image"].data.subarray(0, 12)]).toEqual([
      ...episodes[0].observations.subarray(14, 26),
    ]);
    const info = JSON.parse(readFileSync(join(folder, "meta/info.json"), "utf8"));
    expect(info.features["observation.state"]).toEqual({ dtype: "float32", shape: [2], names: ["x", "y"] });
    expect(info.features["observation.image"]).toEqual({ dtype: "uint8", shape: [2, 2, 3], names: null });
  });

  test("have statistics by channel", async () => {
    const episodes = many(seen, 3);
    using dataset = await Dataset.open(await write(seen, episodes));
    const points = episodes.flatMap(({ observations }) =>
      range(0, observations.length / 26).flatMap((row) => [
        ...observations.subarray(26 * row + 2, 26 * row + 14),
      ]),
    );
    const { min, max, mean, count } = dataset.statistics("observation.pointCloud");
    for (const axis of [0, 1, 2]) {
      const own = points.filter((_, i) => i % 3 === axis);
      expect([min[axis], max[axis], count]).toEqual([Math.min(...own), Math.max(...own), own.length]);
      expect(mean[axis]).toBeCloseTo(own.reduce((a, b) => a + b, 0) / own.length, 10);
    }
    expect(() => dataset.statistics("observation.depth")).toThrow(
      'Unknown column "observation.depth". Known:',
    );
  });

  test("of bytes are refused when they are none", async () => {
    const writer = await DatasetWriter.create(newFolder());
    const [good] = many(seen, 1);
    for (const wrong of [256, -1, 0.5])
      await expect(
        writer.add({ ...good, observations: good.observations.with(14, wrong) }, seen),
      ).rejects.toThrow(
        `Episode 0 (task 0) is refused: image holds whole numbers from 0 to 255; got ${wrong} at step 0.`,
      );
  });

  test("are those of the first episode, then and when a data set grows", async () => {
    const folder = await write(seen, many(seen, 2));
    const writer = await DatasetWriter.append(folder);
    const flat = { observation: vectorSpace("state", 26), action: vectorSpace("action", 2) }; // as many numbers
    await expect(writer.add(many(seen, 1)[0], flat)).rejects.toThrow(
      new UserError(
        `Episode 2 (task 0) is refused: it observes state (26) and acts with action (2); the data set ${folder} ` +
          "observes state (2), pointCloud (4, 3), image (2, 2, 3) of uint8 and acts with action (2).",
      ),
    );
  });
});

test("a data set that was appended to is that of one go, byte for byte", async () => {
  const [whole, grown] = [await write(seen, many(seen, 4)), await write(seen, many(seen, 2))];
  const writer = await DatasetWriter.append(grown);
  for (const episode of many(seen, 4).slice(2)) await writer.add(episode, seen);
  await writer.close();
  for (const file of ["manifest.json", "data/shard-00001.safetensors", "meta/info.json"])
    expect(readFileSync(join(grown, file), "utf8")).toBe(readFileSync(join(whole, file), "utf8"));
});

describe("a data set of version 0.1, which had one vector of observations", () => {
  const fixture = join(import.meta.dirname, "../../test/fixtures/dataset-0.1");
  const metaworld = { observation: vectorSpace("state", 39), action: vectorSpace("action", 4) };
  const copy = () => {
    const folder = newFolder();
    cpSync(fixture, folder, { recursive: true });
    return folder;
  };
  const sha256 = (numbers: Float32Array | Uint8Array) =>
    createHash("sha256").update(new Uint8Array(numbers.buffer)).digest("hex").slice(0, 16);

  test("is read, to the bit", async () => {
    using dataset = await Dataset.open(fixture);
    expect(dataset.spaces).toEqual(metaworld);
    expect(dataset.tasks).toEqual(["metaworld/drawer-open", "metaworld/door-close"]);
    const { observations, finalObservation, actions, rewards, successes, ...rest } = dataset.episode(2);
    expect(rest).toEqual({ task: "metaworld/door-close", seed: 2608803378, terminated: false });
    // Told by version 0.1 of its own data set.
    expect([observations, finalObservation, actions, rewards, successes].map(sha256)).toEqual([
      "8e3a3ff99058d1e8",
      "f81d13be493f4df3",
      "b4445df7133b75b5",
      "b97b57ccbf8ca87c",
      "de47c9b27eb8d300",
    ]);
    expect((await checkDataset(fixture)).damage).toEqual([]);
  });

  test("has its tasks as they are spelled today; grown, it names a task once, however it is spelled", async () => {
    const [folder, into] = [copy(), newFolder()];
    const writer = await DatasetWriter.append(folder);
    const [added] = many(metaworld, 1);
    const spellings = ["metaworld/drawer-open", "drawer-open-v3", "door-close", "another"];
    for (const task of spellings) await writer.add({ ...added, task }, metaworld);
    await writer.close();
    await mergeDatasets([folder], into);
    const names = ["metaworld/drawer-open", "metaworld/door-close", "another"];
    for (const each of [folder, into]) {
      using grown = await Dataset.open(each);
      expect(grown.tasks).toEqual(names);
      expect(range(4, 8).map((i) => grown.taskOf(i))).toEqual([0, 0, 1, 2]);
    }
    const listed = (each: string) =>
      readFileSync(join(each, "meta/tasks.jsonl"), "utf8").match(/(?<="task":")[^"]+/g);
    expect(listed(folder)).toEqual([names[0], names[1], "drawer-open-v3", "door-close", "another"]);
    expect(listed(into)).toEqual(names);
  });

  test("is sampled, merged and appended to; from then on it is of version 3", async () => {
    const [folder, into] = [copy(), newFolder()];
    const before = readFileSync(join(folder, "data/shard-00000.safetensors"));
    const [added] = many(metaworld, 1);
    const writer = await DatasetWriter.append(folder);
    await writer.add(added, metaworld);
    await writer.close();
    expect(JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8"))).toMatchObject({
      version: 3,
      unchecked: true,
    });
    expect(readFileSync(join(folder, "data/shard-00000.safetensors")).equals(before)).toBe(true);
    await mergeDatasets([fixture, folder], into);
    using old = await Dataset.open(fixture);
    using grown = await Dataset.open(folder);
    using merged = await Dataset.open(into);
    const all = (dataset: Dataset) => range(0, dataset.episodes).map((i) => dataset.episode(i));
    expect(all(grown)).toEqual([...all(old), added]);
    expect(all(merged)).toEqual([...all(old), ...all(grown)]);
    const sampler = samplerOf(grown, { observation: [0, 1] }, { memoryBytes: 0 });
    const batch = sampler.emptyBatch(200);
    void sampler.sample(new Random(0), batch);
    const finals = new Set(all(grown).map(({ finalObservation }) => finalObservation.join()));
    const met = range(0, 200).map((row) =>
      batch.observation.subarray(39 * (2 * row + 1), 39 * (2 * row + 2)).join(),
    );
    expect(met.filter((row) => finals.has(row)).length).toBeGreaterThan(0);
  });
});
