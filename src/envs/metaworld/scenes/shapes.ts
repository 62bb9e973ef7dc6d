/** @file Shapes of parts: primitives, and convex parts where the official models have meshes. */

import type { Geom, Quat, Surface, Vec3 } from "../../mjcf.ts";

/** 1.57 rad about an axis, as the official files have a quarter turn. */
export const aboutX: Quat = [0.7073882691671998, 0.706825181105366, 0, 0];
export const aboutY: Quat = [0.7073882691671998, 0, 0.706825181105366, 0];

/** A primitive shape, neither touched nor coloured in a way of its own. */
type Primitive = Pick<Geom, "type" | "size" | "pos" | "quat">;

const primitive =
  (type: Geom["type"]) =>
  (size: readonly number[], pos?: Vec3, quat?: Quat): Primitive => ({
    type,
    size,
    ...(pos && { pos }),
    ...(quat && { quat }),
  });

/** Primitives by half extents (box), radius (sphere), radius and half length (capsule, cylinder); metres. */
export const box = primitive("box");
export const sphere = primitive("sphere");
export const capsule = primitive("capsule");
export const cylinder = primitive("cylinder");

/** Parts that collide, each with the same contact properties. */
export const solid = (touch: Touch, parts: readonly Primitive[]): Geom[] =>
  parts.map((part) => ({ ...part, ...touch }));

/** Parts that are only seen; in their body's colour if none is given. */
export const seen = (parts: readonly Primitive[], rgba?: readonly number[]): Geom[] =>
  parts.map((part) => ({ ...part, visual: true, ...(rgba && { rgba }) }));

/** Parts that are seen, and the same to collide. */
export const both = (touch: Touch, parts: readonly Primitive[], rgba?: readonly number[]): Geom[] => [
  ...seen(parts, rgba),
  ...solid(touch, parts),
];

/** A convex part: its place in its body, metres, and its corners in its own frame, x, y, z one after another. */
export interface Hull {
  readonly pos: Vec3;
  readonly quat: Quat;
  readonly corners: readonly number[];
}

/** A part of flat sides: its corners, and its triangles as three of them each, in the official mesh's order. */
export interface Mesh {
  readonly corners: readonly number[];
  readonly triangles: readonly number[];
}

/** Contact properties of a part. */
type Touch = Surface & Pick<Geom, "contype">;

/** A part: the shape that collides, and the same to be seen. */
export function hull(part: Hull, touch: Touch = {}): Geom[] {
  const { pos, quat, corners } = part;
  return [collision(part, touch), { type: "mesh", pos, quat, vertices: threes(corners), visual: true }];
}

/**
 * A part that collides and is not seen. MuJoCo moves every mesh to the centre and the main axes of its triangles; those
 * of a small box about the origin leave all corners where they are. So contacts are looked for from the official centre,
 * which decides where on a flat side they lie, and corners are the official ones to the bit.
 */
export function collision({ pos, quat, corners }: Hull, touch: Touch = {}): Geom {
  const first = corners.length / 3;
  const faces = coreFaces.map(([a, b, c]): Three => [first + a, first + b, first + c]);
  return { type: "mesh", pos, quat, vertices: [...threes(corners), ...core], faces, rgba: unseen, ...touch };
}
const unseen = [0, 0, 0, 0];

/**
 * A part as the official file has it, that lies flat on flat sides: where two such sides touch, the contact depends on
 * how MuJoCo's hull joins the corners, and so on the order of everything.
 */
export function flatPart({ corners, triangles }: Mesh, pos: Vec3): Geom {
  return { type: "mesh", pos, vertices: threes(corners), faces: threes(triangles) };
}

type Three = readonly [number, number, number];

function threes(numbers: readonly number[]): Three[] {
  return Array.from({ length: numbers.length / 3 }, (_, i) => [
    numbers[3 * i],
    numbers[3 * i + 1],
    numbers[3 * i + 2],
  ]);
}

/** Corners of a box about the origin, within every part; longest along z, since MuJoCo sorts axes by inertia. */
const core = [-0.001, 0.001].flatMap((x) =>
  [-0.002, 0.002].flatMap((y) => [-0.003, 0.003].map((z): Vec3 => [x, y, z])),
);

/** The box's triangles, seen from outside. */
const coreFaces: readonly Three[] = [
  [0, 1, 3],
  [0, 3, 2],
  [4, 6, 7],
  [4, 7, 5],
  [0, 4, 5],
  [0, 5, 1],
  [2, 3, 7],
  [2, 7, 6],
  [0, 2, 6],
  [0, 6, 4],
  [1, 5, 7],
  [1, 7, 3],
];
