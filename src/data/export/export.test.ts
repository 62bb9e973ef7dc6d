import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test, vi } from "vitest";
import type { Episode } from "../episode.ts";
import { openForeignSet } from "../import/index.ts";
import { type Episodes, exportLeRobot, exportMinari } from "./index.ts";

vi.setConfig({ testTimeout: 120_000 }); // a busy machine takes seconds to load the HDF5 library
const scratch = mkdtempSync(join(tmpdir(), "sodp-export-"));
afterAll(() => rmSync(scratch, { recursive: true }));
let folders = 0;
const newPath = () => join(scratch, `set-${folders++}`);

const writers: Readonly<Record<string, (episodes: Episodes, folder: string) => Promise<void>>> = {
  "LeRobot v3": (episodes, folder) => exportLeRobot(episodes, folder, { fps: 80, fileBytes: 4000 }),
  Minari: (episodes, folder) => exportMinari(episodes, folder, { id: "sodp/test-v0" }),
};
const names = Object.keys(writers);

/** Any finite float32, subnormal ones and zeros of both signs among them. */
const number = fc.float({ noNaN: true, noDefaultInfinity: true });
const row = (length: number, of: fc.Arbitrary<number>) =>
  fc.array(of, { minLength: length, maxLength: length }).map((numbers) => Float32Array.from(numbers));

const episodeOf = (observationSize: number, actionSize: number): fc.Arbitrary<Episode> =>
  fc.integer({ min: 1, max: 12 }).chain((steps) =>
    fc.record({
      task: fc.oneof(fc.constantFrom("reach-v3", "push-v3"), fc.string({ unit: "grapheme", minLength: 1 })),
      seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      observations: row(steps * observationSize, number),
      finalObservation: row(observationSize, number),
      actions: row(steps * actionSize, fc.float({ min: -1, max: 1, noNaN: true })),
      rewards: row(steps, number),
      successes: fc
        .array(fc.boolean(), { minLength: steps, maxLength: steps })
        .map((flags) => Uint8Array.from(flags, Number)),
      terminated: fc.boolean(),
    }),
  );
const sets = fc
  .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 3 }))
  .chain(([o, a]) => fc.array(episodeOf(o, a), { minLength: 1, maxLength: 8 }));

async function read(folder: string): Promise<Episode[]> {
  const episodes: Episode[] = [];
  for await (const episode of (await openForeignSet(folder)).episodes()) episodes.push(episode);
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

describe.each(names)("%s", (name) => {
  const write = writers[name];

  test("gives back every bit of every episode", async () => {
    await fc.assert(
      fc.asyncProperty(sets, async (episodes) => {
        const folder = newPath();
        await write(episodes, folder);
        expect(await read(folder)).toEqual(episodes); // tells 0 from -0
        const { description } = await openForeignSet(folder);
        expect(description.tasks).toEqual([...new Set(episodes.map(({ task }) => task))]);
        expect(description.notes).toEqual([]);
      }),
      { numRuns: 25, seed: 11 },
    );
  });

  test("takes what another format gives, a stream", async () => {
    const [there, back] = [newPath(), newPath()];
    const episodes = fc.sample(episodeOf(39, 4), { numRuns: 5, seed: 2 });
    await writers[names.find((other) => other !== name) ?? name](episodes, there);
    await write((await openForeignSet(there)).episodes(), back);
    expect(await read(back)).toEqual(episodes);
  });

  test("refuses a folder that holds something, episodes of two sizes, and none", async () => {
    const folder = newPath();
    await write([flat], folder);
    await expect(write([flat], folder)).rejects.toThrow(/is not empty: it holds data/);
    const other = { ...flat, finalObservation: Float32Array.of(5), observations: Float32Array.of(1, 2) };
    await expect(write([flat, other], newPath())).rejects.toThrow(
      /Episode 1 \(reach-v3\) is refused: observations of 2 steps are \(2, 2\), 4 numbers; got 2/,
    );
    await expect(write([], newPath())).rejects.toThrow(/no episodes/);
  });

  test("leaves nothing that reads as a set where the stream broke off", async () => {
    const folder = newPath();
    async function* broken() {
      yield flat;
      throw new Error("The stream broke off.");
    }
    await expect(write(broken(), folder)).rejects.toThrow("broke off");
    await expect(openForeignSet(folder)).rejects.toThrow(/none of the formats/);
  });
});

test("LeRobot: a new file follows where one is full, and an episode lies in one", async () => {
  const folder = newPath();
  const episodes = fc.sample(episodeOf(39, 4), { numRuns: 20, seed: 4 });
  await exportLeRobot(episodes, folder, { fps: 80, fileBytes: 10_000 });
  expect(readdirSync(join(folder, "data/chunk-000")).length).toBeGreaterThan(2);
  expect(await read(folder)).toEqual(episodes);
});

test("LeRobot: statistics are those of the steps", async () => {
  const folder = newPath();
  await exportLeRobot([flat, { ...flat, rewards: Float32Array.of(-1, 0) }], folder, { fps: 80 });
  const stats = JSON.parse(readFileSync(join(folder, "meta/stats.json"), "utf8"));
  expect(stats["next.reward"]).toMatchObject({ min: [-1], max: [8], mean: [3.5], count: [4] });
  expect(stats["observation.state"]).toMatchObject({ min: [1, 2], max: [3, 4], mean: [2, 3], std: [1, 1] });
});

test("Minari: an id that Minari would not take is refused before anything is written", async () => {
  const folder = newPath();
  await expect(exportMinari([flat], folder, { id: "no version" })).rejects.toThrow(/namespace\/name-v0/);
  expect(existsSync(folder)).toBe(false);
});
