/** @file Points and rotations. Points (3,) in metres; quaternions wxyz unless said otherwise. */

import type { Quat, Vec3 } from "./mjcf.ts";

export function add(a: Vec3, b: Vec3): Vec3 {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
}

export function subtract(a: Vec3, b: Vec3): Vec3 {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}

/** Component by component. */
export function multiply(a: Vec3, b: Vec3): Vec3 {
  return [a[0] * b[0], a[1] * b[1], a[2] * b[2]];
}

/** At right angles to both. */
export function cross(a: Vec3, b: Vec3): Vec3 {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

export function norm(a: Vec3): number {
  return Math.sqrt(a[0] * a[0] + a[1] * a[1] + a[2] * a[2]);
}

export function distance(a: Vec3, b: Vec3): number {
  return norm(subtract(a, b));
}

/** Distance seen from above. */
export function distanceXY(a: Vec3, b: Vec3): number {
  return norm([a[0] - b[0], a[1] - b[1], 0]);
}

/** Distance seen along y. */
export function distanceXZ(a: Vec3, b: Vec3): number {
  return norm([a[0] - b[0], 0, a[2] - b[2]]);
}

/** The three numbers of `values` from `at` on. */
export function pointAt(values: ArrayLike<number>, at: number): Vec3 {
  return [values[at], values[at + 1], values[at + 2]];
}

/** Quaternion xyzw of a rotation matrix (9,), the largest component computed first. Source: Shepperd 1978. */
export function quaternionXyzw(m: ArrayLike<number>): Quat {
  const trace = m[0] + m[4] + m[8];
  const q = [0, 0, 0, 0];
  const largest = Math.max(m[0], m[4], m[8], trace);
  if (largest === m[0] || largest === m[4] || largest === m[8]) {
    const i = largest === m[0] ? 0 : largest === m[4] ? 1 : 2;
    const j = (i + 1) % 3;
    const k = (i + 2) % 3;
    q[i] = 1 - trace + 2 * m[4 * i];
    q[j] = m[3 * j + i] + m[3 * i + j];
    q[k] = m[3 * k + i] + m[3 * i + k];
    q[3] = m[3 * k + j] - m[3 * j + k];
  } else {
    q[0] = m[7] - m[5];
    q[1] = m[2] - m[6];
    q[2] = m[3] - m[1];
    q[3] = 1 + trace;
  }
  const length = Math.sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3]);
  return [q[0] / length, q[1] / length, q[2] / length, q[3] / length];
}
