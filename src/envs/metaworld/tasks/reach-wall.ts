import { add } from "../../geometry.ts";
import type { Expert } from "../expert.ts";
import { defineTask } from "../task.ts";
import { reach } from "./reach.ts";

const { reset, objects, evaluate } = reach;

/** Move the hand to a point behind the wall: "reach", with a wall. Source: sawyer_reach_wall_v3.py (7ea2b50). */
export const reachWall = defineTask({
  name: "reach-wall",
  solved: "the point between the finger tips is within 5 cm of the goal",
  difficulty: "easy",
  scene: "reach-wall",
  handStart: [0, 0.6, 0.2],
  random: {
    low: [-0.05, 0.6, 0.015, -0.05, 0.85, 0.05],
    high: [0.05, 0.65, 0.015, 0.05, 0.9, 0.3],
    apart: 0.15,
  },
  goalSpace: { low: [-0.05, 0.85, 0.05], high: [0.05, 0.9, 0.3] },
  reset,
  objects,
  evaluate,
});

export const reachWallExpert: Expert = {
  gain: 5,
  phases: [
    {
      name: "rise before the wall",
      when: ({ hand: [x, y, z] }) => x >= -0.1 && x <= 0.3 && y >= 0.6 && y <= 0.8 && z < 0.25,
      to: ({ goal }) => add(goal, [0, 0, 1]),
      grip: 0,
    },
    { name: "go to the goal", to: ({ goal }) => goal, grip: 0 },
  ],
};
