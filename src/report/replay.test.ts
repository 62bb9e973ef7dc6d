import { beforeAll, expect, test } from "vitest";
import type { Episode } from "../data/index.ts";
import { act, findTask, loadEngine, MetaworldEnv } from "../envs/index.ts";
import { gifOf } from "./picture.ts";
import { replayAlone, replaySideBySide } from "./replay.ts";

const patience = { timeout: 120_000 };
let env: MetaworldEnv;
let idle: Episode;
let expert: Episode;
beforeAll(async () => {
  env = new MetaworldEnv(await loadEngine(), findTask("reach").task);
  idle = play(7, 5, () => [0, 0, 0, 0]);
  expert = play(7, 500, (observation) => act(findTask("reach").expert, observation));
}, patience.timeout);

/** An episode of reach, until it is solved. */
function play(
  seed: number,
  steps: number,
  policy: (observation: Float64Array) => ArrayLike<number>,
): Episode {
  let { observation } = env.reset(seed);
  const actions: number[] = [];
  const seen: number[] = [];
  const successes: number[] = [];
  const rewards: number[] = [];
  while (successes.length < steps && !successes.includes(1)) {
    seen.push(...observation);
    const action = Float32Array.from(policy(observation));
    const step = env.step(action);
    observation = step.observation;
    actions.push(...action);
    rewards.push(step.reward);
    successes.push(Number(step.success));
  }
  return {
    task: "metaworld/reach",
    seed,
    observations: Float32Array.from(seen),
    finalObservation: new Float32Array(39),
    actions: Float32Array.from(actions),
    rewards: Float32Array.from(rewards),
    successes: Uint8Array.from(successes),
    terminated: false,
  };
}

test("two episodes of one start, side by side, end as they did", patience, () => {
  const replay = replaySideBySide(env, idle, expert);
  const steps = expert.successes.length;
  expect(replay.before).toEqual({ solved: false, steps: 5, seconds: expect.closeTo(0.0625, 9) });
  expect(replay.after).toEqual({ solved: true, steps, seconds: expect.closeTo(steps * 0.0125, 9) });
  const [animation, still] = [replay.animation, replay.still].map((png) => Buffer.from(png));
  for (const png of [animation, still])
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([484, 180]);
  const frames = animation.readUInt32BE(animation.indexOf("acTL") + 4);
  expect(frames).toBeGreaterThan(15);
  expect(frames).toBeLessThanOrEqual(24);
  expect(animation.length).toBeLessThan(600_000);
});

test("episodes of other starts are refused", () =>
  expect(() => replaySideBySide(env, idle, { ...expert, seed: 8 })).toThrow(
    "Side by side stand episodes of one start, got metaworld/reach of seed 7 and metaworld/reach of seed 8.",
  ));

test("an episode that was played in another environment is noticed", patience, () => {
  const elsewhere = { ...idle, successes: Uint8Array.of(0, 0, 0, 0, 1) };
  expect(() => replaySideBySide(env, elsewhere, idle)).toThrow(
    "Played again, metaworld/reach of seed 7 ends otherwise than it did: were its goals drawn in another way, or is it of another version?",
  );
  const otherwise = { ...idle, rewards: idle.rewards.map((reward, i) => reward + Number(i === 4) / 1000) };
  expect(() => replayAlone(env, otherwise)).toThrow("ends otherwise than it did");
  const moved = { ...idle, observations: idle.observations.map((number) => number + 1e-6) };
  expect(() => replayAlone(env, moved)).toThrow("reach of seed 7 starts otherwise than it did");
});

test("several at once are one GIF in which each keeps its pace", patience, () => {
  const replays = [idle, expert].map((episode) => replayAlone(env, episode));
  const gif = Buffer.from(gifOf(replays));
  expect([gif.readUInt16LE(6), gif.readUInt16LE(8)]).toEqual([484, 180]);
  const steps = expert.successes.length;
  const pictures = gif.toString("latin1").split("\x21\xf9\x04").length - 1;
  expect(pictures).toBe(steps + 1); // as many as the finest has, which is one a step
});
