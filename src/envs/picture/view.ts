/** @file Views: the place from which a picture is taken, and the rays of its pixels. */

import { UserError } from "../../base/index.ts";
import { cross, norm, subtract } from "../geometry.ts";
import type { Vec3 } from "../mjcf.ts";
import type { Sim } from "../sim.ts";

/** A camera somewhere. It looks along -z of its own frame, x to the right, y up. */
export interface View {
  readonly position: Vec3;
  /** Its frame in the world's, (9,) row by row: columns are right, up and back. */
  readonly rotation: ArrayLike<number>;
  /** Vertical field of view, degrees. */
  readonly fovy: number;
}

/** A view from one place to another, upright. */
export function lookAt(from: Vec3, to: Vec3, fovy: number): View {
  const back = unit(subtract(from, to));
  const upright: Vec3 = Math.abs(back[2]) > 0.999 ? [0, 1, 0] : [0, 0, 1];
  const right = unit(cross(upright, back));
  const up = cross(back, right);
  const rotation = [0, 1, 2].flatMap((i) => [right[i], up[i], back[i]]);
  return { position: from, rotation, fovy };
}

/** A camera of the scene by its name, or a view of one's own. Throws UserError for a name the scene does not have. */
export function viewOf(sim: Sim, camera: string | View): View {
  if (typeof camera !== "string") return camera;
  return {
    position: sim.cameraPosition(camera),
    rotation: sim.cameraMatrix(camera),
    fovy: sim.cameraFovy(camera),
  };
}

/** Half the picture's width and height at distance 1 in front of the camera. Throws UserError for an empty picture. */
export function halfExtents(view: View, width: number, height: number): readonly [number, number] {
  if (!(Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0)) {
    throw new UserError(
      `A picture's width and height are whole numbers of pixels, got ${width} x ${height}.`,
    );
  }
  const half = Math.tan((view.fovy * Math.PI) / 360);
  return [(half * width) / height, half];
}

/**
 * The way through each pixel's centre, row by row from the top left.   returns: (height * width, 3), world frame,
 * each as long as its way to distance 1 in front of the camera
 */
export function pixelRays(view: View, width: number, height: number): Float64Array {
  const [halfWidth, halfHeight] = halfExtents(view, width, height);
  const r = view.rotation;
  const rays = new Float64Array(3 * width * height);
  for (let row = 0, at = 0; row < height; row++) {
    const y = halfHeight * (1 - (2 * row + 1) / height);
    for (let column = 0; column < width; column++, at += 3) {
      const x = halfWidth * ((2 * column + 1) / width - 1);
      rays[at] = r[0] * x + r[1] * y - r[2];
      rays[at + 1] = r[3] * x + r[4] * y - r[5];
      rays[at + 2] = r[6] * x + r[7] * y - r[8];
    }
  }
  return rays;
}

function unit(a: Vec3): Vec3 {
  const length = norm(a);
  if (length > 0) return [a[0] / length, a[1] / length, a[2] / length];
  throw new UserError("A view needs two different places to look from and to.");
}
