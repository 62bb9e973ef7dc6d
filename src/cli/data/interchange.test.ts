import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { writeNpz } from "../../../test/npz.ts";
import { dataCommand } from "./index.ts";

vi.setConfig({ testTimeout: 120_000 }); // a busy machine takes seconds to load the HDF5 library
const fixture = (path: string) => join(import.meta.dirname, "../../../test/fixtures/interchange", path);
const scratch = mkdtempSync(join(tmpdir(), "sodp-interchange-"));
afterAll(() => rmSync(scratch, { recursive: true }));

const printed: string[] = [];
beforeEach(() => {
  vi.spyOn(console, "log").mockImplementation((text) => printed.push(text));
  vi.spyOn(process.stderr, "write").mockImplementation((text) => printed.push(String(text)) > 0);
});
afterEach(() => {
  vi.restoreAllMocks();
  printed.length = 0;
});

const sodp = async (...words: string[]) =>
  (await dataCommand(words)).exitOverride().parseAsync(words, { from: "user" });
/** The one document on standard output. */
async function document(...words: string[]) {
  printed.length = 0;
  await sodp(...words, "--json");
  return JSON.parse(printed.findLast((text) => text.startsWith("{")) ?? "");
}

describe("sodp data import", () => {
  test("tells what a set is, and without a folder writes nothing", async () => {
    await sodp("import", fixture("lerobot"));
    expect(printed.join("\n")).toContain("LeRobot v3.0, 2 tasks, 10 steps per second.");
    expect(printed.join("\n")).toContain(
      "Observation: observation.state, 2 numbers as float32 (x, y), declared between",
    );
    expect(printed.join("\n")).toContain("observation.image (image) is left out.");
    expect(printed.at(-1)).toBe("Nothing was written: 3 episodes, 12 steps; 0 episodes were refused.");
  });

  test("takes names of arrays", async () => {
    const arrays = [
      "--arrays.observations",
      "obs",
      "--arrays.actions",
      "acts",
      "--arrays.successes",
      "solved",
    ];
    expect(await document("import", fixture("npz/table.npz"), ...arrays)).toMatchObject({
      episodes: 3,
      steps: 12,
    });
  });

  test("refuses a set without a usable episode", async () => {
    await expect(sodp("import", fixture("d4rl/lzf.hdf5"))).rejects.toThrow(/filter "lzf"/);
  });

  test("leaves nothing of a set that it refuses", async () => {
    const path = join(scratch, "outside.npz");
    writeNpz(path, {
      observations: [
        [1, 2, 3],
        [3, 1],
      ],
      actions: [
        [0, 0, 5],
        [3, 1],
      ],
      timeouts: [[1, 1, 1], [3]],
    });
    const out = join(scratch, "refused", "set");
    await expect(sodp("import", path, "--dataset.root", out)).rejects.toThrow(
      /Expected actions in \[-1, 1\], got 5/,
    );
    expect(existsSync(join(out, ".."))).toBe(false);
  });
});

test("a set goes through our store into LeRobot's and Minari's formats and back unchanged", async () => {
  const [ours, lerobot, minari, again] = ["ours", "lerobot", "minari", "again"].map((name) =>
    join(scratch, name),
  );
  await sodp("import", fixture("d4rl/door.hdf5"), "--dataset.root", ours);
  await sodp("export", ours, "--format", "lerobot", "--out", lerobot);
  await sodp("export", ours, "--format", "minari", "--out", minari, "--id", "door/expert-v0");
  expect(existsSync(join(minari, "data/metadata.json"))).toBe(true);
  const first = await document("info", ours);
  for (const folder of [lerobot, minari]) {
    await sodp("import", folder, "--dataset.root", `${again}-${folder === minari}`);
    const { tasks } = await document("info", `${again}-${folder === minari}`);
    expect(tasks).toEqual(first.tasks);
  }
});

test("what a set says of itself survives the way in and out", async () => {
  const [ours, out, minari] = ["kept", "kept-lerobot", "kept-minari"].map((name) => join(scratch, name));
  await sodp("import", fixture("lerobot"), "--dataset.root", ours);
  expect(printed.join("\n")).toContain("reach-v3 is metaworld/reach, push-v3 is metaworld/push");
  await sodp("export", ours, "--format", "lerobot", "--out", out);
  const info = JSON.parse(readFileSync(join(out, "meta/info.json"), "utf8"));
  expect(info).toMatchObject({ fps: 10, robot_type: "sawyer" });
  expect(info.features["observation.state"].names).toEqual(["x", "y"]);
  await sodp("import", fixture("minari/box/fixture-v0"), "--actions", "scale", "--dataset.root", minari);
  await sodp("export", minari, "--format", "minari", "--out", `${minari}-out`);
  const metadata = JSON.parse(readFileSync(join(`${minari}-out`, "data/metadata.json"), "utf8"));
  expect(metadata.dataset_id).toBe("box/fixture-v0");
  const { origin } = JSON.parse(readFileSync(join(minari, "manifest.json"), "utf8"));
  expect(origin).toMatchObject({ actionsScaledFrom: { low: [-1, -2], high: [1, 2] } });
});

test("options that a format has no use for are refused, in and out", async () => {
  const ours = join(scratch, "options");
  await expect(sodp("import", fixture("lerobot"), "--task", "reach")).rejects.toThrow(
    /format lerobot has no use for --task/,
  );
  await sodp("import", fixture("d4rl/door.hdf5"), "--dataset.root", ours);
  await expect(
    sodp("export", ours, "--format", "minari", "--out", join(scratch, "no"), "--fps", "10"),
  ).rejects.toThrow("--fps means nothing for minari. It has: --id.");
});

test("what is not known of episodes is told once, with their number", async () => {
  const path = join(scratch, "unknown.npz");
  const flags = [0, Number.NaN, 1, Number.NaN, Number.NaN, 1];
  writeNpz(path, {
    observations: [
      [0, 1, 2, 3, 4, 5],
      [6, 1],
    ],
    actions: [
      [0, 0, 0, 0, 0, 0],
      [6, 1],
    ],
    timeouts: [[0, 0, 1, 0, 0, 1], [6]],
    success: [flags, [6]],
  });
  const sentence = "Whether some of its steps solved the task is not known: they count as not solved.";
  expect(await document("import", path)).toMatchObject({
    unknown: [{ sentence, episodes: 2, first: `episode 0 of ${path}` }],
  });
  expect(printed.join("")).toContain(`2 episodes, the first episode 0 of ${path}: ${sentence}`);
});
