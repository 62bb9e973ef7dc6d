import { distance, distanceXY } from "../../geometry.ts";
import { beside, type Expert, type Sight } from "../expert.ts";
import { hamacher, signedCagingReward, tolerance } from "../rewards.ts";
import { defineTask, looseObject, putObject, twoPoints } from "../task.ts";

/** Carry the puck to a point in the air. Source: sawyer_pick_place_v3.py (7ea2b50). */
export const pickPlace = defineTask({
  name: "pick-place",
  solved: "the puck is within 7 cm of the goal",
  difficulty: "hard",
  scene: "pick-place",
  handStart: [0, 0.6, 0.2],
  random: { low: [-0.1, 0.6, 0.02, -0.1, 0.8, 0.05], high: [0.1, 0.7, 0.02, 0.1, 0.9, 0.3], apart: 0.15 },
  goalSpace: { low: [-0.1, 0.8, 0.05], high: [0.1, 0.9, 0.3] },
  reset(sim, vector) {
    const [object, goal] = twoPoints(vector);
    putObject(sim, object);
    return { object, goal };
  },
  objects: looseObject,
  evaluate(moment) {
    const { object, opening, tcp, start } = moment;
    const toGoal = distance(object, start.goal);
    const inPlace = tolerance(toGoal, { bounds: [0, 0.05], margin: distance(start.object, start.goal) });
    const { grasp, round } = signedCagingReward(moment, object, { objectRadius: 0.015, xzThreshold: 0.005 });
    const lifted = distance(object, tcp) < 0.02 && opening > 0 && object[2] - 0.01 > start.object[2];
    let reward = hamacher(grasp, inPlace, round);
    if (lifted) reward = round(reward + round(1 + 5 * inPlace));
    if (toGoal < 0.05) reward = 10;
    return { reward, success: toGoal <= 0.07, terms: { grasp, inPlace } };
  },
});

export const pickPlaceExpert: Expert = {
  gain: 10,
  phases: [
    {
      name: "above the puck",
      when: ({ hand, object }) => distanceXY(hand, [object[0] - 0.005, object[1], 0]) > 0.02,
      to: beside([-0.005, 0, 0.1]),
      grip: closeOnPuck,
    },
    {
      name: "down to the puck",
      when: ({ hand, object }) => Math.abs(hand[2] - object[2]) > 0.05 && object[2] < 0.04,
      to: beside([-0.005, 0, 0.03]),
      grip: closeOnPuck,
    },
    {
      name: "wait for the fingers",
      when: ({ opening }) => opening > 0.73,
      to: ({ hand }) => hand,
      grip: closeOnPuck,
    },
    { name: "carry it to the goal", to: ({ goal }) => goal, grip: closeOnPuck },
  ],
};

function closeOnPuck({ hand, object }: Sight): number {
  return distance(hand, object) < 0.07 ? 1 : 0;
}
