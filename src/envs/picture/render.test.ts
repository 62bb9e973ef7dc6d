import { describe, expect, test } from "vitest";
import { loadEngine } from "../engine.ts";
import { Sim } from "../sim.ts";
import { type Image, render } from "./render.ts";
import { lookAt } from "./view.ts";

const engine = await loadEngine();
const size = { width: 48, height: 36 };
const view = lookAt([0, -1, 1], [0, 0, 0.1], 40);

/** A red ball on a grey floor; a box to see coincides with a grey one to touch. */
function scene(): Sim {
  const sim = new Sim(
    engine,
    `<mujoco><worldbody>
      <camera name="front" pos="0 -1 0.1" euler="90 0 0" fovy="40"/>
      <geom type="plane" size="3 3 0.1" rgba="0.6 0.6 0.6 1"/>
      <body name="ball" pos="0 0 0.1"><freejoint/><geom type="sphere" size="0.1" rgba="0.9 0.1 0.1 1"/></body>
      <geom type="box" size="0.05 0.05 0.05" pos="0.3 0 0.05" rgba="0.6 0.6 0.6 1"/>
      <geom type="box" size="0.05 0.05 0.05" pos="0.3 0 0.05" rgba="0.1 0.9 0.1 1" group="1" contype="0"/>
    </worldbody></mujoco>`,
  );
  sim.updatePoses();
  return sim;
}

function pixel({ width, pixels }: Image, column: number, row: number): readonly number[] {
  return [...pixels.subarray(4 * (row * width + column), 4 * (row * width + column) + 4)];
}

describe("a picture", () => {
  test("shows a thing in its colour where it is, and the floor elsewhere", () => {
    using sim = scene();
    const image = render(sim, { ...size, camera: view });
    const [red, green, blue, opacity] = pixel(image, 24, 18);
    expect([red > 3 * green, red > 3 * blue, opacity]).toEqual([true, true, 255]);
    const [r, g, b] = pixel(image, 4, 32);
    expect([r === g, g === b, r > 100]).toEqual([true, true, true]);
    expect(image.pixels.length).toBe(4 * size.width * size.height);
  });

  test("has a shadow beside the ball, away from the lamp", () => {
    using sim = scene();
    const above = lookAt([0, 0, 2], [0, 0, 0], 30);
    const image = render(sim, { ...size, camera: above });
    const floor = Array.from({ length: size.width }, (_, column) => pixel(image, column, 18)).filter(
      ([r, g, b]) => r === g && g === b,
    );
    const levels = floor.map(([gray]) => gray);
    expect(Math.min(...levels)).toBeLessThan(0.75 * Math.max(...levels));
  });

  test("shows what is to be seen rather than what coincides with it to be touched", () => {
    using sim = scene();
    const image = render(sim, { ...size, camera: lookAt([0.3, -1, 0.5], [0.3, 0, 0.05], 15) });
    const [red, green] = pixel(image, 24, 18);
    expect(green).toBeGreaterThan(3 * red);
  });

  test("is taken from a camera of the scene, by name", () => {
    using sim = scene();
    const [red, green] = pixel(render(sim, { ...size, camera: "front" }), 24, 18);
    expect(red).toBeGreaterThan(3 * green);
    expect(() => render(sim, { ...size, camera: "corner" })).toThrow(
      'Unknown camera "corner". Known: front.',
    );
  });

  test("shows a mark, fainter where something hides it", () => {
    using sim = scene();
    const plain = render(sim, { ...size, camera: view });
    const change = (y: number, z: number) => {
      const marks = [{ position: [0, y, z], radius: 0.05, color: [0, 0, 1] }] as const;
      return pixel(render(sim, { ...size, camera: view, marks }), 24, 18)[2] - pixel(plain, 24, 18)[2];
    };
    const front = change(-0.2, 0.28);
    const inside = change(0, 0.1);
    expect(inside).toBeGreaterThan(20);
    expect(front).toBeGreaterThan(1.5 * inside);
  });

  test("is the same twice, and leaves the scene as it was", () => {
    using sim = scene();
    const before = sim.save();
    const first = render(sim, { ...size, camera: view });
    expect(render(sim, { ...size, camera: view })).toEqual(first);
    expect(sim.save()).toEqual(before);
  });

  test("shows a thing again where it has moved to", () => {
    using sim = scene();
    sim.qpos.set([-0.3, 0, 0.1]);
    sim.updatePoses();
    const [red, green] = pixel(render(sim, { ...size, camera: view }), 24, 18);
    expect(Math.abs(red - green)).toBeLessThan(10);
  });
});
