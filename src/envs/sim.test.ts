import { describe, expect, test } from "vitest";
import { loadEngine } from "./engine.ts";
import { mjcf, type Scene } from "./mjcf.ts";
import { Sim } from "./sim.ts";

const engine = await loadEngine();

/** A ball in free fall, and two bodies that the program moves. */
const scene: Scene = {
  bodies: [
    {
      name: "ball",
      pos: [0, 0, 100],
      inertia: { mass: 1, diagonal: [0.01, 0.01, 0.01] },
      joints: [{ type: "free" }],
      geoms: [{ type: "sphere", size: [0.1], contype: 0, conaffinity: 0 }],
    },
    { name: "first", mocap: true, pos: [1, 2, 3] },
    { name: "second", mocap: true, pos: [4, 5, 6] },
  ],
};

describe("a scene is simulated as it says", () => {
  test.each([0.001, 0.004])("in steps of %f s", (timestep) => {
    using sim = new Sim(engine, mjcf({ ...scene, simulation: { option: { timestep } } }));
    expect(sim.timestep).toBe(timestep);
    const steps = Math.round(0.4 / timestep);
    expect(sim.step(steps)).toBe(true);
    // semi-implicit Euler: z falls by g t (t + dt) / 2
    expect(100 - sim.qpos[2]).toBeCloseTo((9.81 * 0.4 * (0.4 + timestep)) / 2, 9);
  });

  test("under its own gravity, and without", () => {
    using sim = new Sim(engine, mjcf({ ...scene, simulation: { option: { gravity: [0, 0, 0] } } }));
    expect(sim.timestep).toBe(0.002); // MuJoCo's default
    sim.step(10);
    expect(sim.qpos[2]).toBe(100);
  });

  test("with as many moved bodies as it has, in its order", () => {
    using sim = new Sim(engine, mjcf(scene));
    expect([...sim.mocapPositions]).toEqual([1, 2, 3, 4, 5, 6]);
    sim.mocapPositions.set([7, 8, 9], 3);
    sim.updatePoses();
    expect([sim.bodyPosition("first"), sim.bodyPosition("second")]).toEqual([
      [1, 2, 3],
      [7, 8, 9],
    ]);
  });

  test("with the flags and the memory that it asks for", () => {
    const text = mjcf({ ...scene, simulation: { flag: { multiccd: "disable" }, memory: "1M" } });
    expect(text).toContain('<option><flag multiccd="disable"/></option><size memory="1M"/>');
    expect(mjcf(scene)).toContain("<option/>");
  });
});

test("steps that blow up say so, whatever their length", () => {
  using sim = new Sim(engine, mjcf({ ...scene, simulation: { option: { timestep: 0.01 } } }));
  sim.step(1);
  sim.qvel[2] = Number.NaN;
  expect(sim.step(3)).toBe(false);
});
