/** @file Promises of every format of data sets, written or read: the suites of the two tables of formats. */
import { randomUUID } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, extname, join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { type Space, type Spaces, sizeOfSpace, vectorSpace } from "../src/base/index.ts";
import { checkEpisode, type Episode, partPlaces } from "../src/data/episodes/index.ts";
import type { ExportFormat } from "../src/data/export/index.ts";
import { type ImportFormat, importFormats, openExternalDataset } from "../src/data/import/index.ts";

const scratch = mkdtempSync(join(tmpdir(), "sodp-formats-"));
afterAll(() => rmSync(scratch, { recursive: true }));
let paths = 0;
const newPath = (extension = "") => join(scratch, `set-${paths++}${extension}`);

/** Any finite float32, subnormal ones and zeros of both signs among them. */
const anyNumber = fc.float({ noNaN: true, noDefaultInfinity: true });

/** Rows of a space: bytes where its parts are. */
function rowsOf(space: Space, rows: number, number: fc.Arbitrary<number>): fc.Arbitrary<Float32Array> {
  const row = partPlaces(space).flatMap(({ part, size }) =>
    Array.from({ length: size }, () => (part.dtype === "uint8" ? fc.integer({ min: 0, max: 255 }) : number)),
  );
  return fc
    .tuple(...Array.from({ length: rows }, () => row).flat())
    .map((numbers) => Float32Array.from(numbers));
}

/** Sound episodes of some spaces. */
export const episodeOf = ({ observation, action }: Spaces): fc.Arbitrary<Episode> =>
  fc.integer({ min: 1, max: 9 }).chain((steps) =>
    fc.record({
      task: fc.oneof(
        fc.constantFrom("metaworld/reach", "push-v3"),
        fc.string({ unit: "grapheme", minLength: 1 }),
      ),
      seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      observations: rowsOf(observation, steps, anyNumber),
      finalObservation: rowsOf(observation, 1, anyNumber),
      actions: rowsOf(action, steps, fc.float({ min: -1, max: 1, noNaN: true })),
      rewards: rowsOf(vectorSpace("reward", 1), steps, anyNumber),
      successes: fc
        .array(fc.boolean(), { minLength: steps, maxLength: steps })
        .map((flags) => Uint8Array.from(flags, Number)),
      terminated: fc.boolean(),
    }),
  );

const vectors = fc
  .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 3 }))
  .map(([o, a]): Spaces => ({ observation: vectorSpace("state", o), action: vectorSpace("action", a) }));
const severalParts: Spaces = {
  observation: {
    state: { shape: [2] },
    pointCloud: { shape: [3, 2] },
    image: { shape: [2, 2, 3], dtype: "uint8" },
    light: { shape: [1] },
  },
  action: vectorSpace("action", 2),
};

async function read(path: string, format: string, formats: Readonly<Record<string, ImportFormat>>) {
  const set = await openExternalDataset(path, { format }, formats);
  const episodes: Episode[] = [];
  for await (const episode of set.episodes()) episodes.push(episode);
  return { ...set, read: episodes };
}

/** Tests of a format that is written. It is read again by the format of the same name in `readers`. */
export function exportFormatSuite(
  name: string,
  { write }: ExportFormat,
  readers: Readonly<Record<string, ImportFormat>> = importFormats,
): void {
  const roundTrip = async (episodes: readonly Episode[], spaces: Spaces) => {
    const path = newPath();
    await write(episodes, spaces, path, {});
    return read(path, name, readers);
  };

  test("gives back every bit of every episode", { timeout: 120_000 }, async () => {
    const sets = vectors.chain((spaces) =>
      fc.record({
        spaces: fc.constant(spaces),
        episodes: fc.array(episodeOf(spaces), { minLength: 1, maxLength: 8 }),
      }),
    );
    await fc.assert(
      fc.asyncProperty(sets, async ({ spaces, episodes }) => {
        const found = await roundTrip(episodes, spaces);
        expect(found.read).toEqual(episodes); // tells 0 from -0
        expect(found.spaces).toEqual(spaces);
        expect(found.description.tasks).toEqual([...new Set(episodes.map(({ task }) => task))]);
        expect(found.description.notes).toEqual([]);
      }),
      { numRuns: 25, seed: 11 },
    );
  });

  test("keeps the parts of observations, or says in a sentence that it cannot", {
    timeout: 120_000,
  }, async () => {
    const episodes = fc.sample(episodeOf(severalParts), { numRuns: 5, seed: 3 });
    try {
      const found = await roundTrip(episodes, severalParts);
      expect(found.read).toEqual(episodes);
      expect(found.spaces).toEqual(severalParts);
    } catch (error) {
      expect(error).toMatchObject({ name: "UserError" });
    }
  });

  test("refuses a folder that holds something, other spaces, and no episodes", {
    timeout: 120_000,
  }, async () => {
    const spaces = { observation: vectorSpace("state", 2), action: vectorSpace("action", 1) };
    const [episode] = fc.sample(episodeOf(spaces), { numRuns: 1, seed: 4 });
    const folder = newPath();
    await write([episode], spaces, folder, {});
    await expect(write([episode], spaces, folder, {})).rejects.toThrow(/is not empty: it holds/);
    const longer = { ...episode, finalObservation: new Float32Array(3) };
    await expect(write([episode, longer], spaces, newPath(), {})).rejects.toThrow(
      /^Episode 1 \(.*\) is refused: finalObservation/s,
    );
    await expect(write([], spaces, newPath(), {})).rejects.toThrow(/no episodes/);
  });

  test("leaves nothing behind where the stream broke off, and files of the system alone", {
    timeout: 120_000,
  }, async () => {
    const spaces = { observation: vectorSpace("state", 2), action: vectorSpace("action", 1) };
    const [episode] = fc.sample(episodeOf(spaces), { numRuns: 1, seed: 4 });
    async function* broken() {
      yield episode;
      throw new Error("The stream broke off.");
    }
    const folder = newPath();
    await expect(write(broken(), spaces, folder, {})).rejects.toThrow("broke off");
    expect(existsSync(folder)).toBe(false);
    mkdirSync(folder);
    writeFileSync(join(folder, ".DS_Store"), "Mac OS X");
    await expect(write(broken(), spaces, folder, {})).rejects.toThrow("broke off");
    expect(readdirSync(folder)).toEqual([".DS_Store"]);
    const half = `.${randomUUID()}.tmp`; // of an export that was killed
    mkdirSync(join(folder, half));
    mkdirSync(`${folder}-other`);
    mkdirSync(`${folder}-new${half}`);
    for (const target of [folder, `${folder}-new`]) await write([episode], spaces, target, {});
    expect(readdirSync(folder)).toEqual([".DS_Store", ...readdirSync(`${folder}-new`)]);
    expect((await read(folder, name, readers)).read).toEqual([episode]);
    const left = readdirSync(scratch).filter((path) => join(scratch, path).startsWith(folder));
    expect(left.sort()).toEqual([folder, `${folder}-new`, `${folder}-other`].map((path) => basename(path)));
  });
}

/** Tests of a format that is read, by a data set of at least two episodes in it. */
export function importFormatSuite(
  name: string,
  path: string,
  formats: Readonly<Record<string, ImportFormat>> = importFormats,
): void {
  test("is recognized, by no other format before", async () => {
    const isFolder = statSync(path).isDirectory();
    const known: string[] = [];
    for (const [other, { looksLike }] of Object.entries(formats))
      if (await looksLike(path, isFolder)) known.push(other);
    expect(known).toEqual([name]);
    expect(formats[name].summary).not.toBe("");
  });

  test("is what it says of itself, twice the same", async () => {
    const [set, again] = [await read(path, name, formats), await read(path, name, formats)];
    expect(again.read).toEqual(set.read);
    expect(set.read.length).toBeGreaterThan(1);
    for (const episode of set.read) checkEpisode(episode, set.spaces, "An episode");
    const { description, spaces } = set;
    expect(description.path).toBe(path);
    expect(description.episodes ?? set.read.length).toBe(set.read.length);
    const steps = set.read.reduce((sum, { rewards }) => sum + rewards.length, 0);
    expect(description.steps ?? steps).toBe(steps);
    const sizes = description.observation.map(({ size }) => size);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(sizeOfSpace(spaces.observation));
    expect(Object.keys(spaces.observation)).toHaveLength(description.observation.length);
  });

  test("is refused in a sentence where any of its files is torn in its middle", async () => {
    const files = statSync(path).isDirectory()
      ? readdirSync(path, { recursive: true, encoding: "utf8" }).filter((file) =>
          statSync(join(path, file)).isFile(),
        )
      : [""];
    const whole = await read(path, name, formats);
    /** Some call the task as the copy is called. */
    const unnamed = (episodes: readonly Episode[]) => episodes.map((episode) => ({ ...episode, task: "" }));
    for (const file of files) {
      const copy = newPath(extname(path));
      cpSync(path, copy, { recursive: true });
      truncateSync(join(copy, file), Math.floor(readFileSync(join(copy, file)).length / 2));
      const outcome = await read(copy, name, formats).catch((error) => error);
      if (outcome instanceof Error)
        expect([file, outcome.name, outcome.message]).toEqual([
          file,
          "UserError",
          expect.stringContaining(copy),
        ]);
      else expect([file, unnamed(outcome.read)]).toEqual([file, unnamed(whole.read)]); // not one that is read
    }
  });
}
