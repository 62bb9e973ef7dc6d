import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Random } from "../../base/index.ts";
import { makeEnv } from "../../envs/pool/index.ts";
import type { EpisodeRequest } from "../policy.ts";
import { randomPolicy } from "../reference-policies.ts";
import { EnvPool } from "./env-pool.ts";

const patience = 120_000;
const env = { env: "reach-v3", maxSteps: 9 };
const seeds = [3, 2 ** 31 + 5, 7, 8, 9];
const requests = (): EpisodeRequest[] => seeds.map((seed) => ({ seed, random: new Random(seed) }));
const whole = { stopAtSuccess: false };

describe("real environments", () => {
  let single: EnvPool & AsyncDisposable;
  let several: EnvPool & AsyncDisposable;
  beforeAll(async () => {
    single = await EnvPool.start(env, { numEnvs: 1, threads: 1 });
    several = await EnvPool.start(env, { numEnvs: 3, threads: 2 });
  }, patience);
  afterAll(async () => {
    await single[Symbol.asyncDispose]();
    await several[Symbol.asyncDispose]();
  });

  test("say what they are", () => {
    expect({ ...several }).toMatchObject({
      task: "metaworld/reach",
      spaces: { observation: { state: { shape: [39] } }, action: { action: { shape: [4] } } },
      maxSteps: 9,
      batchSize: 2, // three environments on two threads
    });
    expect(single.batchSize).toBe(1);
  });

  test("play the same episodes on one thread and on two, again and again", {
    timeout: patience,
  }, async () => {
    const played = await single.play(randomPolicy(4), requests(), whole);
    expect(await several.play(randomPolicy(4), requests(), whole)).toEqual(played);
    expect(await several.play(randomPolicy(4), requests(), whole)).toEqual(played);
    expect(played.map(({ seed, rewards }) => [seed, rewards.length])).toEqual(seeds.map((seed) => [seed, 9]));
  });

  test("play what an environment alone plays, in single precision", { timeout: patience }, async () => {
    const [, episode] = await several.play(randomPolicy(4), requests(), whole);
    using alone = await makeEnv(env);
    let { observation } = alone.reset(seeds[1]);
    for (let step = 0; step < 9; step++) {
      expect([...episode.observations.subarray(step * 39, (step + 1) * 39)]).toEqual(
        [...observation].map(Math.fround),
      );
      const next = alone.step(episode.actions.subarray(step * 4, (step + 1) * 4));
      expect(episode.rewards[step]).toBe(Math.fround(next.reward));
      observation = next.observation;
    }
    expect([...episode.finalObservation]).toEqual([...observation].map(Math.fround));
  });
});

describe("refused, in a sentence", () => {
  test("an unknown task", { timeout: patience }, async () => {
    await expect(EnvPool.start({ env: "reech-v3" }, { numEnvs: 2, threads: 2 })).rejects.toThrow(
      /^Unknown task "reech-v3"\. Known: metaworld\/reach/,
    );
  });

  test.each([
    [{ numEnvs: 0 }, "At least one environment is played in, on at least one thread; got 0 on 2."],
    [
      { numEnvs: 4, threads: 0 },
      "At least one environment is played in, on at least one thread; got 4 on 0.",
    ],
    [{ numEnvs: 1.5 }, "At least one environment is played in, on at least one thread; got 1.5 on 2."],
  ])("%j", async (options, sentence) => {
    await expect(EnvPool.start(env, { threads: 2, ...options })).rejects.toThrow(sentence);
  });
});
