import { distance, distanceXY } from "../../geometry.ts";
import { beside, closeAt, type Expert } from "../expert.ts";
import { cagingReward, tolerance } from "../rewards.ts";
import { defineTask, looseObject, putObject } from "../task.ts";

/**
 * Push the puck to a point on the table. Source: sawyer_push_v3.py (7ea2b50).
 * The puck and the goal stand at the height the puck has settled to, whatever the drawn heights.
 */
export const push = defineTask({
  name: "push",
  solved: "the puck is within 5 cm of the goal",
  difficulty: "hard",
  scene: "push",
  handStart: [0, 0.6, 0.2],
  random: { low: [-0.1, 0.6, 0.02, -0.1, 0.8, 0.01], high: [0.1, 0.7, 0.02, 0.1, 0.9, 0.02], apart: 0.15 },
  goalSpace: { low: [-0.1, 0.8, 0.01], high: [0.1, 0.9, 0.02] },
  reset(sim, vector) {
    const height = sim.bodyPosition("obj")[2];
    const object = [vector[0], vector[1], height] as const;
    putObject(sim, object);
    return { object, goal: [vector[3], vector[4], height] };
  },
  objects: looseObject,
  evaluate(moment) {
    const { object, opening, tcp, start } = moment;
    const toObject = distance(object, tcp);
    const toGoal = distance(object, start.goal);
    const inPlace = tolerance(toGoal, { bounds: [0, 0.05], margin: distance(start.object, start.goal) });
    const { grasp, round } = cagingReward(moment, object, {
      objectRadius: 0.015,
      padSuccess: 0.05,
      xzThreshold: 0.005,
      density: "high",
    });
    let reward = 2 * grasp;
    if (toObject < 0.02 && opening > 0)
      reward = round(reward + round(round(1 + reward) + round(5 * inPlace)));
    if (toGoal < 0.05) reward = 10;
    return { reward, success: toGoal <= 0.05, terms: { grasp, inPlace } };
  },
});

const closeOnPuck = closeAt({ aside: 0.02, height: 0.1, open: 0, closed: 0.6 });

export const pushExpert: Expert = {
  gain: 10,
  phases: [
    {
      name: "above the puck",
      when: ({ hand, object }) => distanceXY(hand, [object[0] - 0.005, object[1], 0]) > 0.02,
      to: beside([-0.005, 0, 0.2]),
      grip: closeOnPuck,
    },
    {
      name: "down to the puck",
      when: ({ hand, object }) => Math.abs(hand[2] - object[2]) > 0.04,
      to: beside([-0.005, 0, 0.03]),
      grip: closeOnPuck,
    },
    { name: "drag it to the goal", to: ({ goal }) => goal, grip: closeOnPuck },
  ],
};
