/**
 * @file Shapes that rays can meet: MuJoCo's primitives and convex hulls, each in its own frame, centred on its origin.
 * All are convex, so a ray meets one in an interval, and its beginning is what is seen.
 */

import type { Vec3 } from "../mjcf.ts";

/** What a shape is. Sizes as in MuJoCo: half extents, radii, half lengths along z. Metres. */
export interface Shape {
  readonly kind: ShapeKind;
  readonly size: Float64Array;
  /** A hull's faces, (faces, 4): outward unit normal and distance from the origin. Empty for others. */
  readonly faces: Float64Array;
}

export type ShapeKind = keyof typeof shapes;

/** Nearer than this nothing is seen, metres. */
export const near = 0.01;

/** Rays that miss a box by rounding meet it, so that none slips between boards side by side; in parts of the way. */
const crack = 1e-9;

/** How rays meet one kind of shape. */
interface Meeting {
  /** Half extents of a box around the shape, metres. */
  bounds(shape: Shape): Vec3;
  /**
   * Casts rays that start from one point.   directions: (count, 3), any length
   * Writes distances: (count,), in lengths of the direction, Infinity where a ray passes by or starts inside.
   */
  cast(shape: Shape, origin: Vec3, directions: Float64Array, count: number, distances: Float64Array): void;
  /** The way out of the shape at a point of its surface; any length. */
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
    // edges count as tops, for the same reason
    const gaps = [size[0] - Math.abs(x), size[1] - Math.abs(y), size[2] - Math.abs(z) - 1e-4];
    const least = Math.min(...gaps);
    return least === gaps[0] ? [x, 0, 0] : least === gaps[1] ? [0, y, 0] : [0, 0, z];
  },
};

const hull: Meeting = {
  bounds: ({ size }) => [size[0], size[1], size[2]],
  cast({ faces }, [ox, oy, oz], directions, count, distances) {
    for (let ray = 0, at = 0; ray < count; ray++, at += 3) {
      const dx = directions[at];
      const dy = directions[at + 1];
      const dz = directions[at + 2];
      let first = near;
      let last = Number.POSITIVE_INFINITY;
      let entered = false;
      for (let face = 0; face < faces.length && first <= last; face += 4) {
        const speed = faces[face] * dx + faces[face + 1] * dy + faces[face + 2] * dz;
        const height = faces[face] * ox + faces[face + 1] * oy + faces[face + 2] * oz - faces[face + 3];
        const t = -height / speed;
        if (speed < 0 && t > first) {
          first = t;
          entered = true;
        } else if (speed > 0 && t < last) last = t;
        else if (speed === 0 && height > 0) last = 0;
      }
      distances[ray] = entered && first <= last ? first : Number.POSITIVE_INFINITY;
    }
  },
  normal({ faces }, [x, y, z]) {
    let highest = Number.NEGATIVE_INFINITY;
    let best = 0;
    for (let face = 0; face < faces.length; face += 4) {
      const height = faces[face] * x + faces[face + 1] * y + faces[face + 2] * z - faces[face + 3];
      if (height > highest) [highest, best] = [height, face];
    }
    return [faces[best], faces[best + 1], faces[best + 2]];
  },
};

export const shapes = { plane, sphere, capsule, ellipsoid, cylinder, box, hull } as const;

/** First solution t > near of a t² + 2 b t + c = 0 if it enters (a > 0), else Infinity. */
function entry(a: number, b: number, c: number): number {
  const root = b * b - a * c;
  if (root < 0 || a < 1e-12) return Number.POSITIVE_INFINITY;
  const t = (-b - Math.sqrt(root)) / a;
  return t > near ? t : Number.POSITIVE_INFINITY;
}
