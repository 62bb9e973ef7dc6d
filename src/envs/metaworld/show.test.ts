import { describe, expect, test } from "vitest";
import { loadEngine } from "../engine.ts";
import type { Image } from "../picture/render.ts";
import { recordEpisode, renderTask } from "./show.ts";
import { tasks } from "./tasks.ts";

const engine = await loadEngine();
const small = { width: 80, height: 60 };

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
  expect(goalPixels(renderTask(engine, name, small))).toBeGreaterThan(2);
});

describe("a task's picture", () => {
  test("is the same for the same seed and another for another", () => {
    const picture = (seed: number) => renderTask(engine, "push-v3", { ...small, seed });
    expect(picture(3)).toEqual(picture(3));
    expect(picture(3)).not.toEqual(picture(4));
  });

  test("may be taken by any camera of the scene", () => {
    const image = renderTask(engine, "reach", { ...small, camera: "corner2" });
    expect([image.width, image.height]).toEqual([80, 60]);
    expect(() => renderTask(engine, "reach", { camera: "front" })).toThrow("corner2");
  });
});

describe("an episode's pictures", () => {
  test("show the expert until it succeeds, and do not disturb it", () => {
    const often = recordEpisode(engine, "reach", { ...small, seed: 5, every: 1 });
    const seldom = recordEpisode(engine, "reach", { ...small, seed: 5, every: 10 });
    expect(often.success).toBe(true);
    expect(often.frames).toHaveLength(often.steps + 1);
    expect([seldom.steps, seldom.success]).toEqual([often.steps, true]);
    expect(seldom.frames).toHaveLength(Math.ceil(seldom.steps / 10) + 1);
    expect(seldom.frames.at(-1)).toEqual(often.frames.at(-1));
    expect([often.period, seldom.period]).toEqual([0.0125, 0.125]);
  });

  test("show any policy, until time is out", () => {
    const still = recordEpisode(engine, "reach", {
      ...small,
      policy: () => [0, 0, 0, 0],
      maxSteps: 6,
      every: 3,
    });
    expect([still.success, still.steps, still.frames.length]).toEqual([false, 6, 3]);
  });
});
