import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { Random } from "../../base/index.ts";
import { Dataset } from "../../data/index.ts";
import { CollectConfig, type CollectOptions, collect, drawNoise, noiseLevel } from "./collect.ts";

const top = mkdtempSync(join(tmpdir(), "sodp-collect-"));
afterAll(() => rmSync(top, { recursive: true }));
const patience = { timeout: 240_000 };

const config = CollectConfig.parse({
  tasks: ["reach", "drawer-close-v3"],
  episodes: 115, // a shard of 100 and the rest
  maxSteps: 4,
  success: 0.1,
  seed: 3,
});

/** A folder's files, by path. */
function filesIn(folder: string): Record<string, string> {
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) =>
    path.includes("."),
  );
  return Object.fromEntries(
    paths.map((path) => [
      path,
      createHash("sha256")
        .update(readFileSync(join(folder, path)))
        .digest("hex"),
    ]),
  );
}

/** Stops after so many blocks of episodes. */
function stopAfter(blocks: number): CollectOptions {
  const stop = new AbortController();
  return {
    signal: stop.signal,
    onProgress: () => {
      blocks--;
      if (blocks === 0) stop.abort();
    },
  };
}

describe("a collection", () => {
  test(
    "is the same whatever the number of threads, and however often it was interrupted",
    patience,
    async () => {
      const [whole, broken] = [join(top, "whole"), join(top, "broken")];
      expect(await collect(config, whole, { threads: 1 })).toBe(true);
      for (const blocks of [11, 3]) expect(await collect(config, broken, stopAfter(blocks))).toBe(false);
      expect(await collect(config, broken, { threads: 3 })).toBe(true);
      expect(filesIn(broken)).toEqual(filesIn(whole));
      const before = filesIn(whole);
      expect(await collect(config, whole)).toBe(true); // nothing is left to do
      expect(filesIn(whole)).toEqual(before);

      using dataset = await Dataset.open(whole);
      const episodes = Array.from({ length: dataset.episodes }, (_, i) => dataset.episode(i));
      expect(episodes.map(({ task }) => task)).toEqual([
        ...new Array(115).fill("metaworld/reach"),
        ...new Array(115).fill("metaworld/drawer-close"),
      ]);
      expect(new Set(episodes.map(({ seed }) => seed)).size).toBe(230);
      for (const { seed, rewards, actions, terminated } of episodes) {
        expect(seed).toBeGreaterThanOrEqual(2 ** 31); // of training, never of evaluation
        expect([rewards.length, terminated]).toEqual([4, false]);
        expect(actions.every((x) => Math.abs(x) <= 1)).toBe(true);
      }
    },
  );

  test("of other settings is not mixed in", patience, async () => {
    const folder = join(top, "other");
    await collect({ ...config, episodes: 1 }, folder, { threads: 1 });
    await expect(collect({ ...config, episodes: 1, success: 0.5 }, folder)).rejects.toThrow(
      `${folder} holds another data set: its success is 0.1, asked for is 0.5.`,
    );
  });

  test.each<[Partial<CollectConfig>, string]>([
    [{ tasks: ["reach", "reach-v3"] }, "metaworld/reach is named twice"],
    [{ tasks: ["rech"] }, 'Unknown task "rech". Known: metaworld/reach'],
  ])("%j is refused", async (wrong, sentence) => {
    await expect(collect({ ...config, ...wrong }, join(top, "refused"))).rejects.toThrow(sentence);
  });
});

describe("the level of noise", () => {
  /** Success over `episodes` of a task that is solved with this chance at a level. */
  const played = (chance: (level: number) => number, episodes: number, seed: number) => {
    const random = new Random(seed);
    const solved: boolean[] = [];
    while (solved.length < episodes) {
      const level = noiseLevel(solved, 0.3);
      for (let i = 0; i < 10; i++) solved.push(random.uniform() < chance(level));
    }
    return solved.filter(Boolean).length / episodes;
  };

  test.each([0.2, 0.35, 0.5, 0.65])("comes to the wanted success when half is solved at %f", (half) => {
    const chance = (level: number) => 1 / (1 + Math.exp(8 * (level - half)));
    for (let seed = 0; seed < 20; seed++)
      expect(Math.abs(played(chance, 100, seed) - 0.3)).toBeLessThanOrEqual(0.08);
  });

  test("stays between 0 and 1 where nothing helps", () => {
    expect(noiseLevel(new Array(200).fill(true), 0.3)).toBe(1);
    expect(noiseLevel(new Array(200).fill(false), 0.3)).toBe(0);
  });
});

describe("what is wrong in an episode", () => {
  const noises = (level: number) =>
    Array.from({ length: 400 }, (_, i) =>
      drawNoise(level, new Random(1).split(`episode ${i}`), [0.7, 0.7, 0.7, 0.4]),
    );

  test("differs in kind: each is there in some episodes and not in others", () => {
    const kinds = ["gaussian", "bias", "bursts", "random", "wrongGoal", "wrongObject"] as const;
    for (const kind of kinds) {
      const share = noises(0.5).filter((noise) => noise[kind] !== undefined).length / 400;
      expect([kind, share > 0.4 && share < 0.7]).toEqual([kind, true]);
    }
  });

  test("grows with the level", () => {
    const strength = (level: number) =>
      noises(level).reduce((sum, { gaussian = 0, random = 0 }) => sum + gaussian + random, 0);
    expect(strength(0.2)).toBeLessThan(strength(0.5) / 2);
    expect(strength(0.5)).toBeLessThan(strength(0.9) / 1.5);
  });
});
