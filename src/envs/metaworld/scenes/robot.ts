/** @file The robot's arm: figures of the compiled official models (Meta-World 7ea2b50). Metres, kilograms, quaternions wxyz. */

import type { Body, Geom, Vec3 } from "../../mjcf.ts";
import { dark, hand, negligible } from "./hand.ts";

/** Look of a link: a capsule to the next joint. The official meshes are not part of this package. */
function limb(to: Vec3, radius: number): Geom {
  return { type: "capsule", fromTo: [[0, 0, 0], to], size: [radius], visual: true };
}

/** A joint of the arm, about z.   range: rad */
const joint = (name: string, range: readonly [number, number]) =>
  ({ name, type: "hinge", axis: [0, 0, 1], range, damping: 10, armature: 0.001 }) as const;

/** Inertia of what hardly weighs anything. */
const light = { mass: 0.0001, diagonal: [1e-8, 1e-8, 1e-8] } as const;

/**
 * The arm on its pedestal, with a two-finger gripper. What cannot move has its mass too: MuJoCo computes inertias about
 * the whole tree's centre of mass, so its place decides how numbers round.
 */
export const sawyer: Body = {
  name: "base",
  sites: [{ name: "basesite" }],
  bodies: [
    {
      name: "controller_box",
      inertia: { mass: 46.64, pos: [-0.325, 0, -0.38], diagonal: [1.71363, 1.27988, 0.809981] },
      geoms: [
        {
          type: "box",
          size: [0.11, 0.2, 0.265],
          pos: [-0.325, 0, -0.38],
          visual: true,
          rgba: [0.2, 0.2, 0.2, 1],
        },
      ],
    },
    {
      name: "pedestal_feet",
      inertia: { mass: 167.09, pos: [-0.1225, 0, -0.758], diagonal: [8.16095, 9.59375, 15.0785] },
      geoms: [
        {
          type: "box",
          size: [0.385, 0.35, 0.155],
          pos: [-0.1225, 0, -0.758],
          visual: true,
          rgba: [0.2, 0.2, 0.2, 1],
        },
      ],
    },
    {
      name: "torso",
      inertia: light,
      geoms: [{ type: "box", size: [0.05, 0.05, 0.05], visual: true, rgba: [0.2, 0.2, 0.2, 1] }],
    },
    {
      name: "pedestal",
      inertia: {
        mass: 60.864,
        quat: [0.6592669623548686, -0.2595049851818765, -0.2609449850996503, 0.6556919625590065],
        diagonal: [6.0869, 5.81635, 4.20915],
      },
      geoms: [limb([0, 0, -0.75], 0.14)],
      rgba: [0.2, 0.2, 0.2, 1],
    },
    {
      name: "right_arm_base_link",
      inertia: {
        mass: 2.0687,
        pos: [-0.0006241, -0.000028025, 0.065404],
        quat: [-0.20928498877238386, 0.6744409638179293, 0.22733498780404657, 0.6705579640262425],
        diagonal: [0.00740351, 0.00681776, 0.00672942],
      },
      geoms: [limb([0, 0, 0.08], 0.09)],
      rgba: [0.62, 0.1, 0.09, 1],
      bodies: [
        {
          name: "right_l0",
          geoms: [limb([0.081, 0.05, 0.237], 0.065)],
          pos: [0, 0, 0.08],
          inertia: {
            mass: 5.3213,
            pos: [0.024366, 0.010969, 0.14363],
            quat: [0.8948233356826679, 0.008999583376090046, -0.170275063876729, 0.412573154772067],
            diagonal: [0.0651588, 0.0510944, 0.0186218],
          },
          joints: [joint("right_j0", [-3.0503, 3.0503])],
          bodies: [
            {
              name: "head",
              geoms: [{ type: "sphere", size: [0.09], pos: [0, 0, 0.1], visual: true, rgba: dark }],
              pos: [0, 0, 0.2965],
              inertia: {
                mass: 1.5795,
                pos: [0.0053207, -2.6549e-5, 0.1021],
                quat: [
                  0.999993326518511, 7.084052313089649e-5, -0.0035985711750079435, -0.0006262472044826693,
                ],
                diagonal: [0.0118334, 0.00827089, 0.00496574],
              },
              bodies: [
                {
                  name: "screen",
                  pos: [0.03, 0, 0.105],
                  quat: [0.5, 0.5, 0.5, 0.5],
                  inertia: light,
                },
                {
                  name: "head_camera",
                  pos: [0.0228027, 0, 0.216572],
                  quat: [0.34281302791526597, -0.6184490503603083, 0.6184490503603083, -0.34281302791526597],
                  sites: [{ name: "headsite" }],
                },
              ],
            },
            {
              name: "right_torso_itb",
              pos: [-0.055, 0, 0.22],
              quat: [0.7071067811865475, 0, -0.7071067811865475, 0],
              inertia: light,
            },
            {
              name: "right_l1",
              geoms: [{ ...limb([0, -0.14, 0.1425], 0.06), rgba: dark }],
              pos: [0.081, 0.05, 0.237],
              quat: [0.5, -0.5, 0.5, 0.5],
              inertia: {
                mass: 4.505,
                pos: [-0.0030849, -0.026811, 0.092521],
                quat: [0.4248880189998964, 0.89198703988736, 0.13236400591897698, -0.07942960355188702],
                diagonal: [0.0224339, 0.0221624, 0.0097097],
              },
              joints: [joint("right_j1", [-3.8, -0.5])],
              bodies: [
                {
                  name: "right_l2",
                  geoms: [limb([0, -0.042, 0.26], 0.05)],
                  pos: [0, -0.14, 0.1425],
                  quat: [0.7071067811865475, 0.7071067811865475, 0, 0],
                  inertia: {
                    mass: 1.745,
                    pos: [-0.00016044, -0.014967, 0.13582],
                    quat: [
                      0.7078312356222993, -0.05247611746820829, 0.051600717176805734, 0.7025372338600362,
                    ],
                    diagonal: [0.0257928, 0.025506, 0.00292515],
                  },
                  joints: [joint("right_j2", [-3.0426, 3.0426])],
                  bodies: [
                    {
                      name: "right_l3",
                      geoms: [{ ...limb([0, -0.125, -0.1265], 0.045), rgba: dark }],
                      pos: [0, -0.042, 0.26],
                      quat: [0.7071067811865475, -0.7071067811865475, 0, 0],
                      inertia: {
                        mass: 2.5097,
                        pos: [-0.0048135, -0.0281, -0.084154],
                        quat: [
                          0.9029988484727379, 0.3853909353296703, -0.0880900852180881, 0.16824697176740255,
                        ],
                        diagonal: [0.0102404, 0.0096997, 0.00369622],
                      },
                      joints: [joint("right_j3", [-3.0439, 3.0439])],
                      sites: [{ name: "armsite" }],
                      bodies: [
                        {
                          name: "right_l4",
                          geoms: [limb([0, 0.031, 0.275], 0.04)],
                          pos: [0, -0.125, -0.1265],
                          quat: [0.7071067811865475, 0.7071067811865475, 0, 0],
                          inertia: {
                            mass: 1.1136,
                            pos: [-0.0018844, 0.0069001, 0.1341],
                            quat: [
                              0.8036124544138163, 0.031257017674714484, -0.029833416869719652,
                              0.5935823356493706,
                            ],
                            diagonal: [0.0136549, 0.0135493, 0.00127353],
                          },
                          joints: [joint("right_j4", [-2.9761, 2.9761])],
                          bodies: [
                            {
                              name: "right_arm_itb",
                              pos: [-0.055, 0, 0.075],
                              quat: [0.7071067811865475, 0, -0.7071067811865475, 0],
                              inertia: light,
                            },
                            {
                              name: "right_l5",
                              geoms: [{ ...limb([0, -0.11, 0.1053], 0.04), rgba: dark }],
                              pos: [0, 0.031, 0.275],
                              quat: [0.7071067811865475, -0.7071067811865475, 0, 0],
                              inertia: {
                                mass: 1.5625,
                                pos: [0.0061133, -0.023697, 0.076416],
                                quat: [
                                  0.404075870002859, 0.9134997061137303, 0.04731248477887889,
                                  0.0015833494906132184,
                                ],
                                diagonal: [0.00474131, 0.00422857, 0.00190672],
                              },
                              joints: [joint("right_j5", [-2.9761, 2.9761])],
                              bodies: [
                                {
                                  name: "right_hand_camera",
                                  pos: [0.039552, -0.033, 0.0695],
                                  quat: [0.7071067811865475, 0, 0.7071067811865475, 0],
                                },
                                {
                                  name: "right_wrist",
                                  pos: [0, 0, 0.10541],
                                  quat: [0.7071067811865475, 0.7071067811865475, 0, 0],
                                },
                                {
                                  name: "right_l6",
                                  pos: [0, -0.11, 0.1053],
                                  quat: [
                                    0.06162481001443177, 0.0616300100152768, -0.7044161144721925,
                                    0.7044161144721925,
                                  ],
                                  inertia: {
                                    mass: 0.3292,
                                    pos: [-8.0726e-6, 0.0085838, -0.0049566],
                                    quat: [
                                      0.4790438215856708, 0.5156358079574088, -0.513068808913458,
                                      0.4913218170128735,
                                    ],
                                    diagonal: [0.000360258, 0.000311068, 0.000214974],
                                  },
                                  joints: [joint("right_j6", [-4.7124, 4.7124])],
                                  bodies: [hand],
                                },
                              ],
                            },
                            {
                              name: "right_l4_2",
                              inertia: negligible,
                            },
                          ],
                        },
                      ],
                    },
                    {
                      name: "right_l2_2",
                      inertia: negligible,
                    },
                  ],
                },
                {
                  name: "right_l1_2",
                  inertia: negligible,
                },
              ],
            },
          ],
        },
      ],
    },
  ],
};

/** The point that the hand is welded to; moving it moves the hand. */
export const mocap: Body = { name: "mocap", mocap: true, sites: [{ name: "mocap" }] };
