/** @file Things fixed to the table: figures of the compiled official models (Meta-World 7ea2b50). Metres, kilograms, quaternions wxyz. */

import type { Body } from "../../mjcf.ts";
import {
  handlePressBack,
  handlePressLeft,
  handlePressRight,
  netBack,
  netLeft,
  netRight,
  netTop,
  soccerBack,
  soccerLeft,
  soccerRight,
  soccerTop,
  thermosCap,
  thermosTrim,
} from "./hulls.ts";
import { aboutX, aboutY, both, box, capsule, cylinder, hull, seen, solid, sphere } from "./shapes.ts";
import { hard, springy } from "./surfaces.ts";
import { wood } from "./tables.ts";

const brick = [0.65, 0.33, 0.26, 1];

/** The peg that takes the nut. */
export const uprightPeg: Body = {
  name: "peg",
  geoms: [{ ...cylinder([0.02, 0.05]), rgba: [0.65, 0.65, 0.65, 1] }],
  sites: [{ name: "pegTop", pos: [0, 0, 0.05] }],
};

/** Hoop with backboard. */
export const basket: Body = {
  name: "basket_goal",
  bodies: [
    {
      name: "basketballhoop",
      bodies: [
        {
          name: "backboardlink",
          rgba: [0.85, 0.85, 0.85, 1],
          geoms: solid(hard, [
            box([0.1, 0.01, 0.07], [0, 0, 0.29]),
            cylinder([0.007, 0.108], [0, 0, 0.118]),
            cylinder([0.013, 0.005], [0, 0, 0.005]),
          ]),
          bodies: [
            {
              name: "hooplink",
              pos: [0, -0.083, 0.25],
              rgba: [0.6, 0, 0, 1],
              geoms: solid(hard, [
                box([0.01, 0.014, 0.004], [0, 0.06, 0]),
                capsule(
                  [0.01, 0.016],
                  [0.031, 0.032, -0.001],
                  [0.6532688037723191, 0.6534018706749187, 0.27044044338085915, 0.2704955304628238],
                ),
                capsule([0.01, 0.016], [0, 0.045, -0.001], aboutY),
                capsule([0.01, 0.016], [0.044, 0, -0.001], aboutX),
                capsule([0.01, 0.016], [-0.044, 0, -0.001], aboutX),
                capsule([0.01, 0.016], [0, -0.045, -0.001], aboutY),
                capsule(
                  [0.01, 0.016],
                  [-0.031, 0.032, -0.001],
                  [0.6535954230354452, 0.6530751546114102, -0.2705756573354005, -0.27036027643482696],
                ),
                capsule(
                  [0.01, 0.016],
                  [-0.031, -0.032, -0.001],
                  [0.6535954230354452, 0.6530751546114102, 0.2705756573354005, 0.27036027643482696],
                ),
                capsule(
                  [0.01, 0.016],
                  [0.031, -0.032, -0.001],
                  [0.6535954230354452, 0.6530751546114102, -0.2705756573354005, -0.27036027643482696],
                ),
              ]),
              sites: [{ name: "goal" }],
            },
          ],
        },
      ],
    },
  ],
};

/** Four walls and a floor. */
const openTop = solid({ contype: 0, ...hard }, [
  box([0.1, 0.005, 0.03], [0, -0.095, 0.03]),
  box([0.1, 0.005, 0.03], [0, 0.095, 0.03]),
  box([0.005, 0.09, 0.03], [0.095, 0, 0.03]),
  box([0.005, 0.09, 0.03], [-0.095, 0, 0.03]),
  box([0.1, 0.1, 0.005], [0, 0, 0.005]),
]);

/** The bin the cube lies in. */
export const startBin: Body = {
  name: "bin_start",
  bodies: [
    {
      name: "binA",
      rgba: [0.8, 0, 0, 1],
      geoms: openTop,
    },
  ],
};

/** The bin the cube belongs in. */
export const goalBin: Body = {
  name: "bin_goal",
  bodies: [
    {
      name: "binB",
      rgba: [0, 0, 0.8, 1],
      geoms: openTop,
    },
  ],
};

/** A box without its lid. */
export const openBox: Body = {
  name: "boxbody",
  rgba: [0.25, 0.4, 0.65, 1],
  bodies: [
    {
      name: "box",
      geoms: openTop,
    },
  ],
};

/** A box with a spring-loaded button in its front. */
export const buttonBox: Body = {
  name: "box",
  sites: [
    { name: "buttonStart", pos: [0, -0.1935, 0] },
    { name: "hole", pos: [0, -0.1, 0] },
  ],
  bodies: [
    {
      name: "buttonbox",
      rgba: [0.15, 0.15, 0.15, 1],
      geoms: solid(hard, [
        box([0.12, 0.102, 0.048], [0, 0.012, 0.072]),
        box([0.12, 0.102, 0.048], [0, 0.012, -0.072]),
        box([0.047, 0.102, 0.024], [-0.073, 0.012, 0]),
        box([0.047, 0.102, 0.024], [0.073, 0.012, 0]),
      ]),
      bodies: [
        {
          name: "button",
          inertia: { mass: 0.01, pos: [0, -0.1935, 0], diagonal: [0.001, 0.001, 0.001] },
          rgba: [0.6, 0, 0, 1],
          joints: [
            {
              name: "btnbox_joint",
              type: "slide",
              axis: [0, -1, 0],
              range: [-0.06, 0],
              damping: 1,
              armature: 0.001,
              stiffness: 0.5,
              springref: 0.5,
            },
          ],
          geoms: solid(hard, [
            cylinder([0.021, 0.039], [0, -0.128, 0], aboutX),
            cylinder([0.026, 0.008], [0, -0.166, 0], aboutX),
            cylinder([0.043, 0.011], [0, -0.183, 0], aboutX),
          ]),
        },
      ],
    },
  ],
};

/** A wall in front of the top button. */
export const lowWall: Body = {
  name: "wall",
  rgba: brick,
  bodies: [
    {
      geoms: both({ contype: 0, ...hard }, [box([0.1, 0.01, 0.075], [0, 0, 0.075])]),
    },
  ],
};

/** Machine with a button above the mug. */
export const coffeeMachine: Body = {
  name: "coffee_machine",
  bodies: [
    {
      name: "coffeemachine",
      bodies: [
        {
          name: "cm_link",
          rgba: [0.38, 0.19, 0.2, 1],
          geoms: [
            ...seen([cylinder([0.009, 0.018], [0, -0.109, 0.135], aboutX)], [0.2, 0.2, 0.2, 1]),
            ...solid(hard, [
              box([0.031, 0.05, 0.035], [0.069, -0.133, 0.3]),
              box([0.031, 0.05, 0.035], [-0.069, -0.133, 0.3]),
              box([0.1, 0.05, 0.018], [0, -0.133, 0.352]),
              box([0.1, 0.05, 0.018], [0, -0.133, 0.248]),
              box([0.1, 0.098, 0.115], [0, 0, 0.115]),
              cylinder([0.009, 0.018], [0, -0.109, 0.135], aboutX),
              cylinder([0.016, 0.041], [0, -0.141, 0.152]),
              box([0.1, 0.098, 0.07], [0, 0, 0.3]),
            ]),
          ],
          sites: [{ name: "coffee_goal", pos: [0, -0.22, 0] }],
        },
        {
          name: "cmbutton",
          inertia: {
            mass: 0.1,
            pos: [0, -0.19, 0.3],
            quat: aboutX,
            diagonal: [5.56e-5, 5.56e-5, 5.1200000000000004e-5],
          },
          joints: [
            {
              name: "goal_slidey",
              type: "slide",
              axis: [0, 1, 0],
              range: [0, 0.03],
              damping: 1,
              armature: 0.001,
            },
          ],
          geoms: both(hard, [cylinder([0.032, 0.03], [0, -0.19, 0.3], aboutX)], [0.65, 0.65, 0.65, 1]),
          sites: [{ name: "buttonStart", pos: [0, -0.22, 0.3] }],
        },
      ],
    },
  ],
};

/** A knob on the table. */
export const dial: Body = {
  name: "dial",
  sites: [{ name: "dialStart", pos: [0, -0.05, 0.035] }],
  bodies: [
    {
      inertia: {
        mass: 0.3655433388230814,
        pos: [0, 0, 0.025474900264349908],
        quat: [0.5000000000000007, 0.5000000000000007, -0.5000000000000007, 0.5000000000000007],
        diagonal: [0.0004180407735288518, 0.000341607249875009, 0.000289415649875009],
      },
      rgba: [0.35, 0.35, 0.35, 1],
      joints: [
        {
          name: "knob_Joint_1",
          type: "hinge",
          axis: [0, 0, 1],
          range: [-3.14, 3.14],
          damping: 1,
          armature: 0.001,
        },
      ],
      geoms: [
        ...seen([box([0.004, 0.01, 0.006], [0, -0.038, 0.062])], [0.6, 0, 0, 1]),
        ...solid({ contype: 0, ...hard }, [
          cylinder([0.05, 0.018], [0, 0, 0.018]),
          box([0.015, 0.046, 0.015], [0, 0, 0.051]),
        ]),
      ],
    },
  ],
};

/** The frame of a door, four posts and a back. */
const doorFrame = solid(hard, [
  box([0.016, 0.106, 0.15], [-0.204, 0, 0]),
  box([0.016, 0.106, 0.15], [0.204, 0, 0]),
  box([0.188, 0.106, 0.012], [0, 0, 0.138]),
  box([0.189, 0.106, 0.012], [0, 0, -0.138]),
  box([0.188, 0.012, 0.126], [0, 0.094, 0]),
]);

/** The hinges of a door. */
const doorHinges = seen(
  [cylinder([0.013, 0.045], [0, 0, 0.07]), cylinder([0.013, 0.045], [0, 0, -0.07])],
  [0.75, 0.75, 0.75, 1],
);

/** A door with a rotating lock. */
export const lockedDoor: Body = {
  name: "door",
  bodies: [
    {
      name: "doorlockA",
      rgba: [0.3, 0.32, 0.35, 1],
      geoms: doorFrame,
      bodies: [
        {
          name: "door_link",
          pos: [-0.185, -0.1, 0],
          geoms: [
            ...doorHinges,
            ...solid(hard, [
              box([0.047, 0.013, 0.047], [0.185, -0.009, 0.061]),
              box([0.028, 0.012, 0.028], [0.325, -0.006, -0.05]),
              box([0.013, 0.013, 0.047], [0.325, -0.065, -0.05], aboutX),
              box([0.019, 0.019, 0.075], [0.381, -0.12, -0.05], aboutY),
              box([0.023, 0.023, 0.054], [0.395, -0.12, -0.05], aboutY),
              box([0.184, 0.01, 0.124], [0.185, 0, 0]),
            ]),
          ],
          bodies: [
            {
              name: "lock_link",
              pos: [0.185, -0.018, 0.061],
              inertia: {
                mass: 0.001,
                pos: [0.042, -0.024, 0],
                diagonal: [1.5366666666666668e-7, 8.666666666666668e-7, 9.536666666666669e-7],
              },
              rgba: [0.75, 0.75, 0.75, 1],
              joints: [{ type: "hinge", axis: [0, 1, 0], range: [0, 1.57], damping: 2, armature: 0.001 }],
              geoms: [{ ...box([0.05, 0.019, 0.01], [0.042, -0.024, 0]), ...hard }],
              sites: [
                { name: "lockStartLock", pos: [0.09, -0.04, 0.01] },
                { name: "lockStartUnlock", pos: [0.09, -0.04, -0.01] },
              ],
            },
          ],
        },
      ],
    },
  ],
};

/** A door on a hinge, with a handle. */
export const door: Body = {
  name: "door",
  bodies: [
    {
      name: "doorlockB",
      rgba: [0.3, 0.32, 0.35, 1],
      geoms: doorFrame,
      bodies: [
        {
          name: "door_link",
          pos: [-0.185, -0.1, 0],
          inertia: {
            mass: 2.2298222619416523,
            pos: [0.22370158923042344, -0.02042807483854756, 0],
            quat: [0.5554460703959062, 0.5554338438820502, 0.43759146880154726, 0.43759183537203244],
            diagonal: [0.043617500183937806, 0.03733800635131265, 0.011690399192872127],
          },
          joints: [
            {
              name: "doorjoint",
              type: "hinge",
              axis: [0, 0, 1],
              range: [-2, 0],
              damping: 2,
              armature: 0.001,
            },
          ],
          geoms: [
            ...doorHinges,
            ...solid(hard, [
              cylinder([0.028, 0.012], [0.325, -0.006, 0], aboutX),
              cylinder([0.013, 0.047], [0.325, -0.065, 0], aboutX),
              cylinder([0.019, 0.075], [0.381, -0.12, 0], aboutY),
              cylinder([0.023, 0.054], [0.395, -0.12, 0], aboutY),
              box([0.18, 0.01, 0.123], [0.185, 0, 0]),
            ]),
          ],
          sites: [
            {
              name: "handle",
              pos: [0.3757216291725263, -0.10713989591550226, 3.594871036353343e-5],
              quat: [0.1511710702057455, 0.6907585016001258, -0.15062095282872134, 0.6908786641436899],
            },
          ],
        },
      ],
    },
  ],
};

/** A cabinet with one drawer. */
export const drawer: Body = {
  name: "drawer",
  bodies: [
    {
      bodies: [
        {
          name: "drawercase_link",
          pos: [0, 0, 0.084],
          rgba: [0.4, 0.65, 0.4, 1],
          geoms: solid(hard, [
            box([0.008, 0.1, 0.084], [-0.11, 0, 0]),
            box([0.008, 0.1, 0.084], [0.11, 0, 0]),
            box([0.102, 0.008, 0.076], [0, 0.092, -0.008]),
            box([0.102, 0.092, 0.014], [0, -0.008, -0.07]),
            box([0.102, 0.1, 0.008], [0, 0, 0.076]),
          ]),
          bodies: [
            {
              name: "drawer_link",
              pos: [0, -0.01, 0.006],
              inertia: {
                mass: 0.38,
                pos: [0, -0.061578947368421046, -0.002105263157894736],
                quat: [0.5055066095492463, 0.49441098194775857, -0.49443106772599044, 0.5055282068280854],
                diagonal: [0.003929526430039384, 0.0027495893867627505, 0.0017083903586364725],
              },
              joints: [
                {
                  name: "goal_slidey",
                  type: "slide",
                  axis: [0, 1, 0],
                  range: [-0.16, 0],
                  damping: 2,
                  armature: 0.001,
                },
              ],
              geoms: solid(hard, [
                box([0.1, 0.008, 0.052], [0, -0.082, 0.008]),
                box([0.1, 0.008, 0.052], [0, 0.082, 0.008]),
                box([0.008, 0.074, 0.052], [-0.092, 0, 0.008]),
                box([0.008, 0.074, 0.052], [0.092, 0, 0.008]),
                box([0.1, 0.09, 0.008], [0, 0, -0.052]),
                capsule([0.009, 0.03], [-0.05, -0.12, 0], [0.7070347681678408, 0.7071787868720665, 0, 0]),
                capsule([0.009, 0.05], [0, -0.15, 0], aboutY),
                capsule([0.009, 0.03], [0.05, -0.12, 0], aboutX),
              ]),
              sites: [
                {
                  name: "objGeom",
                  pos: [8.402655616767191e-12, -0.12814549272263026, -7.101785908932634e-10],
                  quat: [0, 0.7071067811865489, 0, 0.7071067811865489],
                },
              ],
            },
          ],
        },
      ],
    },
  ],
};

/** A faucet whose handle turns both ways. */
export const faucet: Body = {
  name: "faucetBase",
  bodies: [
    {
      bodies: [
        {
          name: "faucet_link",
          rgba: [0.7, 0.7, 0.7, 1],
          geoms: solid(hard, [
            cylinder([0.046, 0.009], [0, 0, 0.009]),
            cylinder([0.017, 0.044], [0, 0, 0.061]),
          ]),
          bodies: [
            {
              name: "faucet_link2",
              pos: [0, 0, 0.124],
              inertia: {
                mass: 0.26813074419368405,
                pos: [0, -0.0574499894550198, 0.0010000000000000002],
                quat: [0.5000316074240873, 0.4999683905777294, -0.4999683905777294, 0.5000316074240873],
                diagonal: [0.0011533694971039281, 0.0011375848871035266, 6.82777745754167e-5],
              },
              joints: [
                {
                  name: "knob_Joint_1",
                  type: "hinge",
                  axis: [0, 0, 1],
                  range: [-1.57, 1.57],
                  damping: 2,
                  armature: 0.001,
                },
              ],
              geoms: [
                ...seen([capsule([0.017, 0.055], [0, -0.12, 0.001], aboutX)], [0.5, 0.1, 0.1, 1]),
                ...solid(hard, [
                  cylinder([0.012, 0.021], [0, -0.05, 0.001], aboutX),
                  capsule([0.017, 0.055], [0, -0.12, 0.001], aboutX),
                  cylinder([0.032, 0.02], [0, 0, 0.001]),
                ]),
              ],
              sites: [
                { name: "handleStartClose", pos: [0.015, -0.175, 0] },
                { name: "handleStartOpen", pos: [-0.015, -0.175, 0] },
              ],
            },
          ],
        },
      ],
    },
  ],
};

/** A block with a nail to drive in. */
export const nailBlock: Body = {
  name: "box",
  rgba: [0.5, 0.35, 0.22, 1],
  sites: [
    { name: "nailHead", pos: [0, -0.215, 0.11] },
    { name: "goal", pos: [0, -0.11, 0.11] },
  ],
  bodies: [
    {
      name: "hammerblock",
      geoms: solid(hard, [
        box([0.1, 0.1, 0.048], [0, 0, 0.172]),
        box([0.042, 0.1, 0.014], [0.058, 0, 0.11]),
        box([0.042, 0.1, 0.014], [-0.058, 0, 0.11]),
        box([0.1, 0.1, 0.048], [0, 0, 0.048]),
      ]),
      bodies: [
        {
          name: "nail_link",
          pos: [0, -0.21, 0.11],
          inertia: {
            mass: 0.08859291283123216,
            pos: [0, 0.024255319148936177, 0],
            quat: [0.7071988963010434, 0.7070146540706124, 0, 0],
            diagonal: [0.00012937003683998263, 0.0001293700222403389, 2.4787180636467235e-5],
          },
          rgba: [0.65, 0.65, 0.65, 1],
          joints: [
            {
              name: "NailSlideJoint",
              type: "slide",
              axis: [0, 1, 0],
              range: [0, 0.1],
              damping: 2,
              armature: 0.001,
            },
          ],
          geoms: [
            { ...cylinder([0.01, 0.06], [0, 0.057, 0], aboutX), ...hard },
            { ...cylinder([0.03, 0.009], undefined, aboutX), ...hard },
          ],
        },
      ],
    },
  ],
};

/** A lever handle that springs up, seen from its front. */
export const handlePress: Body = {
  name: "box",
  sites: [
    { name: "goalPress", pos: [0, -0.216, 0.075] },
    { name: "goalPull", pos: [0, -0.216, 0.172] },
  ],
  bodies: [
    {
      name: "hdlprs",
      rgba: [0.55, 0.55, 0.55, 1],
      geoms: [
        ...hull(handlePressRight, { contype: 0, ...hard }),
        ...hull(handlePressLeft, { contype: 0, ...hard }),
        ...hull(handlePressBack, { contype: 0, ...hard }),
        { ...box([0.035, 0.028, 0.014], [0, -0.082, 0.014]), contype: 0, ...hard },
      ],
      bodies: [
        {
          name: "handle_link",
          pos: [0, -0.05, 0.15],
          inertia: {
            mass: 0.002,
            pos: [0, -0.12350000000000001, 0],
            quat: [0.49983393682687394, 0.49983393682687394, -0.5001660080374816, 0.5001660080374816],
            diagonal: [7.583166507475497e-6, 5.769833492524507e-6, 2.1360000000000004e-6],
          },
          rgba: [0.5, 0, 0, 1],
          joints: [{ type: "slide", axis: [0, 0, 1], range: [-0.1, 0], damping: 30, armature: 0.001 }],
          geoms: solid({ contype: 0, ...hard }, [
            box([0.032, 0.075, 0.011], [0, -0.081, 0]),
            cylinder([0.022, 0.07], [0, -0.166, 0], aboutY),
          ]),
          sites: [
            { name: "handleStart", pos: [0, -0.166, 0.022] },
            { name: "handleRight", pos: [0.05, -0.166, 0.014] },
            { name: "handleCenter", pos: [0, -0.12, 0] },
          ],
        },
      ],
    },
  ],
};

/** A lever that swings up. */
export const lever: Body = {
  name: "lever",
  bodies: [
    {
      rgba: [0.65, 0.65, 0.65, 1],
      geoms: solid(hard, [
        box([0.041, 0.083, 0.125], [0, 0, 0.125]),
        cylinder([0.083, 0.041], [0, 0, 0.25], aboutY),
        box([0.05, 0.092, 0.013], [0, 0, 0.013]),
      ]),
      bodies: [
        {
          name: "lever_link1",
          pos: [0.12, 0, 0.25],
          inertia: {
            mass: 0.004,
            pos: [-0.00625, -0.07275000000000001, 0],
            quat: [0.4844450782577999, 0.5149956664082813, -0.4844958562586668, 0.5151273580394162],
            diagonal: [3.252449792869132e-5, 3.1801514932852545e-5, 2.0049871384562225e-6],
          },
          rgba: [0.35, 0.35, 0.35, 1],
          joints: [
            {
              name: "LeverAxis",
              type: "hinge",
              axis: [1, 0, 0],
              range: [0, 1.57],
              damping: 2,
              armature: 0.001,
            },
          ],
          geoms: [
            { ...cylinder([0.038, 0.016], undefined, aboutY), ...hard },
            ...solid(hard, [
              cylinder([0.012, 0.1], [0, -0.091, 0], aboutX),
              sphere([0.03], [0, -0.2, 0]),
              cylinder([0.016, 0.046], [-0.025, 0, 0], aboutY),
            ]),
          ],
          sites: [
            { name: "leverStart", pos: [0, -0.2, 0] },
            {
              name: "objGeom",
              pos: [7.213477482676041e-9, -0.19999999974377028, 8.672036933729194e-9],
              quat: [0.6623293205996019, 0.6623293205996019, -0.2476284940673639, 0.2476284940673639],
            },
          ],
        },
      ],
    },
  ],
};

/** A block with a hole in its side. */
export const pegBox: Body = {
  name: "box",
  bodies: [
    {
      rgba: [0.55, 0, 0, 1],
      geoms: solid(hard, [
        box([0.09, 0.1, 0.005], [0, 0, 0.195]),
        box([0.09, 0.096, 0.05], [0, 0, 0.05]),
        box([0.03, 0.096, 0.03], [-0.06, 0, 0.13]),
        box([0.03, 0.096, 0.03], [0.06, 0, 0.13]),
        box([0.09, 0.096, 0.015], [0, 0, 0.175]),
        box([0.005, 0.1, 0.1], [0.095, 0, 0.1]),
        box([0.005, 0.1, 0.1], [-0.095, 0, 0.1]),
      ]),
      sites: [
        { name: "hole", pos: [0, -0.096, 0.13] },
        { name: "bottom_right_corner_collision_box_1", pos: [0.1, -0.11, 0.01] },
        { name: "top_left_corner_collision_box_1", pos: [-0.1, -0.15, 0.096] },
        { name: "bottom_right_corner_collision_box_2", pos: [0.1, -0.11, 0.16] },
        { name: "top_left_corner_collision_box_2", pos: [-0.1, -0.17, 0.19] },
      ],
    },
  ],
};

/** The block the plug sits in. */
export const plugBox: Body = {
  name: "box",
  rgba: [0.3, 0.45, 0.6, 1],
  bodies: [
    {
      name: "plug_wall",
      pos: [0, 0, 0.099],
      geoms: solid(hard, [
        box([0.025, 0.039, 0.022], [0, 0.061, 0.032]),
        box([0.025, 0.1, 0.023], [0, 0, 0.077]),
        box([0.025, 0.1, 0.055], [0, 0, -0.045]),
        box([0.025, 0.045, 0.011], [0, 0.056, -0.016]),
        box([0.025, 0.039, 0.022], [0, -0.061, 0.032]),
      ]),
      sites: [{ name: "hole", pos: [0.02, 0, 0.03] }],
    },
  ],
};

/** The pit under the puck. */
export const pit: Body = {
  name: "hole",
  rgba: wood,
  geoms: both({ contype: 0, ...springy }, [
    box([0.7, 0.225, 0.027], [0, -0.175, 0.027]),
    box([0.15, 0.025, 0.027], [0, 0.375, 0.027]),
    box([0.275, 0.175, 0.027], [-0.425, 0.225, 0.027]),
    box([0.275, 0.175, 0.027], [0.425, 0.225, 0.027]),
  ]),
};

/** A wall across the table. */
export const wall: Body = {
  name: "wall",
  rgba: brick,
  geoms: [box([0.12, 0.01, 0.06]), { ...box([0.12, 0.01, 0.06]), contype: 0, ...hard }],
};

/** A hockey goal. */
export const plateGoal: Body = {
  name: "puck_goal",
  bodies: [
    {
      rgba: [0.85, 0.85, 0.85, 1],
      geoms: [
        ...hull(netBack, hard),
        ...hull(netLeft, hard),
        ...hull(netTop, hard),
        ...hull(netRight, hard),
        ...solid(hard, [
          capsule([0.008, 0.073], [-0.1, 0.004, 0.009], [0.7070347681678408, 0.7071787868720665, 0, 0]),
          capsule([0.008, 0.073], [0.1, 0.004, 0.009], [0.7070347681678408, 0.7071787868720665, 0, 0]),
          capsule([0.008, 0.082], [-0.1, -0.0685, 0.091]),
          capsule([0.008, 0.082], [0.1, -0.0685, 0.091]),
          capsule([0.008, 0.1], [0, -0.0685, 0.174], [0.7070347681678408, 0, 0.7071787868720665, 0]),
          capsule([0.008, 0.1], [0, 0.077, 0.009], [0.7070347681678408, 0, 0.7071787868720665, 0]),
        ]),
      ],
    },
  ],
};

/** A shelf. */
export const shelf: Body = {
  name: "shelf",
  rgba: [0.5, 0.35, 0.22, 1],
  bodies: [
    {
      geoms: solid({ contype: 0, ...hard }, [
        box([0.01, 0.1, 0.32], [-0.11, 0, 0.32]),
        box([0.01, 0.1, 0.32], [0.11, 0, 0.32]),
        box([0.12, 0.1, 0.01], [0, 0, 0.65]),
        box([0.1, 0.095, 0.01], [0, -0.015, 0.24]),
        box([0.1, 0.095, 0.01], [0, -0.015, 0.05]),
        box([0.1, 0.01, 0.32], [0, 0.09, 0.32]),
        box([0.1, 0.088, 0.021], [0, -0.008, 0.021]),
      ]),
      sites: [{ name: "goal", pos: [0, 0, 0.3] }],
    },
  ],
};

/** A goal with a net. */
export const soccerGoal: Body = {
  name: "goal_whole",
  bodies: [
    {
      name: "soccer_goal",
      rgba: [0.85, 0.85, 0.85, 1],
      geoms: [
        ...hull(soccerRight, hard),
        ...hull(soccerBack, hard),
        ...hull(soccerLeft, hard),
        ...hull(soccerTop, hard),
      ],
    },
  ],
};

/** A thermos bottle with a handle, sliding on the table. */
export const thermos: Body = {
  name: "object",
  bodies: [
    {
      inertia: {
        mass: 3.267803392611169,
        pos: [4.42000945437141e-11, -0.002005016641149224, 0.14315477826767298],
        quat: [0.9999985765111638, -0.0016872983274652566, 4.993787431736021e-10, -1.42228513272149e-10],
        diagonal: [0.028694296643241336, 0.02793744014669435, 0.006279562866488071],
      },
      rgba: [0.85, 0.85, 0.85, 1],
      joints: [
        {
          name: "obj_slidex",
          type: "slide",
          axis: [1, 0, 0],
          range: [-0.2, 0.2],
          damping: 1,
          armature: 0.001,
        },
        {
          name: "obj_slidey",
          type: "slide",
          axis: [0, 1, 0],
          range: [-0.2, 0.2],
          damping: 1,
          armature: 0.001,
        },
      ],
      geoms: [
        ...hull(thermosTrim, hard),
        ...hull(thermosCap, hard),
        ...solid(hard, [
          cylinder([0.06, 0.1], [0, 0, 0.14]),
          cylinder([0.062, 0.02], [0, 0, 0.02]),
          box([0.01, 0.005, 0.068], [0, -0.135, 0.132]),
          box([0.01, 0.04, 0.005], [0, -0.09, 0.195]),
          box([0.01, 0.04, 0.005], [0, -0.09, 0.069]),
        ]),
      ],
      sites: [{ name: "insertion", pos: [0, -0.09, 0.132] }],
    },
  ],
};

/** A sliding window with two handles. */
export const window: Body = {
  name: "window",
  bodies: [
    {
      rgba: [0.36, 0.26, 0.27, 1],
      geoms: solid(hard, [
        box([0.015, 0.03, 0.181], [-0.216, 0, 0]),
        box([0.25, 0.06, 0.01], [0, 0, -0.192]),
        box([0.015, 0.03, 0.181], [0.216, 0, 0]),
        box([0.201, 0.03, 0.015], [0, 0, -0.166]),
        box([0.201, 0.03, 0.015], [0, 0, 0.166]),
      ]),
      bodies: [
        {
          name: "windowb_a",
          inertia: {
            mass: 0.6377868977207969,
            pos: [-0.08676913364927319, -0.018868723390703127, 0],
            quat: [0.7316985836132194, 9.355336270798787e-7, -7.263457684051544e-7, 0.6816283318180131],
            diagonal: [0.009462011257172803, 0.0062119040091307915, 0.00368036457601414],
          },
          joints: [
            {
              name: "window_slide",
              type: "slide",
              axis: [1, 0, 0],
              range: [0, 0.2],
              damping: 2,
              armature: 0.001,
            },
          ],
          geoms: [
            ...seen(
              [
                cylinder([0.012, 0.003], [-0.014, -0.028, 0.045], aboutX),
                cylinder([0.012, 0.003], [-0.014, -0.028, -0.045], aboutX),
                capsule([0.008, 0.035], [-0.014, -0.06, 0.045], aboutX),
                capsule([0.008, 0.035], [-0.014, -0.06, -0.045], aboutX),
                capsule([0.008, 0.045], [-0.014, -0.095, 0]),
              ],
              [0.65, 0.65, 0.65, 1],
            ),
            ...solid(hard, [
              cylinder([0.012, 0.003], [-0.014, -0.028, 0.045], aboutX),
              cylinder([0.012, 0.003], [-0.014, -0.028, -0.045], aboutX),
              capsule([0.008, 0.035], [-0.014, -0.06, 0.045], aboutX),
              capsule([0.008, 0.035], [-0.014, -0.06, -0.045], aboutX),
              capsule([0.008, 0.045], [-0.014, -0.095, 0]),
              box([0.014, 0.012, 0.15], [-0.014, -0.013, 0]),
              box([0.01, 0.012, 0.15], [-0.19, -0.013, 0]),
              box([0.076, 0.012, 0.01], [-0.104, -0.013, 0.14]),
              box([0.076, 0.012, 0.01], [-0.104, -0.013, -0.14]),
              box([0.076, 0.001, 0.13], [-0.104, -0.018, 0]),
              box([0.076, 0.003, 0.005], [-0.104, -0.022, 0]),
            ]),
          ],
          sites: [
            { name: "handleOpenStart", pos: [-0.04, -0.095, 0] },
            { name: "handleCloseStart", pos: [0.01, -0.095, 0] },
          ],
        },
        {
          name: "windowb_b",
          pos: [0.1, 0.013, 0],
          geoms: solid(hard, [
            box([0.08, 0.012, 0.01], [0, 0, -0.14]),
            box([0.08, 0.012, 0.01], [0, 0, 0.14]),
            box([0.08, 0.001, 0.13], [0, -0.005, 0]),
            box([0.08, 0.003, 0.005], [0, -0.009, 0]),
            box([0.01, 0.012, 0.15], [-0.09, 0, 0]),
            box([0.01, 0.012, 0.15], [0.09, 0, 0]),
          ]),
        },
      ],
    },
  ],
};
