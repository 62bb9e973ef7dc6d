/** @file Things that lie about: figures of the compiled official models (Meta-World 7ea2b50). Metres, kilograms, quaternions wxyz. */

import type { Body } from "../../mjcf.ts";
import { aboutX, both, box, cylinder, solid } from "./shapes.ts";
import { hard, hardGrippy, hardRolling, hardTwisting } from "./surfaces.ts";

/** The colour of what is to be moved. */
const red = [0.8, 0.12, 0.1, 1];

/** A ball. */
export const basketball: Body = {
  name: "bsktball",
  joints: [{ type: "free" }],
  bodies: [
    {
      name: "basketball",
      inertia: { mass: 0.1, diagonal: [3.5999999999999994e-5, 3.5999999999999994e-5, 3.5999999999999994e-5] },
      rgba: [0.85, 0.45, 0.12, 1],
      geoms: [{ name: "objGeom", type: "sphere", size: [0.03], ...hard }],
    },
  ],
};

/** The cube in the bin. */
export const binCube: Body = {
  name: "obj",
  joints: [{ type: "free" }],
  bodies: [
    {
      name: "objA",
      inertia: { mass: 0.1, diagonal: [2.666666666666667e-5, 2.666666666666667e-5, 2.666666666666667e-5] },
      geoms: both(hardTwisting, [box([0.02, 0.02, 0.02])], [0, 1, 0, 1]),
    },
  ],
};

/** A mug on a free joint. */
export const mug: Body = {
  name: "obj",
  joints: [{ type: "free" }],
  bodies: [
    {
      name: "mug",
      inertia: {
        mass: 0.11,
        pos: [0.003090909090909091, 0, 0.03563636363636364],
        quat: [0.6997468006303332, 0.10177588287278512, 0.10180402166818346, 0.6997371119536705],
        diagonal: [6.88545449034397e-5, 5.8071875205034876e-5, 5.014933746728316e-5],
      },
      rgba: [0.85, 0.85, 0.85, 1],
      geoms: solid(hard, [
        cylinder([0.028, 0.033], [0, 0, 0.035]),
        cylinder([0.02, 0.005], [0.034, 0, 0.042], aboutX),
      ]),
      sites: [
        { name: "objSite" },
        {
          name: "mug",
          pos: [1.198537586536491e-10, 4.6340476126481683e-10, 0.030451368132694702],
          quat: [1, 0, 0, 0],
        },
      ],
    },
  ],
};

/** The puck in the hole. */
export const deepPuck: Body = {
  name: "obj",
  inertia: { mass: 0.01, diagonal: [100000, 100000, 100000] },
  joints: [{ name: "objjoint", type: "free" }],
  geoms: [{ name: "objGeom", type: "cylinder", size: [0.02, 0.02], rgba: red, ...hardRolling }],
};

/** An upright cylinder. */
export const puck: Body = {
  name: "obj",
  inertia: { mass: 0.75, diagonal: [0.000880012, 0.000880012, 0.000880012] },
  joints: [{ name: "objjoint", type: "free" }],
  geoms: [{ name: "objGeom", type: "cylinder", size: [0.02, 0.02], rgba: red, ...hardRolling }],
};

/** A flat puck on two slides. */
export const plate: Body = {
  name: "puck_channel",
  bodies: [
    {
      inertia: { mass: 0.05, diagonal: [4.5416666666666675e-5, 4.5416666666666675e-5, 8.333333333333336e-5] },
      rgba: [0.15, 0.15, 0.15, 1],
      joints: [
        {
          name: "goal_slidex",
          type: "slide",
          axis: [1, 0, 0],
          range: [-0.2, 0.2],
          damping: 1,
          armature: 0.001,
        },
        { name: "goal_slidey", type: "slide", axis: [0, 1, 0], range: [0, 0.3], damping: 1, armature: 0.001 },
      ],
      geoms: [{ name: "puck", type: "box", size: [0.05, 0.05, 0.015], ...hard }],
    },
  ],
};

/** The block to push back. */
export const pushBackBlock: Body = {
  name: "obj",
  inertia: { mass: 0.75, diagonal: [100000, 100000, 100000] },
  joints: [{ name: "objjoint", type: "free" }],
  geoms: [{ name: "objGeom", type: "box", size: [0.02, 0.02, 0.02], rgba: red, ...hardGrippy }],
};

/** The idle puck beside the wall. */
export const reachWallPuck: Body = {
  name: "obj",
  inertia: { mass: 0.75, diagonal: [0.000880012, 0.000880012, 0.000880012] },
  joints: [{ name: "objjoint", type: "free" }],
  geoms: [{ name: "objGeom", type: "cylinder", size: [0.03, 0.015], rgba: red, ...hardRolling }],
};

/** A small block. */
export const block: Body = {
  name: "obj",
  inertia: { mass: 0.01, diagonal: [100000, 100000, 100000] },
  joints: [{ name: "objjoint", type: "free" }],
  geoms: [{ name: "objGeom", type: "box", size: [0.02, 0.02, 0.02], rgba: [0, 0, 1, 1], ...hardGrippy }],
};

/** A ball. */
export const soccerBall: Body = {
  name: "soccer_ball",
  joints: [{ type: "free" }],
  bodies: [
    {
      name: "soccer_ball1",
      inertia: {
        mass: 0.04,
        diagonal: [1.0815999999999998e-5, 1.0815999999999998e-5, 1.0815999999999998e-5],
      },
      rgba: [0.85, 0.85, 0.85, 1],
      geoms: [{ name: "objGeom", type: "sphere", size: [0.026], ...hard }],
    },
  ],
};

/** A cube to sweep. */
export const sweepCube: Body = {
  name: "obj",
  joints: [{ type: "free" }],
  sites: [{ name: "obj", pos: [0, 0, 0.02] }],
  bodies: [
    {
      inertia: {
        mass: 0.1,
        pos: [0, 0, 0.02],
        diagonal: [2.666666666666667e-5, 2.666666666666667e-5, 2.666666666666667e-5],
      },
      geoms: [
        {
          name: "objGeom",
          type: "box",
          size: [0.02, 0.02, 0.02],
          pos: [0, 0, 0.02],
          rgba: red,
          ...hardTwisting,
        },
      ],
    },
  ],
};

/** The block to put in the hole. */
export const pluggedBlock: Body = {
  name: "obj",
  inertia: { mass: 0.01, diagonal: [100000, 100000, 100000] },
  joints: [{ name: "objjoint", type: "free" }],
  geoms: [{ name: "objGeom", type: "box", size: [0.02, 0.02, 0.02], rgba: red, ...hardRolling }],
};
