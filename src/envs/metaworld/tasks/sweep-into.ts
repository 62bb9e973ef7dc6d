import { distance, distanceXY } from "../../geometry.ts";
import { beside, closeAt, type Expert } from "../expert.ts";
import { hamacher, signedCagingReward, tolerance } from "../rewards.ts";
import { defineTask, looseObject, putObject } from "../task.ts";

/** The hole's middle; a drawn goal is not used. */
const hole = [0, 0.84, 0.02] as const;

/**
 * Sweep the cube into the hole. Source: sawyer_sweep_into_goal_v3.py (7ea2b50).
 * The cube starts at the height it has settled to. The goal is the hole whatever is drawn, at the cube's height.
 */
export const sweepInto = defineTask({
  name: "sweep-into",
  solved: "the cube is within 5 cm of the hole, seen from above",
  difficulty: "medium",
  scene: "table-with-hole",
  handStart: [0, 0.6, 0.2],
  random: {
    low: [-0.1, 0.6, 0.02, -0.001, 0.8399, 0.0199],
    high: [0.1, 0.7, 0.02, 0.001, 0.8401, 0.0201],
    apart: 0.15,
    apartFrom: hole,
  },
  goalSpace: { low: [-0.001, 0.8399, 0.0199], high: [0.001, 0.8401, 0.0201] },
  reset(sim, [x, y]) {
    const object = [x, y, sim.bodyPosition("obj")[2]] as const;
    putObject(sim, object);
    return { object, goal: hole };
  },
  objects: looseObject,
  evaluate(moment) {
    const { object, start } = moment;
    const goal = [hole[0], hole[1], object[2]] as const;
    const toGoal = distance(object, goal);
    const inPlace = tolerance(toGoal, { bounds: [0, 0.05], margin: distance(start.object, goal) });
    const { grasp } = signedCagingReward(moment, object, {
      objectRadius: 0.02,
      xzThreshold: 0.01,
      gripMargin: 0.005,
    });
    const reward = toGoal < 0.05 ? 10 : 2 * grasp + 6 * hamacher(grasp, inPlace);
    return { reward, success: toGoal <= 0.05, terms: { grasp, inPlace } };
  },
});

// The official policy closes at 0.04 aside; the fingers may then be shut before they are around the cube, and press it
// into the table.
const closeOnCube = closeAt({ aside: 0.02, height: 0.15, open: -1, closed: 0.7 });

export const sweepIntoExpert: Expert = {
  differs: "Closes the fingers when they are within 2 cm of the cube instead of 4.",
  gain: 25,
  phases: [
    {
      name: "above the cube",
      when: ({ hand, object }) => distanceXY(hand, [object[0] - 0.005, object[1], 0]) > 0.04,
      to: beside([-0.005, 0, 0.31]),
      grip: closeOnCube,
    },
    {
      name: "down to the cube",
      when: ({ hand, object }) => Math.abs(hand[2] - (object[2] + 0.01)) > 0.04,
      to: beside([-0.005, 0, 0.01]),
      grip: closeOnCube,
    },
    { name: "drag it to the hole", to: ({ goal }) => goal, grip: closeOnCube },
  ],
};
