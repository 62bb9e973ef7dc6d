import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test, vi } from "vitest";
import { writeNpz } from "../../../test/npz.ts";
import type { Episode } from "../episodes/index.ts";
import { type ImportOptions, openExternalDataset } from "./formats.ts";

vi.setConfig({ testTimeout: 120_000 }); // a busy machine takes seconds to load the HDF5 library
const fixtures = join(import.meta.dirname, "../../../test/fixtures/interchange");
/** Written by lerobot 0.6.1, minari 0.5.4, h5py and numpy. */
const found = (path: string) => join(fixtures, "found", path);
const scratch = mkdtempSync(join(tmpdir(), "sodp-foreign-"));
afterAll(() => rmSync(scratch, { recursive: true }));
let paths = 0;
const newPath = (extension = "") => join(scratch, `set-${paths++}${extension}`);

async function read(path: string, options: ImportOptions = {}) {
  const told: string[] = [];
  const set = await openExternalDataset(path, {
    ...options,
    onUnknown: (name, sentence) => told.push(`${name.replace(/ of .*/, "")}: ${sentence}`),
  });
  const episodes: Episode[] = [];
  for await (const episode of set.episodes()) episodes.push(episode);
  return { ...set, read: episodes, told };
}
const lengths = (episodes: readonly Episode[]) => episodes.map(({ rewards }) => rewards.length);
const refusal = (path: string, options: ImportOptions = {}) =>
  read(path, options).then(
    () => "read",
    (error) => `${error.name}: ${error.message}`,
  );

/** A table of two episodes of three steps. */
const table = (changes: Readonly<Record<string, readonly [readonly number[], readonly number[]]>> = {}) => ({
  observations: [
    [0, 1, 2, 3, 4, 5],
    [6, 1],
  ] as const,
  actions: [
    [0, 0, 0, 0, 0, 0],
    [6, 1],
  ] as const,
  rewards: [[1, 1, 1, 1, 1, 1], [6]] as const,
  timeouts: [[0, 0, 1, 0, 0, 1], [6]] as const,
  ...changes,
});
const npz = (arrays: Parameters<typeof writeNpz>[1]) => {
  const path = newPath(".npz");
  writeNpz(path, arrays);
  return path;
};

describe("a flag that is missing or not a number is not yes:", () => {
  test("of success, it is told and does not count", async () => {
    const path = npz(table({ success: [[0, Number.NaN, 1, Number.NaN, Number.NaN, Number.NaN], [6]] }));
    const set = await read(path);
    expect(set.read.map(({ successes }) => [...successes])).toEqual([
      [0, 0, 1],
      [0, 0, 0],
    ]);
    expect(set.told).toEqual([
      "episode 0: Whether some of its steps solved the task is not known: they count as not solved.",
      "episode 1: Whether its steps solved the task is not known: none counts as solved.",
    ]);
  });

  test.each([
    [{ timeouts: [[0, 0, 1, Number.NaN, 0, 1], [6]] }, /timeouts of .* is not known at step 3: it is NaN/],
    [{ terminals: [[0, 0, 1, 0, Number.NaN, 1], [6]] }, /terminals of .* is not known at step 4/],
    [
      { success: [[0, 0, 0.5, 0, 0, 1], [6]] },
      /episode 0 of .*: success is expected to be 0 or 1, got 0.5 at step 2/,
    ],
    [{ success: [[0, 0, 0, 0, -1, 1], [6]] }, /episode 1 of .*: success is expected .* got -1 at step 1/],
  ] as const)("of an end, or a number that is no flag, it is refused: %#", async (changes, sentence) => {
    expect(await refusal(npz(table(changes as never)))).toMatch(sentence);
  });

  test("the file of public reports is refused by name", async () => {
    expect(await refusal(found("npz-nan-flags.npz"))).toMatch(
      /^UserError: terminals of .*npz-nan-flags.npz is not known at step 0: it is NaN\.$/,
    );
  });
});

describe("numbers that float32 does not hold are refused by place:", () => {
  test.each([
    [
      "too large",
      {
        observations: [
          [0, 1, 2, 1e39, 4, 5],
          [6, 1],
        ],
      },
      /observations in .* holds 1e\+39 in row 3/,
    ],
  ] as const)("%s", async (_, changes, sentence) => {
    expect(await refusal(npz(table(changes as never)))).toMatch(sentence);
  });
});

describe("where nothing says that an episode was cut", () => {
  const path = found("d4rl-without-timeouts.hdf5");
  test("the reader asks, and takes the answer", async () => {
    expect(await refusal(path)).toMatch(/has no timeouts, and no true end either: .* \(--episode_steps\)/);
    expect(lengths((await read(path, { episodeSteps: 100 })).read)).toEqual([100, 100, 100]);
  });

  test("an episode's steps count from its start, also after a true end", async () => {
    const { timeouts: _, ...rest } = table({ terminals: [[0, 1, 0, 0, 0, 0], [6]] });
    const set = await read(npz(rest), { episodeSteps: 3 });
    expect(set.read.map(({ rewards, terminated }) => [rewards.length, terminated])).toEqual([
      [2, true],
      [3, false],
      [1, false],
    ]);
    expect(set.told).toEqual([
      "episode 2: Nothing marks its end but that of the table: it counts as cut short.",
    ]);
  });

  test("true ends that reach to the table's end are enough", async () => {
    const set = await read(found("d4rl-three-episodes.hdf5"));
    expect(lengths(set.read)).toEqual([20, 20, 20]);
    expect(set.description.notes).toContain("No timeouts: only a true end ends an episode.");
  });

  test("stacked arrays end with their axis; an end within is refused", async () => {
    const stacked = {
      observations: [
        [0, 1, 2, 3, 4, 5],
        [2, 3, 1],
      ] as const,
      actions: [
        [0, 0, 0, 0, 0, 0],
        [2, 3, 1],
      ] as const,
      terminals: [
        [0, 0, 1, 0, 1, 0],
        [2, 3],
      ] as const,
    };
    expect(await refusal(npz(stacked))).toMatch(/episode 1 of .*: It ends at step 1, yet has 3 steps/);
    expect(await refusal(npz(stacked), { episodeSteps: 3 })).toMatch(/--episode_steps has no use here/);
  });
});

test("an option that a format has no use for is refused", async () => {
  const lerobot = join(fixtures, "lerobot");
  expect(await refusal(lerobot, { task: "reach" })).toMatch(
    /format lerobot has no use for --task; it has for --observation_keys, --arrays/,
  );
  expect(await refusal(lerobot, { episodeSteps: 5 })).toMatch(/has no use for --episode_steps/);
  expect(await refusal(join(fixtures, "minari/box/fixture-v0"), { episodeSteps: 5 })).toMatch(/no use for/);
  const two = newPath();
  for (const task of ["a", "b"])
    cpSync(join(fixtures, "npz/episodes/basketball-v2"), join(two, task), { recursive: true });
  expect(await refusal(two, { task: "reach" })).toMatch(/a folder for each of 2 tasks.*--task has no use/);
  expect(new Set((await read(two)).read.map(({ task }) => task))).toEqual(new Set(["a", "b"]));
});

describe("what holds for the first episode is not taken for all:", () => {
  test("an info that a later episode lacks is not known", async () => {
    const set = await read(found("minari-success-early"));
    expect(set.read.map(({ successes }) => successes.includes(1))).toEqual([true, false]);
    expect(set.told).toEqual([
      "episode_1: Whether its steps solved the task is not known: none counts as solved.",
    ]);
  });

  test("a later file of another shape is refused, and one that lacks something is told of", async () => {
    const folder = newPath();
    mkdirSync(folder);
    const { timeouts: _, ...first } = table();
    writeNpz(join(folder, "0.npz"), first);
    const { rewards: __, ...second } = first;
    writeNpz(join(folder, "1.npz"), second);
    expect((await read(folder)).told).toEqual([expect.stringMatching(/1\.npz: No rewards: they are 0\.$/)]);
    writeNpz(join(folder, "2.npz"), { ...first, observations: [[...Array(12).keys()], [6, 2]] });
    expect(await refusal(folder)).toMatch(
      /2\.npz: Expected observations of shape \(1\), as in the first episode, got \(2\)/,
    );
  });
});

describe("names and folders:", () => {
  test("numbered files are read in order, under the names that they have", async () => {
    const set = await read(found("npz-zero-padded"));
    expect(lengths(set.read)).toEqual([5, 5, 5]);
    const folder = newPath();
    mkdirSync(folder);
    for (const [name, reward] of [
      ["0010", 3],
      ["2", 1],
      ["003", 2],
    ] as const)
      writeNpz(join(folder, `${name}.npz`), { ...table(), rewards: [Array(6).fill(reward), [6]] });
    expect((await read(folder)).read.map(({ rewards }) => rewards[0])).toEqual([1, 2, 3]);
  });

  test("files that a system puts beside others are passed over", async () => {
    const set = await read(found("lerobot-appledouble"));
    expect(lengths(set.read)).toEqual([5, 3, 4]);
    const folder = newPath();
    cpSync(join(fixtures, "npz/episodes"), folder, { recursive: true });
    for (const name of ["._2.npz", ".DS_Store", "Thumbs.db"])
      writeFileSync(join(folder, "basketball-v2", name), "Mac OS X");
    cpSync(join(folder, "basketball-v2"), join(folder, "__MACOSX"), { recursive: true });
    expect((await read(folder)).description.tasks).toEqual(["basketball-v2"]);
    expect((await read(folder)).read).toHaveLength(3);
  });

  test("features as openpi names them are found", async () => {
    const set = await read(found("lerobot-openpi-names"));
    expect(set.description.observation.map(({ key }) => key)).toEqual(["state"]);
    expect(set.description.action.key).toBe("actions");
    expect(lengths(set.read)).toEqual([5, 4]);
    expect(await refusal(found("lerobot-openpi-names"), { keys: { actions: "act" } })).toMatch(
      /has no feature "act". It has: state, actions/,
    );
  });

  test("arrays within a group of the archive are called by their whole name", async () => {
    const set = await read(npz(table({ "infos/success": [[0, 0, 1, 0, 0, 0], [6]] })));
    expect(set.read.map(({ successes }) => successes.includes(1))).toEqual([true, false]);
  });

  test.each(["success", "is_success", "goal_achieved", "successes", "task_success"])(
    "%s says that a step solved the task",
    async (key) => {
      const set = await read(npz(table({ [key]: [[0, 0, 1, 0, 0, 0], [6]] })));
      expect(set.read.map(({ successes }) => successes.includes(1))).toEqual([true, false]);
    },
  );
});

describe("pictures and clouds keep their shape:", () => {
  test("HDF5", async () => {
    const set = await read(found("d4rl-pixels.hdf5"));
    expect(set.spaces.observation).toEqual({ image: { shape: [8, 8, 3], dtype: "uint8" } });
  });

  test("a table of clouds is not taken for stacked episodes", async () => {
    const set = await read(npz(table({ observations: [[...Array(6 * 4 * 3).keys()], [6, 4, 3]] })));
    expect(set.spaces.observation).toEqual({ state: { shape: [4, 3] } });
    expect(lengths(set.read)).toEqual([3, 3]);
  });
});

test("actions beyond their bound by rounding are put on it", async () => {
  const set = await read(
    npz(
      table({
        actions: [
          [1.0000001, -1.0000001, 0, 0, 0, 1],
          [6, 1],
        ],
      }),
    ),
  );
  expect([...set.read[0].actions]).toEqual([1, -1, 0]);
  expect(
    await refusal(
      npz(
        table({
          actions: [
            [1.0001, 0, 0, 0, 0, 1],
            [6, 1],
          ],
        }),
      ),
    ),
  ).toMatch(/got 1.0001/);
});

test("steps of a LeRobot set never come from outside of it", async () => {
  for (const path of ["../steps.parquet", "/tmp/steps.parquet", "data/../../{chunk_index:03d}.parquet"]) {
    const folder = newPath();
    cpSync(join(fixtures, "lerobot"), folder, { recursive: true });
    const info = JSON.parse(readFileSync(join(folder, "meta/info.json"), "utf8"));
    writeFileSync(join(folder, "meta/info.json"), JSON.stringify({ ...info, data_path: path }));
    expect(await refusal(folder)).toMatch(/names steps outside of it/);
  }
});

describe("zarr", () => {
  const copy = () => {
    const folder = newPath(".zarr");
    cpSync(join(fixtures, "zarr/replay.zarr"), folder, { recursive: true });
    return folder;
  };
  test("a chunk that is not there is told of", async () => {
    const folder = copy();
    rmSync(join(folder, "data/state/1.0"));
    const { description, read: episodes } = await read(folder);
    expect(description.notes).toContain(
      "1 of 3 chunks of data/state are not there, the first from row 5 on: zarr leaves out those of one number, which stands in for them.",
    );
    expect([...episodes[1].observations]).toEqual(Array(9).fill(0));
  });

  test("ends that do not reach to the last step are refused", async () => {
    const folder = copy();
    const ends = join(folder, "meta/episode_ends");
    writeFileSync(join(ends, ".zarray"), readFileSync(join(ends, ".zarray"), "utf8").replace("3", "2"));
    expect(await refusal(folder)).toMatch(/episode_ends of .* ends at step 8; the data have 12/);
  });

  test("observations may be named, and what is not named is told", async () => {
    const folder = copy();
    cpSync(join(folder, "data/state"), join(folder, "data/keypoint"), { recursive: true });
    expect((await read(folder)).spaces.observation).toEqual({
      keypoint: { shape: [3] },
      state: { shape: [3] },
    });
    const { spaces, description } = await read(folder, { observationKeys: ["state"] });
    expect(spaces.observation).toEqual({ state: { shape: [3] } });
    expect(description.notes).toContain("keypoint is left out.");
  });
});

test("robomimic: a demonstration that lacks an observation of the first is refused by name", async () => {
  const path = newPath(".hdf5");
  const { default: h5wasm } = await import("h5wasm/node");
  await h5wasm.ready;
  const file = new h5wasm.File(path, "w");
  const data = file.create_group("data");
  for (const [name, key] of [
    ["demo_0", "object"],
    ["demo_1", "eef"],
  ]) {
    const demo = data.create_group(name);
    demo.create_dataset({ name: "actions", data: new Float32Array(4), shape: [2, 2] });
    demo.create_group("obs").create_dataset({ name: key, data: new Float32Array(6), shape: [2, 3] });
  }
  file.close();
  expect(await refusal(path)).toMatch(/data\/demo_1 of .*: .*has no data set data\/demo_1\/obs\/object/);
});

test("LeRobot v2: a file of an episode holds its steps and no others", async () => {
  const folder = newPath();
  cpSync(join(fixtures, "lerobot-v2.1"), folder, { recursive: true });
  const path = join(folder, "meta/episodes.jsonl");
  const info = join(folder, "meta/info.json");
  writeFileSync(path, readFileSync(path, "utf8").replace('"length": 5', '"length": 4'));
  writeFileSync(info, readFileSync(info, "utf8").replace('"total_frames": 12', '"total_frames": 11'));
  expect(await refusal(folder)).toMatch(/Expected rows 0 to 4, as meta\/episodes says; the file has 5/);
});
