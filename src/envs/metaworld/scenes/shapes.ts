/** @file Parts whose corners follow a rule, where the official models have meshes. Metres. */

import type { Geom, Quat, Vec3 } from "../../mjcf.ts";

type Triangle = readonly [number, number, number];

/** A convex part: its place, its corners in its own frame, and what else a shape has. */
interface Hull extends Omit<Geom, "type" | "size" | "vertices" | "faces"> {
  readonly pos: Vec3;
  readonly quat: Quat;
  readonly corners: readonly Vec3[];
}

/**
 * A convex part, where the official models have a mesh: the shape that collides, and the same to be seen. Place and
 * corners are those that MuJoCo computes for the official mesh, corners in single precision. MuJoCo moves every mesh to
 * the centre and main axes of its triangles: those of a small box about the origin leave all corners where they are.
 * So contacts are looked for from the official centre, which decides where on a flat side they lie.
 */
export function hull({ corners, ...geom }: Hull): Geom[] {
  const { pos, quat, rgba } = geom;
  const vertices = [...corners, ...core];
  const faces = boxFaces.map(([a, b, c]): Triangle => {
    const first = corners.length;
    return [first + a, first + b, first + c];
  });
  return [
    { type: "mesh", ...geom, vertices, faces },
    { type: "mesh", pos, quat, vertices: corners, visual: true, ...(rgba && { rgba }) },
  ];
}

/** Corners of a box about the origin, longest along z: MuJoCo sorts a mesh's axes by their inertia. */
const core = [-0.001, 0.001].flatMap((x) =>
  [-0.002, 0.002].flatMap((y) => [-0.003, 0.003].map((z): Vec3 => [x, y, z])),
);

/** Its triangles, seen from outside. */
const boxFaces: readonly Triangle[] = [
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

/**
 * Corners of a part turned about its longest axis, with 32 sides, in the frame of a mesh that leans its z on that axis.
 * middle: height of the frame's origin   profile: radius and height of its rings
 */
export function turned(middle: number, profile: readonly (readonly [number, number])[]): Vec3[] {
  return profile.flatMap(([radius, height]) =>
    circle.map(([x, y]): Vec3 => [height - middle, -radius * x, -radius * y]),
  );
}

/**
 * The handle of the box's lid: two legs, upright at y = -0.05 and 0.05, and a bar across, of one rod with 32 sides whose
 * bends are cut at 45 degrees. It leans by 1.57 rad - pi / 2, as in the official model.
 */
export function bow(): { readonly vertices: readonly Vec3[]; readonly faces: readonly Triangle[] } {
  const radius = 0.008;
  /** The rod's axis, from foot to foot: y and height; and how much a ring's outer side is higher than its middle. */
  const half = [
    [0.05, -0.077769898, 0],
    [0.05, -0.003104436, radius],
    [0.047882505, -0.000986944, radius],
  ] as const;
  const axis = [...half.map((point) => [...point, -1]), ...half.toReversed().map((point) => [...point, 1])];
  const [sine, cosine] = [Math.sin(1.57), Math.cos(1.57)];
  const vertices = axis.flatMap(([middle, height, rise, side]) =>
    circle.map(([x, out]): Vec3 => {
      const y = side * (middle + radius * out);
      const z = height + rise * out;
      return [radius * x, z * cosine + y * sine, z * sine - y * cosine + 0.082];
    }),
  );
  return { vertices, faces: tube(axis.length) };
}

const sides = 32;
const circle = Array.from({ length: sides }, (_, k) => {
  const angle = (2 * Math.PI * k) / sides;
  return [Math.cos(angle), Math.sin(angle)] as const;
});

/** The surface of a tube through `rings` rings of corners, closed at both ends. */
function tube(rings: number): Triangle[] {
  const next = (k: number) => (k + 1) % sides;
  const walls = Array.from({ length: (rings - 1) * sides }, (_, i): Triangle[] => {
    const ring = i - (i % sides);
    const [a, b] = [i, ring + next(i % sides)];
    return [
      [a, b, a + sides],
      [b, b + sides, a + sides],
    ];
  });
  const last = (rings - 1) * sides;
  const ends = Array.from({ length: sides - 2 }, (_, k): Triangle[] => [
    [0, k + 2, k + 1],
    [last, last + k + 1, last + k + 2],
  ]);
  return [...walls.flat(), ...ends.flat()];
}
