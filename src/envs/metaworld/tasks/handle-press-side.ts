import { distanceXY } from "../../geometry.ts";
import { beside, type Expert } from "../expert.ts";
import { defineTask, handSpace } from "../task.ts";
import { handlePress } from "./handle-press.ts";

const { reset, objects, evaluate } = handlePress;

/**
 * Press the handle down, from the side: "handle-press", turned by a quarter.
 * Source: sawyer_handle_press_side_v3.py (7ea2b50).
 */
export const handlePressSide = defineTask({
  name: "handle-press-side",
  solved: "the handle's height is within 2 cm of the goal's",
  difficulty: "easy",
  scene: "handle-press-side",
  handStart: [0, 0.6, 0.2],
  random: { low: [-0.35, 0.65, -0.001], high: [-0.25, 0.75, 0.001] },
  goalSpace: handSpace,
  settleInPlace: true, // the arm brushes a handle on the right; no recorded goal has one
  reset,
  objects,
  evaluate,
});

export const handlePressSideExpert: Expert = {
  gain: 25,
  phases: [
    {
      name: "above the handle",
      when: ({ hand, object }) => distanceXY(hand, object) > 0.02,
      to: beside([0, 0, 0.2]),
      grip: 1,
    },
    { name: "press", to: beside([0, 0, -0.5]), grip: 1 },
  ],
};
