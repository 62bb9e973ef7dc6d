/** @file Depth images and point clouds, cast by MuJoCo's own rays against the shapes it simulates with. */

import type { Sim } from "../sim.ts";
import { pixelRays, type View, viewOf } from "./view.ts";

/** A camera's view, pixel by pixel, row by row from the top left. */
export interface DepthImage {
  readonly width: number;
  readonly height: number;
  /** (height, width): metres in front of the camera, along the way it looks; Infinity where nothing is. */
  readonly depth: Float32Array;
  /** (height, width): the shape seen, by its id in the compiled scene; -1 where nothing is. */
  readonly geom: Int32Array;
}

/** The places a camera sees. */
export interface PointCloud {
  /** (points, 3): metres, world frame. */
  readonly points: Float32Array;
  /** (points,): the shape each lies on, by its id in `sim.seen()`. */
  readonly geom: Int32Array;
}

/** Farther than this nothing is seen, metres. */
const farthest = 10;

/**
 * A depth image. camera: one of the scene, or a view of one's own.
 * Throws UserError for a camera the scene does not have.
 */
export function depthImage(of: Sim, camera: string | View, width: number, height: number): DepthImage {
  const sim = of.seen();
  const view = viewOf(sim, camera);
  const rays = pixelRays(view, width, height);
  const lengths = shorten(rays);
  const { distance, geom } = sim.castRays(view.position, rays, farthest);
  const depth = new Float32Array(geom.length);
  for (let i = 0; i < geom.length; i++) {
    depth[i] = geom[i] < 0 ? Number.POSITIVE_INFINITY : distance[i] / lengths[i];
  }
  return { width, height, depth, geom };
}

/** The points of a depth image, in the world frame; pixels that see nothing have none. */
export function pointCloud(of: Sim, camera: string | View, width: number, height: number): PointCloud {
  const sim = of.seen();
  const view = viewOf(sim, camera);
  const rays = pixelRays(view, width, height);
  shorten(rays);
  const { distance, geom } = sim.castRays(view.position, rays, farthest);
  const seen = geom.filter((id) => id >= 0);
  const points = new Float32Array(3 * seen.length);
  for (let i = 0, at = 0; i < geom.length; i++) {
    if (geom[i] < 0) continue;
    for (let k = 0; k < 3; k++) points[at++] = view.position[k] + distance[i] * rays[3 * i + k];
  }
  return { points, geom: seen };
}

/** Makes directions (rays, 3) unit vectors, in place. Returns what their lengths were. */
function shorten(rays: Float64Array): Float64Array {
  const lengths = new Float64Array(rays.length / 3);
  for (let ray = 0, at = 0; ray < lengths.length; ray++, at += 3) {
    const [x, y, z] = [rays[at], rays[at + 1], rays[at + 2]];
    const length = Math.sqrt(x * x + y * y + z * z);
    lengths[ray] = length;
    for (let k = 0; k < 3; k++) rays[at + k] /= length;
  }
  return lengths;
}
