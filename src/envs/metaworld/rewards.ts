/** @file The shapes all rewards are made of. */

import { UserError } from "../../base/index.ts";
import { distance, distanceXZ } from "../geometry.ts";
import type { Quat, Vec3 } from "../mjcf.ts";
import type { Moment } from "./task.ts";

interface Tolerance {
  /** The interval that is good, inclusive. */
  readonly bounds: readonly [number, number];
  /** Distance from the interval at which the value has fallen to 0.1; 0 makes a step. */
  readonly margin: number;
  readonly shape?: "longTail" | "gaussian";
}

/** 1 inside an interval, falling to 0 outside. Source: Tassa et al. 2018, arXiv:1801.00690, rewards.tolerance. */
export function tolerance(x: number, { bounds: [low, high], margin, shape = "longTail" }: Tolerance): number {
  if (margin < 0) throw new UserError(`tolerance: a margin is not negative, got ${margin}.`);
  if (low <= x && x <= high) return 1;
  if (margin === 0) return 0;
  const d = (x < low ? low - x : x - high) / margin;
  if (shape === "gaussian") return Math.exp(-0.5 * (d * gaussianScale) ** 2);
  return 1 / ((d * longTailScale) ** 2 + 1);
}
const gaussianScale = Math.sqrt(-2 * Math.log(0.1));
const longTailScale = Math.sqrt(1 / 0.1 - 1);

/**
 * Rounding of the official package: not at all, or to single precision (`Math.fround`) from the moment an action, which
 * is single, takes part. Every sum, product and quotient after that is rounded.
 */
export type Rounding = (x: number) => number;
export const double: Rounding = (x) => x;

/** A product of two degrees in [0, 1] that is as hard as the worse of them. */
export function hamacher(a: number, b: number, round: Rounding = double): number {
  if (!(a >= 0 && a <= 1 && b >= 0 && b <= 1)) {
    throw new UserError(`hamacher: expected two numbers in [0, 1], got ${a} and ${b}.`);
  }
  const product = round(round(a) * round(b));
  const denominator = round(round(round(a) + round(b)) - product);
  return denominator > 0 ? round(product / denominator) : 0;
}

/** Strength with which an action closes the fingers, 0 to 1, where `full` counts as 1; and the rounding from there on. */
export function effortOf(
  action: Float32Array,
  full = 1,
): { readonly effort: number; readonly round: Rounding } {
  const grip = action[3];
  if (grip <= 0) return { effort: 0, round: double };
  if (grip > Math.fround(full)) return { effort: 1, round: double };
  return { effort: Math.fround(grip / Math.fround(full)), round: Math.fround };
}

/** Inside the box spanned by two corners: from 0 at corner `zero` to 1 at corner `one`. Outside: 1. */
export function prismTolerance(point: Vec3, zero: Vec3, one: Vec3): number {
  let value = 1;
  for (let axis = 0; axis < 3; axis++) {
    const [low, high] = zero[axis] <= one[axis] ? [zero[axis], one[axis]] : [one[axis], zero[axis]];
    if (point[axis] < low || point[axis] > high) return 1;
    value *= (point[axis] - zero[axis]) / (one[axis] - zero[axis]);
  }
  return value;
}

/** 1 if the first object's observed quaternion is `ideal`, falling in a line to 0 where the two are `worst` apart. */
export function uprightness(observation: Float64Array, ideal: Quat, worst: number): number {
  const apart = Math.sqrt(ideal.reduce((sum, x, i) => sum + (observation[7 + i] - x) ** 2, 0));
  return Math.max(1 - apart / worst, 0);
}

// biome-ignore lint/suspicious/noApproximativeNumericConstant: rewards are compared to 1e-9
const half = 0.707;
/** A quarter turn about z, wxyz, rounded as in the official rewards: how lids and nuts should lie. */
export const quarterTurn: Quat = [half, 0, 0, half];

/**
 * Grip point of a handle along x: beside the hand if that is less than `reach` metres (x) from the handle's
 * middle. The caging reward takes everything for a ball; so no point along a handle is better than another.
 */
export function alongHandle(middle: Vec3, hand: Vec3, reach: number): Vec3 {
  return Math.abs(middle[0] - hand[0]) < reach ? [hand[0], middle[1], middle[2]] : middle;
}

interface Caging {
  readonly objectRadius: number;
  /** Distance (y, metres) within which both pads must be. */
  readonly padSuccess: number;
  /** Distance (x and z, metres) within which the tool centre must be. */
  readonly xzThreshold: number;
  /** Gripper effort in (0, 1] that counts as a full grip. */
  readonly effort?: number;
  /** "high": mean of caging and gripping. "medium": mean of gripping and reaching within `reachRadius`. */
  readonly density?: "high" | "medium";
  readonly reachRadius?: number;
  /** First place of the object, if not the start's `object`. */
  readonly from?: Vec3;
}

/** Quality of the hold on the object, 0 to 1, and the rounding from there on. */
export interface Grasp {
  readonly grasp: number;
  readonly round: Rounding;
}

/** Quality of the fingers' enclosure and grip of the object. Source: Meta-World v3, sawyer_xyz_env.py (7ea2b50). */
export function cagingReward(moment: Moment, object: Vec3, options: Caging): Grasp {
  const { objectRadius, padSuccess, xzThreshold, effort = 1, density, reachRadius = 0 } = options;
  const from = options.from ?? moment.start.object;
  const side = (pad: Vec3): number =>
    tolerance(Math.abs(pad[1] - object[1]), {
      bounds: [objectRadius, padSuccess],
      margin: Math.abs(Math.abs(pad[1] - from[1]) - padSuccess),
    });
  const cagingY = hamacher(side(moment.leftPad), side(moment.rightPad));
  const cagingXZ = tolerance(distanceXZ(moment.tcp, object), {
    bounds: [0, xzThreshold],
    margin: distanceXZ(from, moment.tcpStart) - xzThreshold,
  });
  const caging = hamacher(cagingY, cagingXZ);
  const { gripping, round } = gripWhen(caging > 0.97, moment.action, effort);
  const both = hamacher(caging, gripping, round);
  if (density === undefined) return { grasp: both, round };
  const reach = () =>
    tolerance(distance(object, moment.tcp), {
      bounds: [0, reachRadius],
      margin: Math.abs(distance(from, moment.tcpStart) - reachRadius),
    });
  const other = density === "high" ? caging : reach();
  return { grasp: round(both + round(other)) / 2, round };
}

/** The gripper's effort counts once the object is caged. */
function gripWhen(caged: boolean, action: Float32Array, full: number) {
  if (!caged) return { gripping: 0, round: double };
  const { effort, round } = effortOf(action, full);
  return { gripping: effort, round };
}

interface SignedCaging {
  readonly objectRadius: number;
  readonly xzThreshold: number;
  /**
   * Distance beyond the object's radius, metres, at which a pad still grips. Absent: gripping is the gripper's effort, as
   * in pick-place.
   */
  readonly gripMargin?: number;
}

/**
 * The caging reward of the tasks that have their own: pads count only on their own side of the object, and margins
 * follow the present pads (the official package means the first ones, but its stored pads move along).
 * Source: Meta-World v3, sawyer_pick_place_v3.py and sawyer_sweep_v3.py (7ea2b50).
 */
export function signedCagingReward(moment: Moment, object: Vec3, options: SignedCaging): Grasp {
  const { objectRadius, xzThreshold, gripMargin } = options;
  const { leftPad, rightPad, start, tcp, tcpStart, action } = moment;
  const padSuccess = 0.05;
  const side = (gap: number, pad: Vec3, outer: number): number =>
    tolerance(gap, {
      bounds: [objectRadius, outer],
      margin: Math.abs(Math.abs(object[1] - pad[1]) - padSuccess),
    });
  const both = (outer: number): number =>
    hamacher(side(leftPad[1] - object[1], leftPad, outer), side(object[1] - rightPad[1], rightPad, outer));
  const cagingXZ = tolerance(distanceXZ(tcp, object), {
    bounds: [0, xzThreshold],
    margin: distanceXZ(start.object, tcpStart) - xzThreshold,
  });
  const caging = hamacher(both(padSuccess), cagingXZ);
  if (gripMargin !== undefined) {
    const gripping = caging > 0.95 ? both(objectRadius + gripMargin) : 0;
    return { grasp: (caging + gripping) / 2, round: double };
  }
  const { gripping, round } = gripWhen(caging > 0.97, action, 1);
  return { grasp: round(hamacher(caging, gripping, round) + round(caging)) / 2, round };
}
