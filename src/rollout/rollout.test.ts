import { setTimeout } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ToyDynamics, type ToySpec, type ToyStep, toyGroup } from "../../test/toy-pool.ts";
import { Random, vectorSpace, vectorSpaces } from "../base/index.ts";
import { checkEpisode } from "../data/index.ts";
import type { EpisodeRequest, Policy } from "./policy.ts";
import { type PlayedEpisode, type PlayOptions, playEpisodes } from "./rollout.ts";

const spec: ToySpec = { spaces: vectorSpaces(2, 1), maxSteps: 11 };
const spaces = { observation: vectorSpace("state", 2), action: vectorSpace("action", 1) };

/** Observation that tells the seed and the time. */
const sight = (seed: number, time: number) => [seed, time];

/** An environment that ends, is solved or breaks at steps that its seed decides, and pays what is done in it. */
function numberedEnv(ends: (seed: number, time: number) => Partial<ToyStep> = () => ({})): ToyDynamics {
  let seed = 0;
  return {
    reset(given) {
      seed = given;
      return sight(seed, 0);
    },
    step: ([action], time) => ({
      observation: sight(seed, time + 1),
      reward: 100 * time + action,
      ...ends(seed, time),
    }),
  };
}

interface Remembered {
  readonly seen: readonly number[];
  readonly asked: EpisodeRequest;
}

/** Acts as its observations and the episode's own stream say; its trace is both. */
function lookingPolicy(nObsSteps: number, nActionSteps: number): Policy<undefined, Remembered> {
  return {
    nObsSteps,
    nActionSteps,
    start: () => undefined,
    async act(rows) {
      const traces = rows.map(({ observations, episode }) => ({ seen: [...observations], asked: episode }));
      const actions = traces.flatMap(({ seen, asked }) =>
        Array.from(
          { length: nActionSteps },
          (_, i) => Math.sin(seen[0] + seen[seen.length - 1] + i) + asked.random.uniform(),
        ),
      );
      return { actions: Float32Array.from(actions), traces };
    },
  };
}

const requestsOf = (count: number): EpisodeRequest[] =>
  Array.from({ length: count }, (_, i) => ({ seed: 10 + i, random: new Random(i) }));

/** Episodes in groups of environments whose answers take their time.   groups: environments of each */
function play(
  groups: readonly number[],
  count: number,
  policy: Policy<undefined, Remembered> = lookingPolicy(2, 3),
  options: PlayOptions<Remembered> = { stopAtSuccess: false },
  ends?: Parameters<typeof numberedEnv>[0],
) {
  const random = new Random(count);
  const pause = () => (random.integer(3) === 0 ? setTimeout(1) : Promise.resolve());
  const toys = groups.map((size) =>
    toyGroup(
      spec,
      Array.from({ length: size }, () => numberedEnv(ends)),
      pause,
    ),
  );
  return playEpisodes(toys, policy, requestsOf(count), options);
}

/** An episode as data, its stream by where it stands. */
const plain = ({ chunks, ...episode }: PlayedEpisode<Remembered>) => ({
  ...episode,
  chunks: chunks.map(({ trace: { seen, asked }, ...rest }) => ({ ...rest, seen, seed: asked.seed })),
});

describe("episodes", () => {
  test("come in the order of their requests, the same whatever plays beside them", async () => {
    const ends = (seed: number, time: number) => ({ terminated: time === seed % 7 });
    const alone = (await play([1], 9, undefined, undefined, ends)).map(plain);
    expect(alone.map(({ seed }) => seed)).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18]);
    expect(alone.map(({ rewards }) => rewards.length)).toEqual([4, 5, 6, 7, 1, 2, 3, 4, 5]);
    for (const groups of [[9], [20], [2, 2], [1, 3, 2], [4, 4, 4, 4]])
      expect((await play(groups, 9, undefined, undefined, ends)).map(plain)).toEqual(alone);
  });

  test("are whole: what was seen, done and earned at every step", () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 13 }),
        fc.integer({ min: 0, max: 14 }),
        async (nObsSteps, nActionSteps, end) => {
          const policy = lookingPolicy(nObsSteps, nActionSteps);
          const ends = (_: number, time: number) => ({ terminated: time === end });
          for (const episode of await play([2, 1], 4, policy, undefined, ends)) {
            const { seed, observations, finalObservation, actions, rewards, chunks } = episode;
            const steps = Math.min(end + 1, spec.maxSteps);
            checkEpisode(episode, spaces, "the episode");
            expect(rewards).toHaveLength(steps);
            expect(episode.terminated).toBe(end < spec.maxSteps);
            const times = Array.from({ length: steps }, (_, time) => time);
            expect([...observations]).toEqual(times.flatMap((time) => sight(seed, time)));
            expect([...finalObservation]).toEqual(sight(seed, steps));
            for (const time of times) expect(rewards[time]).toBeCloseTo(100 * time + actions[time], 3);

            // A chunk every T_a steps, on the latest T_o observations; before there are so many, the first repeats.
            expect(chunks.map(({ step }) => step)).toEqual(times.filter((time) => time % nActionSteps === 0));
            for (const { step, executed, trace } of chunks) {
              expect(executed).toBe(Math.min(nActionSteps, steps - step));
              const recent = Array.from({ length: nObsSteps }, (_, i) => step - nObsSteps + 1 + i);
              expect(trace.seen).toEqual(recent.flatMap((time) => sight(seed, Math.max(time, 0))));
              expect(trace.asked.seed).toBe(seed);
            }
          }
        },
      ),
      { numRuns: 40 },
    ));

  test("hold the actions that were executed: clipped to [-1, 1], in the episode's order", async () => {
    const wanted = [0.25, -3, 1.5, -0.75];
    const policy: Policy<undefined, Remembered> = {
      ...lookingPolicy(1, 4),
      act: async (rows) => ({ actions: Float32Array.from(rows.flatMap(() => wanted)) }),
    };
    const [{ actions, rewards }] = await play([1], 1, policy);
    expect([...actions]).toEqual([0.25, -1, 1, -0.75, 0.25, -1, 1, -0.75, 0.25, -1, 1]);
    expect([...rewards.subarray(0, 5)]).toEqual([0.25, 99, 201, 299.25, 400.25]);
  });

  test("end with the step that solves them, if they are to", async () => {
    const ends = (seed: number, time: number) => ({ success: time >= seed - 8 });
    const stopped = await play([3], 5, undefined, { stopAtSuccess: true }, ends);
    expect(stopped.map(({ rewards }) => rewards.length)).toEqual([3, 4, 5, 6, 7]);
    for (const { successes, terminated } of stopped) {
      expect(successes.indexOf(1)).toBe(successes.length - 1);
      expect(terminated).toBe(false);
    }
    const whole = await play([3], 5, undefined, { stopAtSuccess: false }, ends);
    expect(whole.map(({ rewards }) => rewards.length)).toEqual([11, 11, 11, 11, 11]);
    expect([...whole[1].successes]).toEqual([0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1]);
  });

  test("whose simulation diverges say so, and the others go on", async () => {
    const ends = (seed: number, time: number) =>
      seed === 12 && time === 4 ? { fault: "The numbers exploded." } : {};
    const played = await play([2, 2], 6, undefined, undefined, ends);
    expect(played.map(({ fault }) => fault)).toEqual([
      undefined,
      undefined,
      "The numbers exploded.",
      undefined,
      undefined,
      undefined,
    ]);
    expect(played.map(({ rewards }) => rewards.length)).toEqual([11, 11, 5, 11, 11, 11]);
    expect(played[2].chunks.at(-1)).toMatchObject({ step: 3, executed: 2 });
  });

  test("are told of as they end, each once", async () => {
    const told = new Map<number, number>();
    const played = await play([2, 1], 7, undefined, {
      stopAtSuccess: false,
      onEpisode: ({ seed }, index) => told.set(index, seed),
    });
    expect([...told].sort(([a], [b]) => a - b)).toEqual(played.map(({ seed }, i) => [i, seed]));
  });

  test("may be none", async () => expect(await play([2], 0)).toEqual([]));
});

describe("a policy", () => {
  test("is asked for no more rows than a group has environments, and for none whose episode is over", async () => {
    const rows: number[] = [];
    const looking = lookingPolicy(2, 3);
    const policy: Policy<undefined, Remembered> = {
      ...looking,
      act(asked) {
        rows.push(asked.length);
        for (const { observations } of asked) expect(observations).toHaveLength(2 * 2);
        return looking.act(asked);
      },
    };
    await play([3], 4, policy);
    expect(rows).toEqual([3, 3, 3, 3, 1, 1, 1, 1]); // chunks at 0, 3, 6 and 9 of 11 steps
  });

  test("that fails ends the play: no group goes on with what waits", async () => {
    let calls = 0;
    const looking = lookingPolicy(2, 3);
    const policy: Policy<undefined, Remembered> = {
      ...looking,
      async act(rows) {
        if (++calls === 3) throw new Error("no idea");
        return looking.act(rows);
      },
    };
    await expect(play([1, 1], 1000, policy)).rejects.toThrow("no idea");
    expect(calls).toBeLessThan(10);
  });

  test("has a state of its own in every episode, and is told what its actions earned", async () => {
    interface Told {
      readonly earned: readonly number[];
      readonly done: readonly number[];
    }
    const policy: Policy<Told, Told> = {
      nObsSteps: 1,
      nActionSteps: 3,
      start: () => ({ earned: [], done: [] }),
      async act(rows) {
        const states = rows.map(({ state: { earned, done }, feedback }) => ({
          earned: [...earned, ...(feedback?.rewards ?? [])],
          done: [...done, ...(feedback?.actions ?? [])],
        }));
        // An action that its state alone decides: how much was earned so far, modulo 1
        const actions = states.flatMap(({ earned }) => [0, 1, 2].map((i) => ((earned.length + i) % 5) / 5));
        return { actions: Float32Array.from(actions), states, traces: states };
      },
    };
    const toys = [2, 3].map((size) =>
      toyGroup(
        spec,
        Array.from({ length: size }, () => numberedEnv()),
      ),
    );
    for (const episode of await playEpisodes(toys, policy, requestsOf(9), { stopAtSuccess: false })) {
      for (const { step, trace } of episode.chunks) {
        expect(trace.earned).toEqual([...episode.rewards.subarray(0, step)]);
        expect(trace.done).toEqual([...episode.actions.subarray(0, step)]);
      }
      expect(episode.chunks.map(({ step }) => step)).toEqual([0, 3, 6, 9]);
    }
  });

  test("whose actions are no numbers is blamed, not the environment", async () => {
    const policy: Policy<undefined, Remembered> = {
      ...lookingPolicy(1, 1),
      act: async (rows) => ({ actions: new Float32Array(rows.length).fill(Number.NaN) }),
    };
    await expect(play([2], 2, policy)).rejects.toThrow(
      /^The policy, not the environment, failed in .*: number 0 of its actions is NaN\. Check its weights\.$/,
    );
  });
});

test("environments of two tasks are refused in a sentence", async () => {
  const [a, b] = [toyGroup(spec, [numberedEnv()]), toyGroup(spec, [numberedEnv()])];
  Object.assign(b.spec, { name: "other" });
  await expect(
    playEpisodes([a, b], lookingPolicy(1, 1), requestsOf(1), { stopAtSuccess: false }),
  ).rejects.toThrow("Episodes are played in environments of one task; these have toy, other.");
});

test("an environment without a time limit is refused, with the way out", async () => {
  const endless = toyGroup({ ...spec, maxSteps: Number.POSITIVE_INFINITY }, [numberedEnv()]);
  await expect(
    playEpisodes([endless], lookingPolicy(1, 1), requestsOf(1), { stopAtSuccess: false }),
  ).rejects.toThrow(/has no time limit: an episode may never end\. .*--env\.max_steps/);
});
