/** @file The contact surfaces that the official models use beside MuJoCo's default. */

import type { Surface } from "../../mjcf.ts";

/** The gripper's fingers, outer side. */
export const claw = { condim: 4, margin: 0.001, solimp: [0.8, 0.9, 0.01] } as const satisfies Surface;
/** The gripper's fingers, inner side. */
export const pad = {
  condim: 4,
  friction: [2, 0.1, 0.002],
  margin: 0.001,
  solref: [0.01, 1],
  solimp: [0.95, 0.99, 0.01],
} as const satisfies Surface;
/** Most objects. */
export const hard = { solref: [0.01, 1], solimp: [0.99, 0.99, 0.01] } as const satisfies Surface;
/** Hard, and resists spinning on the spot. */
export const hardTwisting = { ...hard, condim: 4 } as const satisfies Surface;
/** Hard, and resists spinning as a puck does. */
export const hardRolling = { ...hard, condim: 4, friction: [1, 0.1, 0.002] } as const satisfies Surface;
/** Hard, and as grippy as the finger pads. */
export const hardGrippy = { ...hard, condim: 4, friction: [2, 0.1, 0.002] } as const satisfies Surface;
/** Bounces. */
export const springy = { solref: [0.005, 0.1] } as const satisfies Surface;
/** Hardly gives way. */
export const stiff = { condim: 4, solimp: [0.998, 0.998, 0.001] } as const satisfies Surface;
