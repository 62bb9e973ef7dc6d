/**
 * @file Pictures without a graphics card: every shape is cast, exactly, at the pixels it may cover, and the nearest stays.
 * Light falls from one lamp, with shadows, and from all around.
 */

import { pointAt, subtract } from "../geometry.ts";
import { type Vec3, visualGroup } from "../mjcf.ts";
import type { Sim } from "../sim.ts";
import { near, type Shape, shapes } from "./shapes.ts";
import { halfExtents, lookAt, type View, viewOf } from "./view.ts";

/** Pixels row by row from the top left, four bytes each: red, green, blue, opacity. */
export interface Image {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

/** A place drawn as a ball one can see through, such as a goal. */
export interface Mark {
  readonly position: Vec3;
  /** Metres. */
  readonly radius: number;
  /** Red, green, blue in [0, 1]. */
  readonly color: Vec3;
}

export interface PictureOptions {
  /** A camera of the scene, or a view of one's own. */
  readonly camera: string | View;
  readonly width: number;
  readonly height: number;
  readonly marks?: readonly Mark[];
  /** Samples per pixel along each side; more make smoother edges. */
  readonly smoothness?: number;
}

/** A shape in the world. */
interface Thing extends Shape {
  readonly position: Vec3;
  /** Its frame in the world's, (9,) row by row. */
  readonly rotation: ArrayLike<number>;
  readonly color: Vec3;
}

/** A view's samples: the way to it in front of the camera (metres, or Infinity), and which thing it is. */
interface Look {
  readonly depth: Float64Array;
  readonly thing: Int16Array;
}

/** The lamp is a view too: what it does not see lies in shadow. */
interface Lamp {
  readonly view: View;
  readonly half: number;
  readonly depth: Float64Array;
}

const lampView = lookAt([1.7, 0, 2.3], [0, 0.55, 0], 38);
const shadowSamples = 512;
/** Surfaces are held this far off themselves, metres, so that none lies in its own shadow. */
const shadowGap = 0.005;
/** Light from all around and from the lamp; a surface that gets all of both shows its colour and a little more. */
const ambient = 0.52;
const direct = 0.58;
/** Shapes to see and to touch may coincide; the first drawn stays unless another is nearer by this part of the way. */
const nearer = 1 - 1e-7;
const sky: readonly [Vec3, Vec3] = [
  [0.8, 0.83, 0.87],
  [0.95, 0.96, 0.97],
];
const kinds = ["plane", undefined, "sphere", "capsule", "ellipsoid", "cylinder", "box", "mesh"] as const;

/** The scene as it stands. */
export function render(of: Sim, options: PictureOptions): Image {
  const sim = of.seen();
  const { camera, width, height, marks = [], smoothness = 2 } = options;
  const view = viewOf(sim, camera);
  const [columns, rows] = [width * smoothness, height * smoothness];
  const things = thingsIn(sim);
  const seen = look(things, view, columns, rows);
  const colors = shade(things, view, columns, rows, seen, lampOver(things));
  for (const mark of marks) tint(colors, mark, view, columns, rows, seen.depth);
  return { width, height, pixels: average(colors, width, height, smoothness) };
}

/** All shapes to draw but transparent ones; those that are only seen come first. */
function thingsIn(sim: Sim): Thing[] {
  const { geomType, geomSize, geomColor, geomTriangles } = sim.figures();
  const things: Thing[] = [];
  for (const visual of [true, false]) {
    for (let id = 0; id < geomType.length; id++) {
      const kind = kinds[geomType[id]];
      if (kind === undefined || (sim.group(id) === visualGroup) !== visual) continue;
      if (geomColor[4 * id + 3] === 0) continue;
      things.push({
        kind,
        size: geomSize.subarray(3 * id, 3 * id + 3),
        triangles: geomTriangles[id],
        position: pointAt(sim.geomPositions, 3 * id),
        rotation: sim.geomMatrices.slice(9 * id, 9 * id + 9),
        color: pointAt(geomColor, 4 * id),
      });
    }
  }
  return things;
}

function lampOver(things: readonly Thing[]): Lamp {
  const casting = things.filter(({ kind }) => kind !== "plane");
  const { depth } = look(casting, lampView, shadowSamples, shadowSamples);
  return { view: lampView, half: halfExtents(lampView, shadowSamples, shadowSamples)[0], depth };
}

/** Casts every thing at the samples it may cover. */
function look(things: readonly Thing[], view: View, columns: number, rows: number): Look {
  const depth = new Float64Array(columns * rows).fill(Number.POSITIVE_INFINITY);
  const seen = new Int16Array(columns * rows).fill(-1);
  const [halfWidth, halfHeight] = halfExtents(view, columns, rows);
  const directions = new Float64Array(3 * columns);
  const distances = new Float64Array(columns);
  things.forEach((thing, index) => {
    const { cast, bounds } = shapes[thing.kind];
    const frame = frameOf(thing, view);
    const { left, right, top, bottom } = covered(bounds(thing), frame, halfWidth, halfHeight, columns, rows);
    const { axes, origin } = frame;
    const count = Math.max(right - left, 0);
    for (let row = top; row < bottom; row++) {
      const y = halfHeight * (1 - (2 * row + 1) / rows);
      for (let i = 0, at = 0; i < count; i++, at += 3) {
        const x = halfWidth * ((2 * (left + i) + 1) / columns - 1);
        directions[at] = axes[0] * x + axes[1] * y - axes[2];
        directions[at + 1] = axes[3] * x + axes[4] * y - axes[5];
        directions[at + 2] = axes[6] * x + axes[7] * y - axes[8];
      }
      cast(thing, origin, directions, count, distances);
      for (let i = 0, sample = row * columns + left; i < count; i++, sample++) {
        if (distances[i] < depth[sample] * nearer) {
          depth[sample] = distances[i];
          seen[sample] = index;
        }
      }
    }
  });
  return { depth, thing: seen };
}

/** A view as a thing sees it. */
interface Frame {
  /** The camera's axes as columns, in the thing's frame, (9,) row by row. */
  readonly axes: readonly number[];
  /** The camera's place in the thing's frame. */
  readonly origin: Vec3;
}

function frameOf({ position, rotation: m }: Thing, view: View): Frame {
  const c = view.rotation;
  const axes: number[] = [];
  for (let i = 0; i < 3; i++)
    for (let j = 0; j < 3; j++) axes.push(m[i] * c[j] + m[3 + i] * c[3 + j] + m[6 + i] * c[6 + j]);
  return { axes, origin: turnBack(m, subtract(view.position, position)) };
}

/** The samples that a box of half extents `bounds` may cover: all if it reaches behind the camera. */
function covered(
  bounds: Vec3,
  { axes, origin }: Frame,
  halfWidth: number,
  halfHeight: number,
  columns: number,
  rows: number,
) {
  let [left, right, top, bottom] = [columns, 0, rows, 0];
  for (let corner = 0; corner < 8; corner++) {
    const x = (corner & 1 ? bounds[0] : -bounds[0]) - origin[0];
    const y = (corner & 2 ? bounds[1] : -bounds[1]) - origin[1];
    const z = (corner & 4 ? bounds[2] : -bounds[2]) - origin[2];
    const depth = -(axes[2] * x + axes[5] * y + axes[8] * z);
    if (depth < near) return { left: 0, right: columns, top: 0, bottom: rows };
    const column = (columns / 2) * (1 + (axes[0] * x + axes[3] * y + axes[6] * z) / (depth * halfWidth));
    const row = (rows / 2) * (1 - (axes[1] * x + axes[4] * y + axes[7] * z) / (depth * halfHeight));
    [left, right] = [Math.min(left, column), Math.max(right, column)];
    [top, bottom] = [Math.min(top, row), Math.max(bottom, row)];
  }
  return {
    left: Math.max(Math.floor(left), 0),
    right: Math.min(Math.ceil(right), columns),
    top: Math.max(Math.floor(top), 0),
    bottom: Math.min(Math.ceil(bottom), rows),
  };
}

/** Colours of all samples, (rows * columns, 3) in [0, 1]. */
function shade(
  things: readonly Thing[],
  view: View,
  columns: number,
  rows: number,
  { depth, thing: seen }: Look,
  lamp: Lamp,
): Float32Array {
  const colors = new Float32Array(3 * columns * rows);
  const [halfWidth, halfHeight] = halfExtents(view, columns, rows);
  const c = view.rotation;
  const [ex, ey, ez] = view.position;
  const [lx, ly, lz] = lamp.view.position;
  for (let sample = 0, at = 0; sample < depth.length; sample++, at += 3) {
    const row = Math.floor(sample / columns);
    if (seen[sample] < 0) {
      for (let k = 0; k < 3; k++) colors[at + k] = mix(sky[0][k], sky[1][k], row / rows);
      continue;
    }
    const far = depth[sample];
    const right = far * halfWidth * ((2 * (sample - row * columns) + 1) / columns - 1);
    const up = far * halfHeight * (1 - (2 * row + 1) / rows);
    const x = ex + c[0] * right + c[1] * up - c[2] * far;
    const y = ey + c[3] * right + c[4] * up - c[5] * far;
    const z = ez + c[6] * right + c[7] * up - c[8] * far;
    const thing = things[seen[sample]];
    const m = thing.rotation;
    const [px, py, pz] = thing.position;
    const local = turnBack(m, [x - px, y - py, z - pz]);
    const n = shapes[thing.kind].normal(thing, local);
    let nx = m[0] * n[0] + m[1] * n[1] + m[2] * n[2];
    let ny = m[3] * n[0] + m[4] * n[1] + m[5] * n[2];
    let nz = m[6] * n[0] + m[7] * n[1] + m[8] * n[2];
    const towards = nx * (ex - x) + ny * (ey - y) + nz * (ez - z) < 0 ? -1 : 1;
    const scale = towards / Math.sqrt(nx * nx + ny * ny + nz * nz);
    [nx, ny, nz] = [scale * nx, scale * ny, scale * nz];
    const [wx, wy, wz] = [lx - x, ly - y, lz - z];
    const facing = (nx * wx + ny * wy + nz * wz) / Math.sqrt(wx * wx + wy * wy + wz * wz);
    const lit =
      facing > 0 ? facing * light(lamp, x + shadowGap * nx, y + shadowGap * ny, z + shadowGap * nz) : 0;
    const brightness = ambient * (0.85 + 0.15 * nz) + direct * lit;
    for (let k = 0; k < 3; k++) colors[at + k] = Math.min(thing.color[k] * brightness, 1);
  }
  return colors;
}

/** Share of the lamp that a point sees, 0 to 1; between samples of its view it is interpolated, so shadows are soft. */
function light({ view, half, depth }: Lamp, x: number, y: number, z: number): number {
  const c = view.rotation;
  const [dx, dy, dz] = [x - view.position[0], y - view.position[1], z - view.position[2]];
  const away = -(c[2] * dx + c[5] * dy + c[8] * dz);
  if (away < near) return 1;
  const scale = shadowSamples / 2 / (away * half);
  const u = shadowSamples / 2 + scale * (c[0] * dx + c[3] * dy + c[6] * dz) - 0.5;
  const v = shadowSamples / 2 - scale * (c[1] * dx + c[4] * dy + c[7] * dz) - 0.5;
  const [column, row] = [Math.floor(u), Math.floor(v)];
  if (!(column >= 0 && row >= 0 && column < shadowSamples - 1 && row < shadowSamples - 1)) return 1;
  const at = row * shadowSamples + column;
  const below = at + shadowSamples;
  const upper = mix(open(depth[at], away), open(depth[at + 1], away), u - column);
  const lower = mix(open(depth[below], away), open(depth[below + 1], away), u - column);
  return mix(upper, lower, v - row);
}

function open(depth: number, away: number): number {
  return depth >= away ? 1 : 0;
}

function mix(a: number, b: number, part: number): number {
  return a + part * (b - a);
}

/** Draws a mark over what is there: clearly where it is in front, faintly where something hides it. */
function tint(
  colors: Float32Array,
  mark: Mark,
  view: View,
  columns: number,
  rows: number,
  behind: Float64Array,
): void {
  const ball: Thing = {
    kind: "sphere",
    size: Float64Array.of(mark.radius),
    triangles: new Float64Array(),
    rotation: [1, 0, 0, 0, 1, 0, 0, 0, 1],
    ...mark,
  };
  const { depth } = look([ball], view, columns, rows);
  for (let sample = 0; sample < depth.length; sample++) {
    if (depth[sample] === Number.POSITIVE_INFINITY) continue;
    const opacity = depth[sample] < behind[sample] ? 0.7 : 0.4;
    for (let k = 0; k < 3; k++) {
      const at = 3 * sample + k;
      colors[at] = mix(colors[at], mark.color[k], opacity);
    }
  }
}

/** Pixels as averages of their samples. */
function average(colors: Float32Array, width: number, height: number, side: number): Uint8Array {
  const pixels = new Uint8Array(4 * width * height).fill(255);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      for (let k = 0; k < 3; k++) {
        let sum = 0;
        for (let i = 0; i < side; i++)
          for (let j = 0; j < side; j++)
            sum += colors[3 * ((row * side + i) * width * side + column * side + j) + k];
        pixels[4 * (row * width + column) + k] = Math.round((255 * sum) / (side * side));
      }
    }
  }
  return pixels;
}

/** A vector of the world, in the frame whose axes are the columns of `m`. */
function turnBack(m: ArrayLike<number>, [x, y, z]: Vec3): Vec3 {
  return [m[0] * x + m[3] * y + m[6] * z, m[1] * x + m[4] * y + m[7] * z, m[2] * x + m[5] * y + m[8] * z];
}
