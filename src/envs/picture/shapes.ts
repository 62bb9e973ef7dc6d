/** @file Shapes that rays can meet: MuJoCo's primitives and small meshes, each in its own frame, around its origin. */

import { minimum } from "../../base/index.ts";
import { cross, norm, pointAt, subtract } from "../geometry.ts";
import type { Vec3 } from "../mjcf.ts";

/** A shape. Sizes as in MuJoCo: half extents, radii, half lengths along z. Metres. */
export interface Shape {
  readonly kind: ShapeKind;
  readonly size: Float64Array;
  /** A mesh's triangles, (triangles, 3 corners, 3). Empty for others. */
  readonly triangles: Float64Array;
}

export type ShapeKind = keyof typeof shapes;

/** Nearer than this nothing is seen, metres. */
export const near = 0.01;

/** Rays that miss a box by rounding meet it, so that none slips between boards side by side; in parts of the way. */
const crack = 1e-9;

/** Intersections of rays with one kind of shape. */
interface Meeting {
  /** Half extents of a box around the shape, metres. */
  bounds(shape: Shape): Vec3;
  /**
   * Casts rays that start from one point.   directions: (count, 3), any length
   * Writes distances: (count,), in lengths of the direction, Infinity where a ray passes by or starts inside.
   */
  cast(shape: Shape, origin: Vec3, directions: Float64Array, count: number, distances: Float64Array): void;
  /** At right angles to the surface at a point of it, either way; any length. */
  normal(shape: Shape, point: Vec3): Vec3;
}

/** A rectangle seen from its upper side. */
const plane: Meeting = {
  bounds: ({ size }) => [size[0], size[1], 0],
  cast({ size }, [ox, oy, oz], directions, count, distances) {
    for (let ray = 0, at = 0; ray < count; ray++, at += 3) {
      const t = -oz / directions[at + 2];
      const inside =
        oz > 0 &&
        t > near &&
        Math.abs(ox + t * directions[at]) <= size[0] &&
        Math.abs(oy + t * directions[at + 1]) <= size[1];
      distances[ray] = inside ? t : Number.POSITIVE_INFINITY;
    }
  },
  normal: () => [0, 0, 1],
};

const ellipsoid: Meeting = {
  bounds: ({ size }) => [size[0], size[1], size[2]],
  cast({ size }, origin, directions, count, distances) {
    const [sx, sy, sz] = [1 / size[0], 1 / size[1], 1 / size[2]];
    const [ox, oy, oz] = [origin[0] * sx, origin[1] * sy, origin[2] * sz];
    const c = ox * ox + oy * oy + oz * oz - 1;
    for (let ray = 0, at = 0; ray < count; ray++, at += 3) {
      const dx = directions[at] * sx;
      const dy = directions[at + 1] * sy;
      const dz = directions[at + 2] * sz;
      distances[ray] = entry(dx * dx + dy * dy + dz * dz, ox * dx + oy * dy + oz * dz, c);
    }
  },
  normal: ({ size }, [x, y, z]) => [
    x / (size[0] * size[0]),
    y / (size[1] * size[1]),
    z / (size[2] * size[2]),
  ],
};

const sphere: Meeting = {
  bounds: ({ size }) => [size[0], size[0], size[0]],
  cast({ size }, [ox, oy, oz], directions, count, distances) {
    const c = ox * ox + oy * oy + oz * oz - size[0] * size[0];
    for (let ray = 0, at = 0; ray < count; ray++, at += 3) {
      const dx = directions[at];
      const dy = directions[at + 1];
      const dz = directions[at + 2];
      distances[ray] = entry(dx * dx + dy * dy + dz * dz, ox * dx + oy * dy + oz * dz, c);
    }
  },
  normal: (_, point) => point,
};

const capsule: Meeting = {
  bounds: ({ size }) => [size[0], size[0], size[0] + size[1]],
  cast({ size: [radius, half] }, [ox, oy, oz], directions, count, distances) {
    const round = ox * ox + oy * oy - radius * radius;
    for (let ray = 0, at = 0; ray < count; ray++, at += 3) {
      const dx = directions[at];
      const dy = directions[at + 1];
      const dz = directions[at + 2];
      const a = dx * dx + dy * dy;
      const b = ox * dx + oy * dy;
      const side = entry(a, b, round);
      const z = oz + side * dz;
      if (Math.abs(z) <= half) {
        distances[ray] = side;
        continue;
      }
      const end = (side < Number.POSITIVE_INFINITY ? z : oz) > 0 ? half : -half;
      const fromEnd = oz - end;
      distances[ray] = entry(a + dz * dz, b + fromEnd * dz, round + fromEnd * fromEnd);
    }
  },
  normal: ({ size }, [x, y, z]) => [x, y, z - Math.min(Math.max(z, -size[1]), size[1])],
};

const cylinder: Meeting = {
  bounds: ({ size }) => [size[0], size[0], size[1]],
  cast({ size: [radius, half] }, [ox, oy, oz], directions, count, distances) {
    const c = ox * ox + oy * oy - radius * radius;
    for (let ray = 0, at = 0; ray < count; ray++, at += 3) {
      const dx = directions[at];
      const dy = directions[at + 1];
      const dz = directions[at + 2];
      const a = dx * dx + dy * dy;
      const b = ox * dx + oy * dy;
      const root = b * b - a * c;
      const bottom = (-half - oz) / dz;
      const top = (half - oz) / dz;
      let first = Math.min(bottom, top);
      let last = Math.max(bottom, top);
      if (a > 1e-12) {
        first = Math.max(first, (-b - Math.sqrt(root)) / a);
        last = Math.min(last, (-b + Math.sqrt(root)) / a);
      }
      const met = root >= 0 && first <= last && first > near;
      distances[ray] = met ? first : Number.POSITIVE_INFINITY;
    }
  },
  normal: ({ size }, [x, y, z]) =>
    size[1] - Math.abs(z) < size[0] - Math.sqrt(x * x + y * y) ? [0, 0, z] : [x, y, 0],
};

const box: Meeting = {
  bounds: ({ size }) => [size[0], size[1], size[2]],
  cast({ size }, [ox, oy, oz], directions, count, distances) {
    for (let ray = 0, at = 0; ray < count; ray++, at += 3) {
      // the reciprocal of 0 is infinite: a ray along a face is within its slab forever or never
      const ix = 1 / directions[at];
      const iy = 1 / directions[at + 1];
      const iz = 1 / directions[at + 2];
      const ax = (-size[0] - ox) * ix;
      const bx = (size[0] - ox) * ix;
      const ay = (-size[1] - oy) * iy;
      const by = (size[1] - oy) * iy;
      const az = (-size[2] - oz) * iz;
      const bz = (size[2] - oz) * iz;
      const first = Math.max(Math.min(ax, bx), Math.min(ay, by), Math.min(az, bz));
      const last = Math.min(Math.max(ax, bx), Math.max(ay, by), Math.max(az, bz));
      distances[ray] = first <= last + crack && first > near ? first : Number.POSITIVE_INFINITY;
    }
  },
  normal({ size }, [x, y, z]) {
    const gaps = [size[0] - Math.abs(x), size[1] - Math.abs(y), size[2] - Math.abs(z)];
    const least = minimum(gaps);
    return least === gaps[0] ? [x, 0, 0] : least === gaps[1] ? [0, y, 0] : [0, 0, z];
  },
};

/** Triangles, seen from both sides. */
const mesh: Meeting = {
  bounds({ triangles }) {
    const half = [0, 0, 0];
    triangles.forEach((x, i) => {
      half[i % 3] = Math.max(half[i % 3], Math.abs(x));
    });
    return [half[0], half[1], half[2]];
  },
  cast({ triangles }, origin, directions, count, distances) {
    distances.fill(Number.POSITIVE_INFINITY, 0, count);
    for (let corner = 0; corner < triangles.length; corner += 9) {
      const a = subtract(pointAt(triangles, corner), origin);
      const b = subtract(pointAt(triangles, corner + 3), origin);
      const c = subtract(pointAt(triangles, corner + 6), origin);
      // a ray meets the triangle if it lies on one side of the three planes through the origin and an edge
      const [ux, uy, uz] = cross(a, b);
      const [vx, vy, vz] = cross(b, c);
      const [wx, wy, wz] = cross(c, a);
      const [nx, ny, nz] = cross(subtract(b, a), subtract(c, a));
      const height = nx * a[0] + ny * a[1] + nz * a[2];
      for (let ray = 0, at = 0; ray < count; ray++, at += 3) {
        const dx = directions[at];
        const dy = directions[at + 1];
        const dz = directions[at + 2];
        const u = ux * dx + uy * dy + uz * dz;
        const v = vx * dx + vy * dy + vz * dz;
        const w = wx * dx + wy * dy + wz * dz;
        if (!((u >= 0 && v >= 0 && w >= 0) || (u <= 0 && v <= 0 && w <= 0))) continue;
        const t = height / (nx * dx + ny * dy + nz * dz);
        if (t > near && t < distances[ray]) distances[ray] = t;
      }
    }
  },
  normal({ triangles }, point) {
    let nearest = Number.POSITIVE_INFINITY;
    let best: Vec3 = [0, 0, 1];
    for (let corner = 0; corner < triangles.length; corner += 9) {
      const a = subtract(pointAt(triangles, corner), point);
      const b = subtract(pointAt(triangles, corner + 3), point);
      const c = subtract(pointAt(triangles, corner + 6), point);
      // the three triangles that the point makes with the edges are larger than the whole unless it lies inside
      const normal = cross(subtract(b, a), subtract(c, a));
      const gap = norm(cross(a, b)) + norm(cross(b, c)) + norm(cross(c, a)) - norm(normal);
      if (gap < nearest) [nearest, best] = [gap, normal];
    }
    return best;
  },
};

export const shapes = { plane, sphere, capsule, ellipsoid, cylinder, box, mesh } as const;

/** First solution t > near of a t² + 2 b t + c = 0 if it enters (a > 0), else Infinity. */
function entry(a: number, b: number, c: number): number {
  const root = b * b - a * c;
  if (root < 0 || a < 1e-12) return Number.POSITIVE_INFINITY;
  const t = (-b - Math.sqrt(root)) / a;
  return t > near ? t : Number.POSITIVE_INFINITY;
}
