import { add, distanceXY } from "../../geometry.ts";
import { beside, type Expert } from "../expert.ts";
import { defineTask, float32, slidingPlate, twoPoints } from "../task.ts";
import { slidePlate } from "./plate-slide-back.ts";

/**
 * Slide the plate into the goal, sideways. Source: sawyer_plate_slide_side_v3.py (7ea2b50).
 * The net stays where the scene has it: the official reset writes to its computed pose, which is lost at once.
 */
export const plateSlideSide = defineTask({
  name: "plate-slide-side",
  solved: "the plate is within 7 cm of the goal",
  difficulty: "easy",
  scene: "plate-slide-side",
  handStart: float32([0, 0.6, 0.2]),
  random: { low: [0, 0.6, 0, -0.3, 0.54, 0], high: [0, 0.6, 0, -0.25, 0.66, 0] },
  goalSpace: { low: [-0.3, 0.54, 0], high: [-0.25, 0.66, 0] },
  reset(sim, vector) {
    const [object, goal] = twoPoints(vector);
    sim.setJoint("goal_slidex", 0);
    sim.setJoint("goal_slidey", 0);
    sim.updatePoses();
    return { object, goal };
  },
  objects: slidingPlate,
  evaluate: slidePlate,
});

export const plateSlideSideExpert: Expert = {
  gain: 25,
  phases: [
    {
      name: "above the plate's right edge",
      when: ({ hand, object }) => distanceXY(hand, add(object, [0.07, 0, 0])) > 0.04,
      to: beside([0.07, 0, 0.095]),
      grip: 1,
    },
    {
      name: "down beside it",
      when: ({ hand, object }) => Math.abs(hand[2] - (object[2] - 0.005)) > 0.04,
      to: beside([0.07, 0, -0.005]),
      grip: 1,
    },
    {
      name: "push to the left",
      when: ({ hand }) => hand[0] > -0.2,
      to: ({ hand }) => [hand[0] - 0.1, 0.6, hand[2]],
      grip: 1,
    },
    { name: "push on, whatever its line", to: beside([-0.03, 0, -0.005]), grip: 1 },
  ],
};
