import {
  add,
  distance,
  distanceXY,
  multiply,
  norm,
  pointAt,
  quaternionXyzw,
  subtract,
} from "../../geometry.ts";
import { beside, type Expert } from "../expert.ts";
import { hamacher, tolerance } from "../rewards.ts";
import { deepHandSpace, defineTask, float32 } from "../task.ts";

/** From the hand to its shoulder, which lifts the lever. */
const shoulder = [0, 0.055, 0.07] as const;

/** Swing the lever up. Source: sawyer_lever_pull_v3.py (7ea2b50). */
export const leverPull = defineTask({
  name: "lever-pull",
  solved: "the lever is within 7.5 degrees of upright",
  difficulty: "easy",
  scene: "lever-pull",
  handStart: float32([0, 0.4, 0.2]),
  handSpace: deepHandSpace,
  random: { low: [-0.1, 0.7, 0], high: [0.1, 0.8, 0] },
  goalSpace: deepHandSpace,
  reset(sim, vector) {
    const object = pointAt(vector, 0);
    sim.placeBody("lever", object);
    return { object, lever: add(object, [0.12, -0.2, 0.25]), goal: add(object, [0.12, 0, 0.25 + 0.2]) };
  },
  objects: (sim) => [...sim.sitePosition("leverStart"), ...quaternionXyzw(sim.siteMatrix("objGeom"))],
  evaluate({ sim, hand, object: lever, tcpStart, start }) {
    const narrow = [4, 1, 4] as const;
    const ready = tolerance(norm(multiply(subtract(add(hand, shoulder), lever), narrow)), {
      bounds: [0, 0.02],
      margin: norm(multiply(subtract(add(tcpStart, shoulder), start.lever), narrow)),
    });
    const inPlace = tolerance(distance(lever, start.goal), {
      bounds: [0, 0.04],
      margin: distance(start.lever, start.goal),
    });
    const fromUpright = Math.abs(-sim.joint("LeverAxis") - Math.PI / 2);
    return {
      reward: 10 * hamacher(ready, inPlace),
      success: fromUpright <= Math.PI / 24,
      terms: { ready, inPlace },
    };
  },
});

export const leverPullExpert: Expert = {
  gain: 25,
  phases: [
    {
      name: "below the lever, in front of it",
      when: ({ hand, object }) => distanceXY(hand, add(object, [0, -0.055, 0])) > 0.02,
      to: beside([0, -0.055, -0.1]),
      grip: 1,
    },
    {
      name: "up to it",
      when: ({ hand, object }) => Math.abs(hand[2] - object[2]) > 0.02,
      to: beside([0, -0.055, 0]),
      grip: 1,
    },
    { name: "lift", to: beside([0, 0.025, 0.02]), grip: 1 },
  ],
};
