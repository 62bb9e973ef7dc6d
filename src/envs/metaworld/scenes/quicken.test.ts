import { describe, expect, test } from "vitest";
import { Random } from "../../../base/index.ts";
import { loadEngine } from "../../engine.ts";
import { mjcf } from "../../mjcf.ts";
import { Sim } from "../../sim.ts";
import { tasks } from "../tasks.ts";
import { compose, type SceneName, scenes, sceneXml } from "./scenes.ts";

const engine = await loadEngine();

/** Coordinates and velocities of a scene while the hand is led about, low over the table, among everything there. */
function wander(xml: string, hand: readonly number[]): number[] {
  using sim = new Sim(engine, xml);
  const random = new Random(3);
  const seen: number[] = [];
  sim.mocapPositions.set(hand);
  sim.mocapQuaternions.set([1, 0, 1, 0]);
  for (let period = 0; period < 120; period++) {
    if (period % 30 === 0) {
      sim.mocapPositions.set([
        random.uniform() - 0.5,
        0.4 + 0.6 * random.uniform(),
        0.3 * random.uniform() - 0.1,
      ]);
      const grip = 2 * random.uniform() - 1;
      sim.control.set([grip, -grip]);
    }
    sim.step(5);
    seen.push(...sim.qpos, ...sim.qvel);
  }
  return seen;
}

describe.each(Object.keys(scenes) as SceneName[])("%s", (name) => {
  test("moves as the official layout does, bit for bit", () => {
    const task = Object.values(tasks).find(({ task }) => task.scene === name)?.task;
    const hand = task?.handStart ?? [0, 0.6, 0.2];
    const official = wander(mjcf(compose(name)), hand);
    const { simulated, seen } = sceneXml(name);
    expect(wander(simulated, hand)).toEqual(official);
    expect(wander(seen, hand)).toEqual(official);
  });
});
