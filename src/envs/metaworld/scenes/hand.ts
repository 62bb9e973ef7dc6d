/** @file The robot's hand: figures of the compiled official models (Meta-World 7ea2b50). Metres, kilograms, quaternions wxyz. */

import type { Body } from "../../mjcf.ts";
import { gripperBase } from "./hulls.ts";
import { box, collision } from "./shapes.ts";
import { claw, pad } from "./surfaces.ts";

export const dark = [0.2, 0.21, 0.23, 1];
const steel = [0.8, 0.81, 0.83, 1];

/** Inertia of links that weigh nothing. */
export const negligible = {
  mass: 1e-8,
  pos: [1e-8, 1e-8, 1e-8],
  quat: [0.8204732553337782, 0.33985110576270017, -0.17592005474685732, 0.4247081321704654],
  diagonal: [1e-8, 1e-8, 1e-8],
} as const satisfies Body["inertia"];

/** One of the two fingers: a claw that slides along y, and the pad on its inner side.   pos, pad: y, metres */
function finger(
  side: "left" | "right",
  {
    pos,
    joint,
    range,
    pad: inner,
  }: {
    readonly pos: number;
    readonly joint: string;
    readonly range: readonly [number, number];
    readonly pad: number;
  },
): Body {
  return {
    name: `${side}claw`,
    pos: [0, pos, 0],
    inertia: { mass: 0.0162, diagonal: [1.2635999999999999e-6, 1.2149999999999999e-5, 1.09836e-5] },
    joints: [{ name: joint, type: "slide", axis: [0, 1, 0], range, damping: 1000, armature: 100 }],
    geoms: [{ name: `${side}claw_it`, ...box([0.045, 0.003, 0.015]), rgba: steel, ...claw }],
    sites: [{ name: `${side}EndEffector`, pos: [0.045, 0, 0] }],
    bodies: [
      {
        name: `${side}pad`,
        pos: [0, inner, 0],
        geoms: [{ name: `${side}pad_geom`, ...box([0.045, 0.003, 0.015]), rgba: dark, ...pad }],
      },
    ],
  };
}

/** The last link with the two-finger gripper. */
export const hand: Body = {
  name: "right_hand",
  pos: [0, 0, 0.0245],
  quat: [0.7071067811865475, 0, 0, 0.7071067811865475],
  inertia: negligible,
  geoms: [
    collision(gripperBase),
    {
      type: "mesh", // few of its 883 corners, to be seen
      vertices: [
        [0.041511, -3.4e-5, 0.032381],
        [0.002883, 0.052724, 0.038484],
        [0.017133, -3.4e-5, 0.080862],
        [-0.024407, -0.037349, 0.055865],
        [0.002883, -0.052792, 0.038484],
        [0.002546, -0.038494, 0.027484],
        [-0.017612, 0.044637, 0.072314],
        [0.014898, -0.045073, 0.079218],
        [0.023691, 0.045318, 0.07131],
        [-0.022617, 0.036392, 0.03],
        [0.028445, -0.047798, 0.048408],
        [-0.022617, -0.036459, 0.03],
        [0.026309, 0.047746, 0.041927],
        [-0.009218, -0.04344, 0.08014],
        [0.008014, 0.048256, 0.028535],
        [-0.021681, -0.04834, 0.047381],
        [0.028857, -0.030376, 0.071311],
        [0.014929, -0.048919, 0.031133],
        [-0.020947, 0.048486, 0.045384],
        [0.014837, 0.043785, 0.079715],
        [-0.009092, 0.043375, 0.080173],
        [0.036781, 0.02029, 0.030454],
        [-0.00363, -0.049779, 0.029624],
        [-0.022203, -0.045491, 0.064607],
        [0.037214, -0.019542, 0.030458],
        [-0.009887, 0.049452, 0.032082],
        [0.027454, -0.045364, 0.065847],
        [-0.023976, 0.045345, 0.058115],
        [0.029667, 0.046182, 0.057178],
        [0.001793, 0.049503, 0.073153],
        [-0.001238, -0.0494, 0.073153],
        [0.028857, 0.030309, 0.071311],
        [0.019897, 0.051016, 0.054736],
        [0.019254, -0.050525, 0.060051],
        [-0.015337, -0.049101, 0.036051],
        [-0.013488, 0.050457, 0.060051],
        [0.018892, 0.048604, 0.033556],
        [-0.0138, -0.051368, 0.052031],
        [-0.018497, -0.018034, 0.073024],
        [0.023695, -0.048204, 0.038115],
      ],
      visual: true,
      rgba: dark,
    },
    {
      type: "cylinder",
      size: [0.035, 0.014],
      pos: [0, 0, 0.015],
      visual: true,
      rgba: [0, 0, 0, 1],
    },
  ],
  bodies: [
    {
      name: "hand",
      pos: [0, 0, 0.12],
      quat: [-0.7071067811865475, 0, 0.7071067811865475, 0],
      geoms: [
        {
          name: "rail",
          type: "box",
          size: [0.005, 0.055, 0.005],
          pos: [-0.05, 0, 0],
          visual: true,
          rgba: dark,
        },
      ],
      sites: [{ name: "endEffector", pos: [0.04, 0, 0] }],
      cameras: [
        {
          name: "behindGripper",
          mode: "track",
          fovy: 60,
          pos: [0, 0, -0.5],
          quat: [0, 1, 0, 0],
        },
        {
          name: "gripperPOV",
          mode: "track",
          fovy: 90,
          pos: [0.04, -0.06, 0],
          quat: [-0.6097107608496923, -0.7926239891046001, 0, 0],
        },
      ],
      bodies: [
        finger("right", { pos: -0.05, joint: "r_close", range: [0, 0.04], pad: 0.003 }),
        finger("left", { pos: 0.05, joint: "l_close", range: [-0.03, 0], pad: -0.003 }),
      ],
    },
  ],
};
