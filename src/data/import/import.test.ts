import {
  copyFileSync,
  cpSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test, vi } from "vitest";
import { importFormatSuite } from "../../../test/data-format-suite.ts";
import type { Episode } from "../episodes/index.ts";
import { exportFormats } from "../export/index.ts";
import { type ImportOptions, importFormats, openExternalDataset } from "./formats.ts";

vi.setConfig({ testTimeout: 120_000 }); // a busy machine takes seconds to load the HDF5 library
/** Written by the real libraries: test/oracles/interchange.py make. */
const fixtures = join(import.meta.dirname, "../../../test/fixtures/interchange");
const fixture = (path: string) => join(fixtures, path);
const scratch = mkdtempSync(join(tmpdir(), "sodp-import-"));
afterAll(() => rmSync(scratch, { recursive: true }));

/** A path of its own to be spoiled: a copy of a fixture. */
function copyOf(path: string, name: string): string {
  const copy = join(scratch, name);
  cpSync(fixture(path), copy, { recursive: true });
  return copy;
}

async function episodesOf(path: string, options: ImportOptions = {}): Promise<Episode[]> {
  const episodes: Episode[] = [];
  for await (const episode of (await openExternalDataset(path, options)).episodes()) episodes.push(episode);
  return episodes;
}

const plain = (episodes: readonly Episode[]) =>
  episodes.map((episode) =>
    Object.fromEntries(
      Object.entries(episode).map(([key, part]) => [
        key,
        ArrayBuffer.isView(part) ? [...(part as Float32Array)] : part,
      ]),
    ),
  );

const table: ImportOptions = {
  keys: {
    observations: ["obs"],
    actions: "acts",
    successes: "solved",
    nextObservations: ["next_obs"],
  },
};

/** A data set in each format that is read. */
const examples: Readonly<Record<keyof typeof importFormats, string>> = {
  lerobot: "lerobot",
  minari: "minari/box/fixture-v0",
  zarr: "zarr/replay.zarr",
  robomimic: "robomimic/lift.hdf5",
  d4rl: "d4rl/door.hdf5",
  "episode-files": "npz/episodes",
  npz: "npz/stacked.npz",
};
describe.each(Object.entries(examples))("%s", (name, path) => importFormatSuite(name, fixture(path)));
test("every format that is read has an example", () =>
  expect(Object.keys(examples)).toEqual(Object.keys(importFormats)));

describe.each([
  ["LeRobot v3", "lerobot", "lerobot/expected.json", {}],
  ["LeRobot v3, as sodp 0.2 wrote it", "lerobot-0.2", "lerobot-0.2/expected.json", {}],
  ["Minari, one space", "minari/box/fixture-v0", "minari/box/fixture-v0/expected.json", {}],
  ["Minari, a dictionary", "minari/dict/fixture-v0", "minari/dict/fixture-v0/expected.json", {}],
  ["LeRobot v2.1", "lerobot-v2.1", "lerobot-v2.1/expected.json", {}],
  ["diffusion_policy's zarr", "zarr/replay.zarr", "zarr/expected.json", {}],
  ["zarr without packing", "zarr/plain.zarr", "zarr/expected.json", { task: "replay" }],
  ["robomimic", "robomimic/lift.hdf5", "robomimic/expected.json", {}],
  ["D4RL", "d4rl/door.hdf5", "d4rl/expected.json", {}],
  ["D4RL, big-endian", "d4rl/big-endian.hdf5", undefined, {}],
  ["a file per episode", "npz/episodes", "npz/episodes.json", {}],
  ["a task's folder of them", "npz/episodes/basketball-v2", "npz/episodes.json", {}],
  ["an .npz table", "npz/table.npz", "npz/table.json", table],
  ["an .npz of stacked episodes", "npz/stacked.npz", "npz/stacked.json", {}],
] as const)("%s", (_, path, expected, options) => {
  test("is recognised and read as its writer meant it, twice the same", async () => {
    const set = await openExternalDataset(fixture(path), options);
    const read = async () => plain(await episodesOf(fixture(path), options));
    const first = await read();
    if (expected) expect(first).toEqual(JSON.parse(readFileSync(fixture(expected), "utf8")));
    expect(await read()).toEqual(first);
    const { episodes = first.length, steps } = set.description;
    expect(episodes).toBe(first.length);
    expect(steps ?? 12).toBe(12);
    expect(set.description.action.size).toBe(2);
  });
});

describe("a description tells", () => {
  test("LeRobot's names, ranges, tasks, rate and what is left out", async () => {
    const { description } = await openExternalDataset(fixture("lerobot"));
    expect(description).toMatchObject({
      format: "LeRobot v3.0",
      episodes: 3,
      steps: 12,
      fps: 10,
      tasks: ["reach-v3", "push-v3"],
      observation: [
        { key: "observation.state", size: 2, type: "float32", names: ["x", "y"] },
        { key: "observation.environment_state", size: 1, type: "float32" },
      ],
      action: { key: "action", size: 2, names: ["x", "gripper"] },
    });
    const actions = (await episodesOf(fixture("lerobot"))).flatMap((episode) => [...episode.actions]);
    expect(description.action.range?.high[0]).toBeCloseTo(
      Math.max(...actions.filter((_, i) => i % 2 === 0)),
      6,
    );
    expect(description.notes).toEqual([
      "observation.image (image) is left out.",
      "What the last action led to is not stored: the last observation stands in for it.",
    ]);
  });

  test("Minari's spaces, infinite bounds among them", async () => {
    const { description } = await openExternalDataset(fixture("minari/box/fixture-v0"));
    expect(description.observation).toEqual([
      {
        key: "observations",
        shape: [3],
        size: 3,
        type: "float64",
        range: { low: Array(3).fill(-Infinity), high: Array(3).fill(Infinity) },
      },
    ]);
    expect(description.action.range).toEqual({ low: [-1, -2], high: [1, 2] });
  });

  test("which part of a dictionary is no row of numbers", async () => {
    const { description } = await openExternalDataset(fixture("minari/dict/fixture-v0"));
    expect(description.observation.map(({ key }) => key)).toEqual([
      "observations/desired_goal",
      "observations/observation",
    ]);
    expect(description.notes).toEqual(["observations/picture is left out."]);
  });

  test("what an episode's file does not have", async () => {
    const { description } = await openExternalDataset(fixture("npz/episodes"));
    expect(description).toMatchObject({ tasks: ["basketball-v2"], episodes: 3, steps: undefined });
    expect(description.notes).toHaveLength(2);
  });
});

test("parts of an observation are joined in the order that is asked for", async () => {
  const [asStored] = await episodesOf(fixture("lerobot"));
  const [turned] = await episodesOf(fixture("lerobot"), {
    observationKeys: ["observation.environment_state", "observation.state"],
  });
  const [x, y, goal] = asStored.observations;
  expect([...turned.observations.slice(0, 3)]).toEqual([goal, x, y]);
});

describe("actions outside [-1, 1]", () => {
  const path = join(scratch, "wide");
  const make = async () => {
    await mkdir(join(path, "data"), { recursive: true });
    const from = fixture("minari/box/fixture-v0/data");
    copyFileSync(join(from, "main_data.hdf5"), join(path, "data/main_data.hdf5"));
    // Half of the range that the data fill: what was 1 is to be 2.
    const metadata = readFileSync(join(from, "metadata.json"), "utf8");
    const narrow = metadata.replace("[-1.0, -2.0]", "[-0.25, -2.0]").replace("[1.0, 2.0]", "[0.25, 2.0]");
    writeFileSync(join(path, "data/metadata.json"), narrow);
    return path;
  };

  test("are scaled by the declared range", async () => {
    const [raw] = await episodesOf(fixture("minari/box/fixture-v0"));
    const [scaled] = await episodesOf(fixture("minari/box/fixture-v0"), { actions: "scale" });
    scaled.actions.forEach((number, i) => {
      expect(number).toBeCloseTo(i % 2 === 0 ? raw.actions[i] : raw.actions[i] / 2, 6);
    });
  });

  test("are refused, and the sentence names place and way out", async () => {
    await expect(episodesOf(await make(), { actions: "scale" })).rejects.toThrow(
      /episode_0 of .*: Expected actions in \[-1, 1\], got .* at step \d+, dimension 0\. The set declares \[-0.25, 0.25\]\./,
    );
  });

  test("are clipped where that is asked for", async () => {
    const [raw] = await episodesOf(await make());
    const [clipped] = await episodesOf(path, { actions: "clip" });
    expect(clipped.actions).toEqual(raw.actions.map((number) => Math.min(1, Math.max(-1, number))));
  });

  test("cannot be scaled where no range is declared", async () => {
    await expect(openExternalDataset(fixture("d4rl/door.hdf5"), { actions: "scale" })).rejects.toThrow(
      /declares no finite range for "actions"/,
    );
  });
});

describe("is refused by name:", () => {
  test.each([
    ["a filter that would be read as noise", "d4rl/lzf.hdf5", {}, /observations in .* filter "lzf"/],
    ["another such filter", "d4rl/zstd.hdf5", {}, /filter "HDF5 zstd filter"/],
    ["half floats", "d4rl/half.hdf5", {}, /actions in .* no array of numbers/],
    ["pickled objects", "npz/odd.npz", {}, /observations in .* pickled objects/],
    ["Fortran order", "npz/odd.npz", { keys: { observations: ["actions"] } }, /actions in .*Fortran order/],
    ["big-endian numbers", "npz/odd.npz", { keys: { observations: ["rewards"] } }, /rewards in .* >f8/],
    [
      "a missing array",
      "npz/stacked.npz",
      { keys: { actions: "act" } },
      /no array "act". It has: observations, actions/,
    ],
    [
      "a missing array that is not needed",
      "npz/table.npz",
      { keys: { ...table.keys, timeouts: "t" } },
      /no array "t". It has: obs, acts, rewards/,
    ],
    ["an unknown part", "lerobot", { observationKeys: ["observation.x"] }, /no observation "observation.x"/],
    [
      "an unknown part of a space",
      "minari/dict/fixture-v0",
      { observationKeys: ["picture"] },
      /no observation "picture"/,
    ],
    ["an unknown format", "lerobot", { format: "lerobt" }, /Unknown format "lerobt". Known: lerobot/],
    ["no set at all", "", {}, /none of the formats/],
    ["nothing", "nowhere", {}, /Nothing is at/],
  ] as const)("%s", async (_, path, options, sentence) => {
    await expect(episodesOf(fixture(path), options)).rejects.toThrow(sentence);
    await expect(episodesOf(fixture(path), options)).rejects.toMatchObject({ name: "UserError" });
  });

  test.each([
    ["HDF5", "d4rl/door.hdf5", "", /torn.hdf5 is torn, or no HDF5 file/],
    ["a Minari set's data", "minari/box/fixture-v0", "data/main_data.hdf5", /is torn, or no HDF5 file/],
    ["a Minari set's metadata", "minari/box/fixture-v0", "data/metadata.json", /is damaged: it is not JSON/],
    ["a LeRobot set's steps", "lerobot", "data/chunk-000/file-000.parquet", /is torn, or no Parquet file/],
    ["a LeRobot set's tasks", "lerobot", "meta/tasks.parquet", /is torn, or no Parquet file/],
    ["a LeRobot set's info", "lerobot", "meta/info.json", /is damaged: it is not JSON/],
    ["an .npz table", "npz/table.npz", "", /is torn, or no .npz file/],
  ])("a torn file: %s", async (what, path, file, sentence) => {
    const extension = /\.\w+$/.exec(path)?.[0] ?? "";
    const copy = copyOf(path, `${what.replaceAll(/\W/g, "-")}-torn${extension}`);
    const torn = join(copy, file);
    truncateSync(torn, Math.floor(readFileSync(torn).length / 2));
    await expect(episodesOf(copy, path === "npz/table.npz" ? table : {})).rejects.toThrow(sentence);
  });

  test("a LeRobot set of version 1", async () => {
    const copy = copyOf("lerobot", "version-1");
    const info = join(copy, "meta/info.json");
    writeFileSync(info, readFileSync(info, "utf8").replace("v3.0", "v1.6"));
    await expect(episodesOf(copy)).rejects.toThrow(/version v1.6; versions 2 and 3 are read/);
  });

  test.each([
    ["lerobot", "meta/info.json", '"total_episodes": 3', '"total_episodes": 4'],
    ["minari/box/fixture-v0", "data/metadata.json", '"total_episodes": 3', '"total_episodes": 4'],
  ])("a set with fewer episodes than it tells of: %s", async (path, file, said, lie) => {
    const copy = copyOf(path, `${path.split("/")[0]}-short`);
    writeFileSync(join(copy, file), readFileSync(join(copy, file), "utf8").replace(said, lie));
    await expect(episodesOf(copy)).rejects.toThrow(/is torn: .* 4 episodes.* 3/);
  });

  test("a size that differs from what LeRobot's info.json tells", async () => {
    const copy = copyOf("lerobot", "wrong-size");
    const info = JSON.parse(readFileSync(join(copy, "meta/info.json"), "utf8"));
    info.features.action.shape = [3];
    writeFileSync(join(copy, "meta/info.json"), JSON.stringify(info));
    await expect(episodesOf(copy)).rejects.toThrow(/Expected 3 numbers per row of action .* got 2/);
  });

  test("Minari's other storage", async () => {
    const copy = copyOf("minari/box/fixture-v0", "arrow");
    const path = join(copy, "data/metadata.json");
    writeFileSync(path, readFileSync(path, "utf8").replace('"hdf5"', '"arrow"'));
    await expect(episodesOf(copy)).rejects.toThrow(/keeps its data as arrow; hdf5 is read/);
  });
});

describe("one bad episode", () => {
  test("is an error that names it; told of, it is left out and the rest is read", async () => {
    const folder = copyOf("npz/episodes", "one-bad");
    const bad = join(folder, "basketball-v2/9.npz");
    const bytes = readFileSync(bad);
    bytes[bytes.indexOf("actions.npy") + 60] ^= 1; // within packed content: only its checksum can tell
    writeFileSync(bad, bytes);
    await expect(episodesOf(folder)).rejects.toThrow(/9\.npz: .* is damaged/);
    const refused: string[] = [];
    const rest = await episodesOf(folder, {
      onRefused: (name, reason) => refused.push(`${name}: ${reason}`),
    });
    expect(refused).toEqual([expect.stringMatching(/9\.npz: .* is damaged/)]);
    const whole = plain(await episodesOf(fixture("npz/episodes")));
    expect(plain(rest)).toEqual([whole[0], whole[2]]);
  });

  test.each([
    [
      "NaN",
      (columns: Columns) => columns.actions.fill(Number.NaN, 13, 14),
      /actions hold NaN at step 1, dimension 1/,
    ],
    [
      "infinity",
      (columns: Columns) => columns.rewards.fill(1 / 0, 5, 6),
      /rewards hold Infinity at step 0, dimension 0/,
    ],
    [
      "an action out of range",
      (columns: Columns) => columns.actions.fill(1.5, 12, 13),
      /got 1.5 at step 1, dimension 0/,
    ],
  ])("in a table, with %s, leaves the others as they were", async (what, spoil, sentence) => {
    const path = join(scratch, `${what.replaceAll(" ", "-")}.hdf5`);
    await writeTable(path, spoil);
    await expect(episodesOf(path)).rejects.toThrow(sentence);
    const refused: string[] = [];
    const rest = await episodesOf(path, { onRefused: (name, reason) => refused.push(`${name}: ${reason}`) });
    expect(refused).toEqual([expect.stringMatching(sentence)]);
    expect(refused[0]).toContain("episode 1 of ");
    expect(rest).toHaveLength(1);
  });

  test("of a LeRobot set whose second file is torn: the first file's are read", async () => {
    const folder = join(scratch, "two-files");
    const episode = (await episodesOf(fixture("lerobot")))[0];
    const { spaces } = await openExternalDataset(fixture("lerobot"));
    await exportFormats.lerobot.write([episode, episode, episode], spaces, folder, { fps: 10, fileBytes: 1 });
    truncateSync(join(folder, "data/chunk-000/file-001.parquet"), 300);
    const refused: string[] = [];
    const rest = await episodesOf(folder, {
      onRefused: (name, reason) => refused.push(`${name}: ${reason}`),
    });
    expect(refused).toEqual([expect.stringMatching(/episode 1 of .*file-001.parquet: .* is torn/)]);
    expect(rest).toEqual([episode, episode]);
  });
});

test("columns of unequal lengths are refused, with both lengths", async () => {
  const path = join(scratch, "unequal.hdf5");
  await writeTable(path, (columns) => {
    columns.rewards = columns.rewards.subarray(1);
  });
  await expect(openExternalDataset(path)).rejects.toThrow(/Unequal lengths in .*: 10 actions, 9 rewards/);
});

test("a table without ends, or without actions, is refused", async () => {
  const path = join(scratch, "less.hdf5");
  await writeTable(path, (columns) => {
    delete (columns as Partial<Columns>).timeouts;
  });
  await expect(openExternalDataset(path)).rejects.toThrow(/neither terminals nor timeouts/);
  await writeTable(path, (columns) => {
    delete (columns as Partial<Columns>).actions;
  });
  await expect(openExternalDataset(path)).rejects.toThrow(/has no array "actions"/);
});

test("steps after the last end are an episode that was cut short", async () => {
  const path = join(scratch, "cut.hdf5");
  await writeTable(path, ({ timeouts }) => timeouts.fill(0, 5));
  expect((await episodesOf(path)).map(({ rewards, terminated }) => [rewards.length, terminated])).toEqual([
    [5, false],
    [5, false],
  ]);
});

test("a table is read in blocks, and no episode shows where they meet", async () => {
  const path = join(scratch, "long.hdf5");
  const steps = 10_000;
  await writeTable(path, (columns) => {
    columns.observations = Float32Array.from({ length: steps }, (_, i) => i);
    columns.actions = new Float32Array(steps);
    columns.rewards = new Float32Array(steps);
    columns.timeouts = Uint8Array.from({ length: steps }, (_, i) => Number(i % 777 === 776));
  });
  const read = (await episodesOf(path)).map(({ observations }) => [...observations]);
  expect(read.map((numbers) => numbers.length)).toEqual([...Array(12).fill(777), 676]);
  expect(read.flat()).toEqual(Array.from({ length: steps }, (_, i) => i));
});

/** D4RL's columns of two episodes of five steps, with three observed numbers and two actions. */
interface Columns {
  observations: Float32Array;
  actions: Float32Array;
  rewards: Float32Array;
  timeouts: Uint8Array;
}

async function writeTable(path: string, spoil: (columns: Columns) => void): Promise<void> {
  const columns: Columns = {
    observations: new Float32Array(30),
    actions: new Float32Array(20),
    rewards: new Float32Array(10),
    timeouts: Uint8Array.from({ length: 10 }, (_, i) => Number(i % 5 === 4)),
  };
  spoil(columns);
  const { default: h5wasm } = await import("h5wasm/node");
  await h5wasm.ready;
  const file = new h5wasm.File(path, "w");
  const rows = columns.timeouts?.length ?? 10;
  for (const [name, data] of Object.entries(columns)) {
    const shape = ["observations", "actions"].includes(name) ? [rows, data.length / rows] : [data.length];
    file.create_dataset({ name, data, shape });
  }
  file.close();
}
