import type { Expert } from "../expert.ts";
import { defineTask, unported } from "../task.ts";

/** Push the puck past the wall. Source: sawyer_push_wall_v3.py (7ea2b50). */
export const pushWall = defineTask({
  name: "push-wall",
  difficulty: "medium",
  scene: "push-wall",
  handStart: [0, 0.6, 0.2],
  random: {
    low: [-0.05, 0.6, 0.015, -0.05, 0.85, 0.01],
    high: [0.05, 0.65, 0.015, 0.05, 0.9, 0.02],
    apart: 0.15,
  },
  goalSpace: { low: [-0.05, 0.85, 0.01], high: [0.05, 0.9, 0.02] },
  ...unported("push-wall"),
});

export const pushWallExpert: Expert = { gain: 10, phases: [] };
