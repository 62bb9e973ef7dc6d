/** @file The robot's hand: figures of the compiled official models (Meta-World 7ea2b50). Metres, kilograms, quaternions wxyz. */

import type { Body } from "../../mjcf.ts";
import { gripperBase } from "./hulls.ts";
import { hull } from "./shapes.ts";
import { claw, pad } from "./surfaces.ts";

export const dark = [0.2, 0.21, 0.23, 1];
const steel = [0.8, 0.81, 0.83, 1];

/** The last link with the two-finger gripper. */
export const hand: Body = {
  name: "right_hand",
  pos: [0, 0, 0.0245],
  quat: [0.7071067811865475, 0, 0, 0.7071067811865475],
  inertia: {
    mass: 1e-8,
    pos: [1e-8, 1e-8, 1e-8],
    quat: [0.8204732553337782, 0.33985110576270017, -0.17592005474685732, 0.4247081321704654],
    diagonal: [1e-8, 1e-8, 1e-8],
  },
  geoms: [
    ...hull(gripperBase, { rgba: dark }),
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
        {
          name: "rightclaw",
          pos: [0, -0.05, 0],
          inertia: {
            mass: 0.0162,
            diagonal: [1.2635999999999999e-6, 1.2149999999999999e-5, 1.09836e-5],
          },
          joints: [
            {
              name: "r_close",
              type: "slide",
              axis: [0, 1, 0],
              range: [0, 0.04],
              damping: 1000,
              armature: 100,
            },
          ],
          geoms: [
            {
              name: "rightclaw_it",
              type: "box",
              size: [0.045, 0.003, 0.015],
              rgba: steel,
              ...claw,
            },
          ],
          sites: [{ name: "rightEndEffector", pos: [0.045, 0, 0] }],
          bodies: [
            {
              name: "rightpad",
              pos: [0, 0.003, 0],
              geoms: [
                {
                  name: "rightpad_geom",
                  type: "box",
                  size: [0.045, 0.003, 0.015],
                  rgba: dark,
                  ...pad,
                },
              ],
            },
          ],
        },
        {
          name: "leftclaw",
          pos: [0, 0.05, 0],
          inertia: {
            mass: 0.0162,
            diagonal: [1.2635999999999999e-6, 1.2149999999999999e-5, 1.09836e-5],
          },
          joints: [
            {
              name: "l_close",
              type: "slide",
              axis: [0, 1, 0],
              range: [-0.03, 0],
              damping: 1000,
              armature: 100,
            },
          ],
          geoms: [
            {
              name: "leftclaw_it",
              type: "box",
              size: [0.045, 0.003, 0.015],
              rgba: steel,
              ...claw,
            },
          ],
          sites: [{ name: "leftEndEffector", pos: [0.045, 0, 0] }],
          bodies: [
            {
              name: "leftpad",
              pos: [0, -0.003, 0],
              geoms: [
                {
                  name: "leftpad_geom",
                  type: "box",
                  size: [0.045, 0.003, 0.015],
                  rgba: dark,
                  ...pad,
                },
              ],
            },
          ],
        },
      ],
    },
  ],
};
