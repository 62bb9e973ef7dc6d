import { add, distanceXY } from "../../geometry.ts";
import { beside, type Expert } from "../expert.ts";
import { defineTask, float32, slidingPlate, twoPoints } from "../task.ts";
import { slidePlate } from "./plate-slide-back.ts";

/**
 * Slide the plate out of the goal, sideways. Source: sawyer_plate_slide_back_side_v3.py (7ea2b50).
 * The plate starts 10 cm to the right of the drawn place, which the rewards count as its start.
 */
export const plateSlideBackSide = defineTask({
  name: "plate-slide-back-side",
  solved: "the plate is within 7 cm of the goal",
  difficulty: "easy",
  scene: "plate-slide-side",
  handStart: float32([0, 0.6, 0.2]),
  random: { low: [-0.25, 0.6, 0, -0.05, 0.6, 0.015], high: [-0.25, 0.6, 0, 0.15, 0.6, 0.015] },
  goalSpace: { low: [-0.05, 0.6, 0.015], high: [0.15, 0.6, 0.015] },
  reset(sim, vector) {
    const [object, goal] = twoPoints(vector);
    sim.placeBody("puck_goal", object);
    sim.setJoint("goal_slidex", -0.15);
    sim.setJoint("goal_slidey", 0);
    sim.updatePoses();
    return { object, goal };
  },
  objects: slidingPlate,
  evaluate: slidePlate,
});

export const plateSlideBackSideExpert: Expert = {
  gain: 10,
  phases: [
    {
      name: "above the plate's right half",
      when: ({ hand, object }) => distanceXY(hand, add(object, [0.023, 0, 0])) > 0.01,
      to: beside([0.023, 0, 0.095]),
      grip: 1,
    },
    {
      name: "down on it",
      when: ({ hand, object }) => Math.abs(hand[2] - (object[2] + 0.025)) > 0.04,
      to: beside([0.023, 0, 0.025]),
      grip: 1,
    },
    { name: "drag to the right", to: ({ hand }) => [hand[0] + 0.1, 0.6, hand[2]], grip: 1 },
  ],
};
