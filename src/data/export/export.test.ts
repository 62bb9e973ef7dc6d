import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test, vi } from "vitest";
import { episodeOf, exportFormatSuite } from "../../../test/data-format-suite.ts";
import { type Spaces, vectorSpace } from "../../base/index.ts";
import type { Episode } from "../episodes/index.ts";
import { openExternalDataset } from "../import/index.ts";
import { exportFormats } from "./index.ts";

vi.setConfig({ testTimeout: 120_000 }); // a busy machine takes seconds to load the HDF5 library
const scratch = mkdtempSync(join(tmpdir(), "sodp-export-"));
afterAll(() => rmSync(scratch, { recursive: true }));
let folders = 0;
const newPath = () => join(scratch, `set-${folders++}`);

describe.each(Object.entries(exportFormats))("%s", (name, format) => exportFormatSuite(name, format));

async function read(folder: string): Promise<Episode[]> {
  const episodes: Episode[] = [];
  for await (const episode of (await openExternalDataset(folder)).episodes()) episodes.push(episode);
  return episodes;
}

const flat: Episode = {
  task: "reach-v3",
  seed: 1,
  observations: Float32Array.of(1, 2, 3, 4),
  finalObservation: Float32Array.of(5, 6),
  actions: Float32Array.of(0, 1),
  rewards: Float32Array.of(7, 8),
  successes: Uint8Array.of(0, 1),
  terminated: true,
};
const spaces = { observation: vectorSpace("state", 2), action: vectorSpace("action", 1) };
const metaworld = { observation: vectorSpace("state", 39), action: vectorSpace("action", 4) };
const { lerobot, minari } = exportFormats;

test.each(Object.values(exportFormats))(
  "takes what another format gives, a stream: %#",
  async ({ write }) => {
    const episodes = fc.sample(episodeOf(metaworld), { numRuns: 5, seed: 2 });
    for (const other of Object.values(exportFormats)) {
      const [there, back] = [newPath(), newPath()];
      await other.write(episodes, metaworld, there, {});
      const set = await openExternalDataset(there);
      await write(set.episodes(), set.spaces, back, {});
      expect(await read(back)).toEqual(episodes);
    }
  },
);

test.each(Object.values(exportFormats))("refuses an action of several parts: %#", async ({ write }) => {
  const parts: Spaces = { ...spaces, action: { arm: { shape: [1] }, gripper: { shape: [1] } } };
  const folder = newPath();
  await expect(write([flat], parts, folder, {})).rejects.toThrow(/has the parts arm, gripper\.$/);
  expect(existsSync(folder)).toBe(false);
});

test("LeRobot: a new file follows where one is full, and an episode lies in one", async () => {
  const folder = newPath();
  const episodes = fc.sample(episodeOf(metaworld), { numRuns: 20, seed: 4 });
  await lerobot.write(episodes, metaworld, folder, { fps: 80, fileBytes: 5_000 });
  expect(readdirSync(join(folder, "data/chunk-000")).length).toBeGreaterThan(2);
  expect(await read(folder)).toEqual(episodes);
});

test("LeRobot: statistics are those of the steps, names those of the spaces", async () => {
  const folder = newPath();
  const named: Spaces = { ...spaces, observation: { state: { shape: [2], names: ["x", "y"] } } };
  await lerobot.write([flat, { ...flat, rewards: Float32Array.of(-1, 0) }], named, folder, {});
  const stats = JSON.parse(readFileSync(join(folder, "meta/stats.json"), "utf8"));
  expect(stats["next.reward"]).toMatchObject({ min: [-1], max: [8], mean: [3.5], count: [4] });
  expect(stats["observation.state"]).toMatchObject({ min: [1, 2], max: [3, 4], mean: [2, 3], std: [1, 1] });
  const { features } = JSON.parse(readFileSync(join(folder, "meta/info.json"), "utf8"));
  expect(features["observation.state"]).toEqual({ dtype: "float32", shape: [2], names: ["x", "y"] });
  expect((await openExternalDataset(folder)).spaces.observation).toEqual(named.observation);
});

test("Minari: an id that Minari would not take is refused before anything is written", async () => {
  const folder = newPath();
  await expect(minari.write([flat], spaces, folder, { id: "no version" })).rejects.toThrow(
    /namespace\/name-v0/,
  );
  expect(existsSync(folder)).toBe(false);
});
