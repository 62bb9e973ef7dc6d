import { describe, expect, test } from "vitest";
import { loadEngine } from "../engine.ts";
import { distance, pointAt } from "../geometry.ts";
import type { Vec3 } from "../mjcf.ts";
import { Sim } from "../sim.ts";
import { depthImage, pointCloud } from "./depth.ts";
import { lookAt } from "./view.ts";

const engine = await loadEngine();
const center: Vec3 = [0.1, -0.2, 0.5];
const radius = 0.3;

/** A floor and a ball above it, with a camera looking straight down. */
function scene(): Sim {
  const sim = new Sim(
    engine,
    `<mujoco><worldbody>
      <camera name="above" pos="0 0 3" fovy="60"/>
      <geom name="floor" type="plane" size="5 5 0.1"/>
      <geom name="ball" type="sphere" size="${radius}" pos="${center.join(" ")}"/>
    </worldbody></mujoco>`,
  );
  sim.updatePoses();
  return sim;
}

describe("a depth image", () => {
  test("of a floor from above is its distance, at every pixel", () => {
    using sim = scene();
    const { depth, geom } = depthImage(sim, "above", 31, 21);
    const floor = sim.figures().geoms.indexOf("floor");
    const onFloor = depth.filter((_, i) => geom[i] === floor);
    expect(onFloor.length).toBeGreaterThan(500);
    for (const z of onFloor) expect(z).toBeCloseTo(3, 6);
  });

  test("of a ball is where its rays enter it", () => {
    using sim = scene();
    const view = lookAt([1.1, -0.2, 0.5], center, 40);
    const { depth, width, height } = depthImage(sim, view, 65, 65);
    for (let row = 20; row < 45; row++) {
      for (let column = 20; column < 45; column++) {
        const half = Math.tan((20 * Math.PI) / 180);
        const x = half * ((2 * column + 1) / width - 1);
        const y = half * (1 - (2 * row + 1) / height);
        const a = x * x + y * y + 1; // the ball is 1 m away: a t² - 2 t + 1 = radius²
        const entry = (1 - Math.sqrt(1 - a * (1 - radius * radius))) / a;
        expect(depth[row * width + column]).toBeCloseTo(entry, 6);
      }
    }
  });

  test("has Infinity and no shape where nothing is", () => {
    using sim = scene();
    const up = lookAt([0, 0, 3], [0, 0.5, 4], 30);
    const { depth, geom } = depthImage(sim, up, 4, 3);
    expect([...depth]).toEqual(new Array(12).fill(Number.POSITIVE_INFINITY));
    expect([...geom]).toEqual(new Array(12).fill(-1));
  });

  test("leaves the scene as it was", () => {
    using sim = scene();
    const before = sim.save();
    depthImage(sim, "above", 8, 8);
    expect(sim.save()).toEqual(before);
  });

  test("names the cameras there are", () => {
    using sim = scene();
    expect(() => depthImage(sim, "behind", 8, 8)).toThrow('Unknown camera "behind". Known: above.');
    expect(() => depthImage(sim, "above", 0, 8)).toThrow("got 0 x 8");
  });
});

describe("a point cloud", () => {
  test("lies on the ball and on the floor", () => {
    using sim = scene();
    const { points, geom } = pointCloud(sim, lookAt([1, -1, 2], [0, 0, 0.2], 60), 40, 30);
    const [floor, ball] = ["floor", "ball"].map((name) => sim.figures().geoms.indexOf(name));
    const heights = [...geom].flatMap((id, i) => (id === floor ? [points[3 * i + 2]] : []));
    const ways = [...geom].flatMap((id, i) =>
      id === ball ? [distance(pointAt(points, 3 * i), center) - radius] : [],
    );
    expect(heights.length).toBeGreaterThan(100);
    expect(ways.length).toBeGreaterThan(20);
    expect(Math.max(...[...heights, ...ways].map(Math.abs))).toBeLessThan(1e-6);
  });

  test("has no points where nothing is", () => {
    using sim = scene();
    const { points, geom } = pointCloud(sim, lookAt([0, 0, 3], [0, 0.5, 4], 30), 4, 3);
    expect([points.length, geom.length]).toEqual([0, 0]);
  });
});
