/** @file Data sets on disk: written, read, appended to, drawn from, and damaged. */
import { randomUUID } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { Random, type StoredTensors, UserError, vectorSpace } from "../base/index.ts";
import { readTensors, replaceSealed, writeTensors } from "../platform/index.ts";
import { Dataset } from "./dataset.ts";
import {
  type Episode,
  EpisodeList,
  type EpisodePart,
  type EpisodeStore,
  isHeldOut,
  range,
  samplerOf,
} from "./episodes/index.ts";
import { statisticsOf } from "./statistics.ts";
import { DatasetWriter } from "./writer.ts";

const spaces = { observation: vectorSpace("state", 3), action: vectorSpace("action", 2) };
const top = mkdtempSync(join(tmpdir(), "sodp-data-"));
afterAll(() => rmSync(top, { recursive: true }));
let folders = 0;
const newFolder = () => join(top, `set-${folders++}`);

/** An episode of random numbers: observations of 3, actions of 2. */
function episode(seed: number, steps = 20 + (seed % 7)): Episode {
  const random = new Random(seed);
  const normal = (size: number) => random.fillNormal(new Float32Array(size));
  return {
    task: `task ${seed % 3}`,
    seed,
    observations: normal(3 * steps),
    finalObservation: normal(3),
    actions: normal(2 * steps),
    rewards: normal(steps),
    successes: Uint8Array.from({ length: steps }, () => random.integer(2)),
    terminated: seed % 2 === 0,
  };
}
const many = (count: number, first = 0) => Array.from({ length: count }, (_, i) => episode(first + i));

/** Writes episodes; each list becomes a shard. */
async function write(shards: readonly (readonly Episode[])[], folder = newFolder()): Promise<string> {
  const writer = await DatasetWriter.create(folder, { by: "a test" });
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

test("what is discarded leaves nothing but what was there before", async () => {
  const [made, there] = [join(newFolder(), "a", "b"), newFolder()];
  mkdirSync(there);
  writeFileSync(join(there, "note.txt"), "mine");
  for (const folder of [made, there]) {
    const writer = await DatasetWriter.create(folder, {}, "import");
    await writer.add(episode(1), spaces);
    await writer.flush();
    expect(existsSync(shard(folder, 0))).toBe(true);
    await writer.discard();
  }
  expect([existsSync(join(made, "..", "..")), readdirSync(there)]).toEqual([false, ["note.txt"]]);
});

/** Changes what a shard holds; its own checksum is right again. */
async function alter(path: string, change: (tensors: Record<string, StoredTensors[string]>) => void) {
  const tensors = { ...(await readTensors(path)).tensors };
  change(tensors);
  await writeTensors(path, tensors);
}

async function damage(folder: string): Promise<string[]> {
  using dataset = await Dataset.open(folder);
  return dataset.damage.map(({ reason }) => reason.replaceAll(folder, "SET"));
}

test("what is written is read, whatever the shards", { timeout: 60_000 }, async () => {
  const lists = fc.array(fc.array(fc.nat({ max: 1000 }), { minLength: 1, maxLength: 4 }), {
    minLength: 1,
    maxLength: 4,
  });
  await fc.assert(
    fc.asyncProperty(lists, async (shards) => {
      const episodes = shards.map((seeds) => seeds.map((seed) => episode(seed)));
      expect(await read(await write(episodes))).toEqual(episodes.flat());
    }),
    { numRuns: 20 },
  );
});

test("an append leaves what there was as it was", async () => {
  const folder = await write([many(3)]);
  const before = readFileSync(shard(folder, 0));
  const writer = await DatasetWriter.append(folder);
  for (const each of many(2, 3)) await writer.add(each, spaces);
  await writer.close();
  expect(readFileSync(shard(folder, 0)).equals(before)).toBe(true);
  expect(await read(folder)).toEqual(many(5));
});

test("columns have LeRobot's names and count over the whole data set", async () => {
  const folder = await write([many(2), many(2, 2)]);
  const { tensors } = await readTensors(shard(folder, 1));
  const steps = [2, 3].map((seed) => episode(seed).rewards.length);
  const rows = steps[0] + steps[1];
  expect(tensors["observation.state"].shape).toEqual([rows, 3]);
  expect(tensors.action.shape).toEqual([rows, 2]);
  expect([...tensors.episode_index.data]).toEqual([...Array(steps[0]).fill(2), ...Array(steps[1]).fill(3)]);
  expect([...tensors.frame_index.data]).toEqual([...Array(steps[0]).keys(), ...Array(steps[1]).keys()]);
  expect([...tensors.task_index.data]).toEqual([...Array(steps[0]).fill(2), ...Array(steps[1]).fill(0)]);
  expect([...tensors["next.done"].data].flatMap((done, i) => (done ? [i] : []))).toEqual([
    steps[0] - 1,
    rows - 1,
  ]);
});

test("equal episodes make equal files", async () => {
  const [a, b] = [await write([many(3), many(2)]), await write([many(3), many(2)])];
  const files = (folder: string) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((file) => file.includes("."))
      .sort()
      .map((file) => [file, readFileSync(join(folder, file), "base64")]);
  expect(files(a)).toEqual(files(b));
  expect(files(a).map(([file]) => file)).toEqual([
    "data/shard-00000.safetensors",
    "data/shard-00001.safetensors",
    "manifest.json",
    "meta/episodes.jsonl",
    "meta/info.json",
    "meta/stats.json",
    "meta/tasks.jsonl",
  ]);
});

test("statistics of shards come together to those of all steps", async () => {
  const folder = await write([many(1), many(5, 1), many(2, 6)]);
  using dataset = await Dataset.open(folder);
  const all = Float32Array.from(many(8).flatMap(({ observations }) => [...observations]));
  const whole = statisticsOf(all, 3);
  const joined = dataset.statistics("observation.state");
  expect([joined.count, joined.min, joined.max]).toEqual([whole.count, whole.min, whole.max]);
  for (const name of ["mean", "std"] as const)
    joined[name].forEach((x, i) => {
      expect(x).toBeCloseTo(whole[name][i], 12);
    });
  expect(JSON.parse(readFileSync(join(folder, "meta/stats.json"), "utf8"))["observation.state"]).toEqual(
    joined,
  );
});

test("meta tells where episodes lie", async () => {
  const folder = await write([many(2), many(2, 2)]);
  const lines = readFileSync(join(folder, "meta/episodes.jsonl"), "utf8").trim().split("\n");
  const starts = many(4).map((_, i) => many(i).reduce((sum, { rewards }) => sum + rewards.length, 0));
  expect(lines.map((line) => JSON.parse(line))).toEqual(
    many(4).map(({ task, seed, rewards: { length } }, i) => ({
      episode_index: i,
      tasks: [task],
      length,
      dataset_from_index: starts[i],
      dataset_to_index: starts[i] + length,
      seed,
    })),
  );
});

describe("held-out episodes", () => {
  const spec = { observation: range(-1, 1), action: range(-1, 15) };
  const draw = (store: EpisodeStore, part?: EpisodePart) => {
    const sampler = samplerOf(store, spec, { padAfter: 7, ...(part && { part }) });
    const batch = sampler.emptyBatch(300);
    void sampler.sample(new Random(1), batch);
    return { count: sampler.count, batch };
  };

  test("are one of twenty, wherever one looks", () => {
    const held = Array.from({ length: 20_000 }, (_, i) => isHeldOut(i));
    for (const [first, end] of [
      [0, 20_000],
      [0, 2000],
      [11_000, 13_000],
    ]) {
      const share = held.slice(first, end).filter(Boolean).length / (end - first);
      expect(Math.abs(share - 0.05)).toBeLessThan(0.015);
    }
  });

  test("stay held out when a shard before them is lost", async () => {
    const folder = await write([many(30), many(60, 30)]);
    rmSync(shard(folder, 0));
    using dataset = await Dataset.open(folder);
    const own = many(60, 30).filter((_, i) => isHeldOut(30 + i));
    expect(draw(dataset, "held-out")).toEqual(draw(new EpisodeList(spaces, { episodes: own })));
  });
});

describe("episodes that are not whole are refused, and left out", () => {
  const good = episode(1, 20);
  const withNaN = (numbers: Float32Array, at: number) => numbers.with(at, Number.NaN);
  test.each<[string, Partial<Episode>]>([
    ["observations hold NaN at step 3, dimension 1.", { observations: withNaN(good.observations, 10) }],
    ["actions hold NaN at step 5, dimension 0.", { actions: withNaN(good.actions, 10) }],
    ["rewards hold Infinity at step 2, dimension 0.", { rewards: good.rewards.with(2, Infinity) }],
    [
      "finalObservation hold NaN at step 0, dimension 2.",
      { finalObservation: withNaN(good.finalObservation, 2) },
    ],
    ["actions of 20 steps are (20, 2), 40 numbers; got 38.", { actions: good.actions.slice(2) }],
    [
      "observations of 20 steps are (20, 3), 60 numbers; got 57.",
      { observations: good.observations.slice(3) },
    ],
    ["successes of 20 steps are (20, 1), 20 numbers; got 19.", { successes: good.successes.slice(1) }],
    ["it has no step.", { rewards: new Float32Array(0) }],
    ["seed is a whole number below 2^32, got -1.", { seed: -1 }],
  ])("%s", async (sentence, wrong) => {
    const folder = newFolder();
    const writer = await DatasetWriter.create(folder);
    await writer.add(episode(0), spaces);
    await expect(writer.add({ ...good, ...wrong }, spaces)).rejects.toThrow(
      new UserError(`Episode 1 (task 1) is refused: ${sentence}`),
    );
    await writer.add(episode(2), spaces);
    await writer.close();
    expect(await read(folder)).toEqual([episode(0), episode(2)]);
  });
});

describe("a damaged shard is left out and named; the rest stays usable", () => {
  const rows = many(3, 3).reduce((sum, { rewards }) => sum + rewards.length, 0);
  test.each<[string, string, (path: string) => void | Promise<void>]>([
    ["missing", "No file SET/data/shard-00001.safetensors.", (path) => rmSync(path)],
    ["torn", "SET/data/shard-00001.safetensors is truncated: ", (path) => truncateSync(path, 2000)],
    ["empty", "SET/data/shard-00001.safetensors is no safetensors file: ", (path) => truncateSync(path)],
    [
      "without a column",
      "SET/data/shard-00001.safetensors lacks the column next.reward.",
      (path) =>
        alter(path, (tensors) => {
          delete tensors["next.reward"];
        }),
    ],
    [
      "with columns of unequal lengths",
      `SET/data/shard-00001.safetensors: column action is F32 (${rows - 1}, 2), the manifest asks for F32 (${rows}, 2).`,
      (path) =>
        alter(path, (tensors) => {
          const data = (tensors.action.data as Float32Array).slice(2);
          tensors.action = { dtype: "F32", shape: [rows - 1, 2], data };
        }),
    ],
    [
      "with episodes that do not add up",
      `SET/data/shard-00001.safetensors is damaged: its episodes have ${rows + 5} steps, its columns ${rows}.`,
      (path) => alter(path, (tensors) => (tensors["episode.length"].data as Int32Array).set([28])),
    ],
    [
      "with a task that is not known",
      "SET/data/shard-00001.safetensors is damaged: an episode's task_index is 7, there are 3 tasks.",
      (path) => alter(path, (tensors) => (tensors["episode.task_index"].data as Int32Array).set([7])),
    ],
  ])("%s", async (_, sentence, spoil) => {
    const folder = await write([many(3), many(3, 3), many(3, 6)]);
    await spoil(shard(folder, 1));
    expect(await damage(folder)).toEqual([expect.stringContaining(sentence)]);
    expect(await read(folder)).toEqual([...many(3), ...many(3, 6)]);
    using dataset = await Dataset.open(folder);
    expect(dataset.about(3).number).toBe(6);
  });

  test("when nothing is left, that is said", async () => {
    const folder = await write([many(2)]);
    rmSync(shard(folder, 0));
    await expect(Dataset.open(folder)).rejects.toThrow(
      `Nothing of ${folder} can be used. No file ${shard(folder, 0)}.`,
    );
  });
});

describe("an interrupted append", () => {
  test("leaves the data set as it was; the shard that is not listed is told, and replaced by the next", async () => {
    const folder = await write([many(3)]);
    const manifest = readFileSync(join(folder, "manifest.json"));
    const writer = await DatasetWriter.append(folder);
    await writer.add(episode(9), spaces);
    await writer.flush();
    writeFileSync(join(folder, "manifest.json"), manifest); // as if the process had died between the two renames
    const half = `${shard(folder, 2)}.${randomUUID()}.tmp`;
    writeFileSync(half, "half");
    {
      using dataset = await Dataset.open(folder);
      expect(dataset.episodes).toBe(3);
      expect(dataset.unlisted).toEqual(["data/shard-00001.safetensors", `data/${basename(half)}`]);
    }
    const again = await DatasetWriter.append(folder);
    await again.add(episode(4), spaces);
    await again.close();
    expect(await read(folder)).toEqual([...many(3), episode(4)]);
    expect(existsSync(half)).toBe(false);
  });

  test("two writers at once: the later one is told before it harms", async () => {
    const folder = await write([many(1)]);
    const [a, b] = [await DatasetWriter.append(folder), await DatasetWriter.append(folder)];
    await a.add(episode(1), spaces);
    await b.add(episode(2), spaces);
    await a.flush();
    await expect(b.flush()).rejects.toThrow("another process adds to it");
    expect(await read(folder)).toEqual(many(2));
  });
});

describe("refused in one sentence", () => {
  const manifestOf = (folder: string) => join(folder, "manifest.json");
  const edited = async (change: (manifest: Record<string, unknown>) => void) => {
    const folder = await write([many(1)]);
    const { sha256: _, ...manifest } = JSON.parse(readFileSync(manifestOf(folder), "utf8"));
    change(manifest);
    await replaceSealed(manifestOf(folder), manifest);
    return folder;
  };

  test.each<[string, () => Promise<string>]>([
    ["SET holds no data set: there is no SET/manifest.json.", async () => newFolder()],
    [
      "SET/manifest.json is damaged: it is not JSON.",
      async () => {
        const folder = await write([many(1)]);
        truncateSync(manifestOf(folder), 100);
        return folder;
      },
    ],
    [
      "SET/manifest.json is of format version 4; this sodp reads versions up to 3. Update it.",
      () => edited((manifest) => Object.assign(manifest, { version: 4 })),
    ],
    [
      "SET/manifest.json is damaged: shards.0.steps: ",
      () => edited(({ shards }) => Object.assign((shards as object[])[0], { steps: "20" })),
    ],
    [
      "SET/manifest.json is damaged: shards.0.file: ",
      () => edited(({ shards }) => Object.assign((shards as object[])[0], { file: "../../x.safetensors" })),
    ],
    [
      "SET/manifest.json is damaged: spaces: ",
      () =>
        edited((manifest) => Object.assign(manifest, { version: 1, observation_size: 0, action_size: 2 })),
    ],
    ["SET holds no episode.", () => edited((manifest) => Object.assign(manifest, { shards: [] }))],
  ])("%s", async (sentence, make) => {
    const folder = await make();
    await expect(Dataset.open(folder)).rejects.toThrow(sentence.replaceAll("SET", folder));
  });

  test("a data set over another", async () => {
    const folder = await write([many(1)]);
    await expect(DatasetWriter.create(folder)).rejects.toThrow("already holds a data set");
  });

  test("an episode that is not there", async () => {
    using dataset = await Dataset.open(await write([many(2)]));
    expect(() => dataset.episode(2)).toThrow("episodes are numbered 0 to 1, got 2.");
  });
});
