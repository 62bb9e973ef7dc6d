import { beforeAll, expect, test } from "vitest";
import type { Episode } from "../data/index.ts";
import { act, findTask, loadEngine, MetaworldEnv } from "../envs/index.ts";
import { replaySideBySide } from "./replay.ts";

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
  const successes: number[] = [];
  while (successes.length < steps && !successes.includes(1)) {
    const action = Float32Array.from(policy(observation));
    const step = env.step(action);
    observation = step.observation;
    actions.push(...action);
    successes.push(Number(step.success));
  }
  return {
    task: "metaworld/reach",
    seed,
    observations: new Float32Array(39 * successes.length),
    finalObservation: new Float32Array(39),
    actions: Float32Array.from(actions),
    rewards: new Float32Array(successes.length),
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
    "Played again, metaworld/reach of seed 7 ends otherwise than it did: were its goals drawn in another way?",
  );
});
