import { distance } from "../../geometry.ts";
import type { Expert } from "../expert.ts";
import { tolerance } from "../rewards.ts";
import { defineTask, looseObject, putObject, twoPoints } from "../task.ts";

/** Move the hand to a point in the air; the puck is in the way or not. Source: sawyer_reach_v3.py (7ea2b50). */
export const reach = defineTask({
  name: "reach",
  solved: "the point between the finger tips is within 5 cm of the goal",
  difficulty: "easy",
  scene: "reach",
  handStart: [0, 0.6, 0.2],
  random: { low: [-0.1, 0.6, 0.02, -0.1, 0.8, 0.05], high: [0.1, 0.7, 0.02, 0.1, 0.9, 0.3], apart: 0.15 },
  goalSpace: { low: [-0.1, 0.8, 0.05], high: [0.1, 0.9, 0.3] },
  reset(sim, vector) {
    const [object, goal] = twoPoints(vector);
    putObject(sim, object);
    return { object, goal };
  },
  objects: looseObject,
  evaluate({ tcp, start, handStart }) {
    const away = distance(tcp, start.goal);
    const inPlace = tolerance(away, { bounds: [0, 0.05], margin: distance(handStart, start.goal) });
    return { reward: 10 * inPlace, success: away <= 0.05, terms: { inPlace } };
  },
});

export const reachExpert: Expert = {
  gain: 5,
  phases: [{ name: "go to the goal", to: ({ goal }) => goal, grip: 0 }],
};
