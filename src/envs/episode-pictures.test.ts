import { describe, expect, test } from "vitest";
import { loadEngine } from "./engine.ts";
import type { EpisodeOptions } from "./episode-pictures.ts";
import { pictureOf, recordEpisode } from "./episode-pictures.ts";
import { MetaworldEnv } from "./metaworld/environment.ts";
import { scripted } from "./metaworld/expert.ts";
import { findTask, tasks } from "./metaworld/tasks.ts";
import type { Image } from "./picture/render.ts";

const engine = await loadEngine();
const small = { width: 80, height: 60 };

/** First picture of an episode. */
function start(name: string, { seed = 0, ...options }: { seed?: number; camera?: string }): Image {
  using env = new MetaworldEnv(engine, findTask(name).task);
  env.reset(seed);
  return pictureOf(env, { ...small, ...options });
}

/** An episode of reach's expert. */
function record(options: Partial<EpisodeOptions>) {
  const { task, expert } = findTask("reach");
  using env = new MetaworldEnv(engine, task);
  return recordEpisode(env, { ...scripted(expert), ...small, ...options });
}

/** Pixels of the goal's magenta, also where it shines through something. */
function goalPixels({ pixels }: Image): number {
  let count = 0;
  for (let at = 0; at < pixels.length; at += 4) {
    const [red, green, blue] = pixels.subarray(at, at + 3);
    count += Number(red > green + 40 && blue > green + 8);
  }
  return count;
}

test.each(Object.keys(tasks))("%s shows its goal", (name) => {
  expect(goalPixels(start(name, {}))).toBeGreaterThan(2);
});

describe("a task's picture", () => {
  test("is the same for the same seed and another for another", () => {
    const picture = (seed: number) => start("push", { seed });
    expect(picture(3)).toEqual(picture(3));
    expect(picture(3)).not.toEqual(picture(4));
  });

  test("may be taken by any camera of the scene", () => {
    const image = start("reach", { camera: "corner2" });
    expect([image.width, image.height]).toEqual([80, 60]);
    expect(() => start("reach", { camera: "front" })).toThrow("corner2");
  });
});

describe("an episode's pictures", () => {
  test("show the expert until it succeeds, and do not disturb it", () => {
    const often = record({ seed: 5, every: 1 });
    const seldom = record({ seed: 5, every: 10 });
    expect(often.success).toBe(true);
    expect(often.frames).toHaveLength(often.steps + 1);
    expect([seldom.steps, seldom.success]).toEqual([often.steps, true]);
    expect(seldom.frames).toHaveLength(Math.ceil(seldom.steps / 10) + 1);
    expect(seldom.frames.at(-1)).toEqual(often.frames.at(-1));
    expect([often.period, seldom.period]).toEqual([0.0125, 0.125]);
  });

  test("show any policy, until time is out", () => {
    const still = record({ act: () => [0, 0, 0, 0], maxSteps: 6, every: 3 });
    expect([still.success, still.steps, still.frames.length]).toEqual([false, 6, 3]);
  });
});
