/** @file Things to be handled: figures of the compiled official models (Meta-World 7ea2b50). Metres, kilograms, quaternions wxyz. */

import type { Body } from "../../mjcf.ts";
import { lidHandle, lidTop } from "./hulls.ts";
import {
  aboutX,
  aboutY,
  box,
  capsule,
  collision,
  cylinder,
  flatPart,
  seen,
  solid,
  sphere,
} from "./shapes.ts";
import { hard, hardTwisting, stiff } from "./surfaces.ts";

/** A ring with a handle. */
export const roundNut: Body = {
  name: "RoundNut",
  joints: [{ type: "free" }],
  bodies: [
    {
      name: "asmbly_peg",
      inertia: {
        mass: 0.22,
        pos: [4.92819169311593e-19, -0.03272727272727273, 0],
        quat: [0.49999985430842664, 0.4999857196828933, -0.5000001451544319, 0.50001428044635],
        diagonal: [0.0011305493795421043, 0.0009179071094791631, 0.00024714455077427875],
      },
      rgba: [0.65, 0.65, 0.65, 1],
      geoms: [
        ...seen([cylinder([0.012, 0.05], [0, -0.1, 0], aboutX)]),
        ...solid(hard, [
          capsule([0.019, 0.015], [0.048, 0, 0], aboutX),
          capsule([0.019, 0.015], [0, 0.048, 0], aboutY),
          capsule(
            [0.019, 0.015],
            [0.036, 0.036, 0],
            [0.5004805464415588, 0.7069075641915582, 0.00019900241064196855, 0.49980083905527534],
          ),
          capsule([0.019, 0.015], [-0.048, 0, 0], aboutX),
          capsule([0.019, 0.015], [0, -0.048, 0], aboutY),
          capsule(
            [0.019, 0.015],
            [-0.036, 0.036, 0],
            [0.5004805464415588, 0.7069075641915582, -0.00019900241064196855, -0.49980083905527534],
          ),
          capsule(
            [0.019, 0.015],
            [-0.036, -0.036, 0],
            [0.5004805464415588, 0.7069075641915582, 0.00019900241064196855, 0.49980083905527534],
          ),
          capsule(
            [0.019, 0.015],
            [0.036, -0.036, 0],
            [0.5004805464415588, 0.7069075641915582, -0.00019900241064196855, -0.49980083905527534],
          ),
          box([0.019, 0.038, 0.016], [0, -0.13, 0]),
          cylinder([0.012, 0.05], [0, -0.1, 0], aboutX),
        ]),
      ],
      sites: [{ name: "RoundNut" }, { name: "RoundNut-8", pos: [0, -0.13, 0] }],
    },
  ],
};

/** The lid with its handle. */
export const boxLid: Body = {
  name: "boxbodytop",
  joints: [{ type: "free" }],
  bodies: [
    {
      name: "top_link",
      rgba: [0.85, 0.6, 0.2, 1],
      pos: [0, 0, 0.075],
      inertia: {
        mass: 0.25,
        pos: [0, 0, 0.03128],
        quat: [0.5000140847623289, 0.4999859148409004, -0.4999859148409004, 0.5000140847623289],
        diagonal: [0.0018027728522289341, 0.0013905172764313454, 0.0010900956193964117],
      },
      geoms: [
        flatPart(lidTop, [0, 0, -0.005]),
        collision(lidHandle),
        ...solid(hardTwisting, [
          box([0.005, 0.115, 0.008], [0.11, 0, -0.008]),
          box([0.115, 0.115, 0.003], [0, 0, 0.003]),
          box([0.005, 0.115, 0.008], [-0.11, 0, -0.008]),
          box([0.115, 0.005, 0.008], [0, -0.11, -0.008]),
          box([0.115, 0.005, 0.008], [0, 0.11, -0.008]),
          capsule([0.008, 0.05], [0, 0, 0.082], aboutX),
          capsule([0.008, 0.035], [0, -0.05, 0.043]),
          capsule([0.008, 0.035], [0, 0.05, 0.043]),
        ]),
      ],
      sites: [
        {
          name: "BoxHandleGeom",
          pos: [-2.5997895279437285e-10, -2.3633910059114556e-5, 0.05232154700545259],
          quat: aboutX,
        },
      ],
    },
  ],
};

/** A hammer. */
export const hammer: Body = {
  name: "hammerbody",
  joints: [{ type: "free" }],
  bodies: [
    {
      name: "hammer",
      inertia: {
        mass: 1.1,
        pos: [0.14545454545454548, 1.5770213417970973e-18, 0],
        quat: [-2.5993257626422128e-5, 0.7070358348911976, -2.5972822234432424e-5, 0.7071777194096788],
        diagonal: [0.0055180782705354205, 0.003671678406345055, 0.002406852545780922],
      },
      geoms: [
        {
          name: "HammerHandle",
          type: "capsule",
          size: [0.02, 0.14],
          quat: aboutY,
          visual: true,
          rgba: [0.65, 0, 0, 1],
        },
        {
          name: "HammerHead",
          type: "cylinder",
          size: [0.026, 0.025],
          pos: [0.16, 0, 0],
          quat: aboutY,
          visual: true,
          rgba: [0.65, 0.65, 0.65, 1],
        },
        ...seen(
          [
            cylinder([0.02, 0.015], [0.16, 0.026, 0], aboutX),
            cylinder([0.038, 0.016], [0.16, 0.056, 0], aboutX),
            cylinder([0.038, 0.016], [0.16, -0.056, 0], aboutX),
            cylinder([0.02, 0.015], [0.16, -0.026, 0], aboutX),
          ],
          [0.65, 0.65, 0.65, 1],
        ),
        { type: "capsule", size: [0.02, 0.14], quat: aboutY, ...hard },
        ...solid(hard, [
          cylinder([0.026, 0.025], [0.16, 0, 0], aboutY),
          cylinder([0.02, 0.015], [0.16, 0.026, 0], aboutX),
          cylinder([0.038, 0.016], [0.16, 0.056, 0], aboutX),
          cylinder([0.038, 0.016], [0.16, -0.056, 0], aboutX),
          cylinder([0.02, 0.015], [0.16, -0.026, 0], aboutX),
        ]),
      ],
    },
  ],
};

/** A square peg. */
export const peg: Body = {
  name: "peg",
  inertia: { mass: 0.1, diagonal: [100000, 100000, 100000] },
  joints: [{ type: "free", damping: 0.005 }],
  geoms: [
    {
      name: "peg",
      type: "box",
      size: [0.015, 0.015, 0.12],
      quat: aboutY,
      rgba: [0.3, 1, 0.3, 1],
    },
  ],
  sites: [
    { name: "pegHead", pos: [-0.1, 0, 0] },
    { name: "pegEnd", pos: [0.1, 0, 0] },
    { name: "pegGrasp", pos: [0.03, 0, 0.01] },
  ],
};

/** A plug with a handle. */
export const plug: Body = {
  name: "plug1",
  joints: [{ type: "free" }],
  bodies: [
    {
      name: "plug",
      inertia: {
        mass: 0.08,
        pos: [-0.012875000000000004, 0, 0],
        quat: [0, 0.7071251455501665, 0, 0.7070884163459757],
        diagonal: [0.00013045125380250073, 0.00013045124999999994, 4.4151662864165885e-5],
      },
      rgba: [0.65, 0.51, 0.24, 1],
      geoms: [
        ...seen(
          [
            cylinder([0.045, 0.007], [-0.013, 0, 0], aboutY),
            sphere([0.04], [0.06, 0, 0]),
            cylinder([0.04, 0.035], [0.025, 0, 0], aboutY),
          ],
          [0.25, 0.25, 0.25, 1],
        ),
        ...solid(hard, [
          sphere([0.03], [-0.035, 0, 0]),
          cylinder([0.045, 0.007], [-0.013, 0, 0], aboutY),
          sphere([0.04], [0.06, 0, 0]),
          box([0.038, 0.038, 0.035], [0.025, 0, 0], aboutY),
        ]),
      ],
      sites: [
        { name: "pegHead", pos: [-0.04, 0, 0] },
        { name: "pegEnd", pos: [0.04, 0, 0] },
      ],
    },
  ],
};

/** A stick. */
export const stick: Body = {
  name: "stick",
  joints: [{ type: "free" }],
  bodies: [
    {
      inertia: {
        mass: 0.02,
        diagonal: [5.3333333333333345e-6, 1.9333333333333337e-5, 1.9333333333333337e-5],
      },
      rgba: [0.15, 0.3, 0.5, 1],
      geoms: [{ name: "objGeom", type: "box", size: [0.05, 0.02, 0.02], ...stiff }],
      sites: [{ name: "stick_end", pos: [0.05, 0, 0] }],
    },
  ],
};
