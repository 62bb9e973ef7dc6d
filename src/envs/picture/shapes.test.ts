import { describe, expect, test } from "vitest";
import { Random } from "../../base/index.ts";
import { loadEngine } from "../engine.ts";
import { norm } from "../geometry.ts";
import type { Vec3 } from "../mjcf.ts";
import { Sim } from "../sim.ts";
import { type ShapeKind, shapes } from "./shapes.ts";

const engine = await loadEngine();

/** A shape of each kind, as MuJoCo is told about it. */
const examples: Readonly<Record<ShapeKind, string>> = {
  plane: '<geom type="plane" size="0.4 0.3 0.1"/>',
  sphere: '<geom type="sphere" size="0.3"/>',
  capsule: '<geom type="capsule" size="0.1 0.25"/>',
  ellipsoid: '<geom type="ellipsoid" size="0.1 0.2 0.35"/>',
  cylinder: '<geom type="cylinder" size="0.2 0.25"/>',
  box: '<geom type="box" size="0.1 0.2 0.3"/>',
  mesh: '<geom type="mesh" mesh="wedge"/>',
};
const wedge = '<asset><mesh name="wedge" vertex="0 0 0  0.5 0 0  0 0.4 0  0 0 0.6  0.3 0.3 0.3"/></asset>';

describe.each(Object.keys(examples) as ShapeKind[])("%s", (kind) => {
  using sim = new Sim(engine, `<mujoco>${wedge}<worldbody>${examples[kind]}</worldbody></mujoco>`);
  sim.updatePoses();
  const { geomSize, geomTriangles } = sim.figures();
  const shape = { kind, size: geomSize.slice(0, 3), triangles: geomTriangles[0] };
  const m = sim.geomMatrices.slice(0, 9);
  const place = sim.geomPositions.slice(0, 3);
  const toShape = (v: ArrayLike<number>): Vec3 => [
    m[0] * v[0] + m[3] * v[1] + m[6] * v[2],
    m[1] * v[0] + m[4] * v[1] + m[7] * v[2],
    m[2] * v[0] + m[5] * v[1] + m[8] * v[2],
  ];
  const random = new Random(7);
  const count = 400;
  const views = Array.from({ length: 20 }, () => {
    const from: Vec3 = [random.normal(), random.normal(), Math.abs(random.normal()) + 0.2];
    const origin: Vec3 = [
      (1.5 * from[0]) / norm(from),
      (1.5 * from[1]) / norm(from),
      (1.5 * from[2]) / norm(from),
    ];
    const directions = new Float64Array(3 * count);
    for (let ray = 0; ray < count; ray++) {
      const way: Vec3 = [0, 1, 2].map((k) => 0.25 * random.normal() - origin[k]) as unknown as Vec3;
      directions.set(
        way.map((x) => x / norm(way)),
        3 * ray,
      );
    }
    const local = Float64Array.from({ length: count }, (_, ray) => ray).reduce(
      (all, ray) => {
        all.set(toShape(directions.subarray(3 * ray, 3 * ray + 3)), 3 * ray);
        return all;
      },
      new Float64Array(3 * count),
    );
    const start = toShape([origin[0] - place[0], origin[1] - place[1], origin[2] - place[2]]);
    const distances = new Float64Array(count);
    shapes[kind].cast(shape, start, local, count, distances);
    return { start, local, distances, theirs: sim.castRays(origin, directions).distance };
  });

  test("is met where MuJoCo's rays meet it", () => {
    let met = 0;
    for (const { distances, theirs } of views) {
      for (let ray = 0; ray < count; ray++) {
        const ours = distances[ray] === Number.POSITIVE_INFINITY ? -1 : distances[ray];
        met += Number(ours > 0);
        expect(ours).toBeCloseTo(theirs[ray], 6);
      }
    }
    expect(met).toBeGreaterThan(1000);
  });

  test("is met within its bounds, and faces the ray there", () => {
    const [bx, by, bz] = shapes[kind].bounds(shape).map((half) => half + 1e-6);
    for (const { start, local, distances } of views) {
      for (let ray = 0; ray < count; ray++) {
        if (distances[ray] === Number.POSITIVE_INFINITY) continue;
        const way = local.subarray(3 * ray, 3 * ray + 3);
        const point = start.map((x, k) => x + distances[ray] * way[k]) as unknown as Vec3;
        const normal = shapes[kind].normal(shape, point);
        const towards = normal[0] * way[0] + normal[1] * way[1] + normal[2] * way[2];
        expect(Math.abs(point[0]) <= bx && Math.abs(point[1]) <= by && Math.abs(point[2]) <= bz).toBe(true);
        expect(kind === "mesh" ? -Math.abs(towards) : towards).toBeLessThan(1e-6);
      }
    }
  });
});
