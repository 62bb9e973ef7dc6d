import type { Expert } from "../expert.ts";
import { defineTask, unported } from "../task.ts";

/** Move the hand to a point behind the wall. Source: sawyer_reach_wall_v3.py (7ea2b50). */
export const reachWall = defineTask({
  name: "reach-wall",
  difficulty: "easy",
  scene: "reach-wall",
  handStart: [0, 0.6, 0.2],
  random: {
    low: [-0.05, 0.6, 0.015, -0.05, 0.85, 0.05],
    high: [0.05, 0.65, 0.015, 0.05, 0.9, 0.3],
    apart: 0.15,
  },
  goalSpace: { low: [-0.05, 0.85, 0.05], high: [0.05, 0.9, 0.3] },
  ...unported("reach-wall"),
});

export const reachWallExpert: Expert = { gain: 10, phases: [] };
