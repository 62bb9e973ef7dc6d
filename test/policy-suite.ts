/**
 * @file What every policy promises, as tests: rows know nothing of each other, what it remembers of an episode is that
 * row's state, and the same seed acts the same. It plays in a toy environment through real rollouts.
 * Symbols: O observation size, A action size, T_a actions of a chunk.
 */
import { describe, expect, test } from "vitest";
import { Random, type Spaces, sizeOfSpace } from "../src/base/index.ts";
import type { EpisodeRequest, PlayedEpisode, Policy } from "../src/rollout/index.ts";
import { playEpisodes } from "../src/rollout/index.ts";
import { type ToyDynamics, toyGroup } from "./toy-pool.ts";

type AnyPolicy = Policy<unknown, unknown>;

export interface PolicyExample {
  readonly spaces: Spaces;
  /** A policy that acts in up to 5 rows. */
  open(): Promise<AnyPolicy & Partial<AsyncDisposable>>;
  /** Longest to wait for one test, milliseconds. Default: 30,000. */
  readonly timeout?: number;
}

/** An environment whose observations tell its seed, the time and what was done; its episodes differ in length. */
function tellingEnv(observationSize: number): ToyDynamics {
  let [seed, done] = [0, 0];
  const sight = (time: number) =>
    Array.from({ length: observationSize }, (_, i) => Math.sin(seed + 3 * i + 0.5 * time + done));
  return {
    reset(given) {
      [seed, done] = [given, 0];
      return sight(0);
    },
    step(action, time) {
      done += action.reduce((sum, each, i) => sum + (i + 1) * each, 0);
      return { observation: sight(time + 1), reward: Math.cos(done), terminated: time >= 4 + (seed % 4) * 3 };
    },
  };
}

const requestsOf = (seeds: readonly number[]): EpisodeRequest[] =>
  seeds.map((seed) => ({ seed, random: new Random(seed) }));

/** Episodes of `seeds`, in groups of environments: each group acts at once. */
function play(
  policy: AnyPolicy,
  { spaces }: PolicyExample,
  seeds: readonly number[],
  groups: readonly number[],
): Promise<readonly PlayedEpisode<unknown>[]> {
  const observationSize = sizeOfSpace(spaces.observation);
  const toys = groups.map((size) =>
    toyGroup(
      { spaces, maxSteps: 11 },
      Array.from({ length: size }, () => tellingEnv(observationSize)),
    ),
  );
  return playEpisodes(toys, policy, requestsOf(seeds), { stopAtSuccess: false });
}

/** The common tests of a policy. */
export function testPolicy(name: string, example: PolicyExample): void {
  const { spaces, timeout = 30_000 } = example;
  const [observationSize, actionSize] = [sizeOfSpace(spaces.observation), sizeOfSpace(spaces.action)];
  const withPolicy = async <Result>(use: (policy: AnyPolicy) => Promise<Result>): Promise<Result> => {
    const policy = await example.open();
    try {
      return await use(policy);
    } finally {
      await policy[Symbol.asyncDispose]?.();
    }
  };
  const rowsOf = (policy: AnyPolicy, seeds: readonly number[]) =>
    requestsOf(seeds).map((episode) => ({
      episode,
      observations: new Random(episode.seed)
        .split("observations")
        .fillNormal(new Float32Array(policy.nObsSteps * observationSize)),
      state: policy.start(episode),
    }));

  describe(name, { timeout }, () => {
    test("answers every row with T_a actions of A numbers, and leaves what it was shown as it was", () =>
      withPolicy(async (policy) => {
        const rows = rowsOf(policy, [3, 1, 2]);
        const shown = rows.map(({ observations }) => observations.slice());
        const { actions, states, traces } = await policy.act(rows);
        expect(actions).toHaveLength(3 * policy.nActionSteps * actionSize);
        expect(actions.every(Number.isFinite)).toBe(true);
        for (const list of [states, traces]) if (list !== undefined) expect(list).toHaveLength(3);
        expect(rows.map(({ observations }) => observations)).toEqual(shown);
      }));

    test("answers a row the same, bit for bit, whoever stands beside it and in whichever row", () =>
      withPolicy(async (policy) => {
        const answer = async (seeds: readonly number[], seed: number) => {
          const { actions, states, traces } = await policy.act(rowsOf(policy, seeds));
          const [row, chunk] = [seeds.indexOf(seed), actions.length / seeds.length];
          const own = actions.slice(row * chunk, (row + 1) * chunk);
          return { actions: own, state: states?.[row], trace: traces?.[row] };
        };
        const alone = await answer([7], 7);
        for (const seeds of [
          [7, 8],
          [9, 7],
          [5, 6, 8, 7],
          [1, 2, 7, 3, 4],
        ])
          expect(await answer(seeds, 7)).toEqual(alone);
      }));

    test("plays an episode the same, bit for bit, whoever plays beside it and however many", () =>
      withPolicy(async (policy) => {
        const seeds = [0, 1, 2, 3, 4, 5, 6];
        const oneByOne = await play(policy, example, seeds, [1]);
        expect(new Set(oneByOne.map(({ rewards }) => rewards.length)).size).toBeGreaterThan(2);
        for (const groups of [[2], [5], [2, 3]])
          expect(await play(policy, example, seeds, groups)).toEqual(oneByOne);
        const reversed = await play(policy, example, seeds.toReversed(), [3]);
        expect(reversed.toReversed()).toEqual(oneByOne);
      }));

    test("acts the same from the same seed, also when opened anew", async () => {
      const seeds = [4, 5, 6];
      const [first, again] = await withPolicy(async (policy) => [
        await play(policy, example, seeds, [2]),
        await play(policy, example, seeds, [2]),
      ]);
      expect(again).toEqual(first);
      expect(await withPolicy((policy) => play(policy, example, seeds, [2]))).toEqual(first);
    });
  });
}
