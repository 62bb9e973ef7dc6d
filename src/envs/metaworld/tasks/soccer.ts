import type { Expert } from "../expert.ts";
import { defineTask, unported } from "../task.ts";

/** Push the ball into the goal. Source: sawyer_soccer_v3.py (7ea2b50). */
export const soccer = defineTask({
  name: "soccer",
  difficulty: "medium",
  scene: "soccer",
  handStart: [0, 0.6, 0.2],
  random: { low: [-0.1, 0.6, 0.03, -0.1, 0.8, 0], high: [0.1, 0.7, 0.03, 0.1, 0.9, 0], apart: 0.15 },
  goalSpace: { low: [-0.1, 0.8, 0], high: [0.1, 0.9, 0] },
  ...unported("soccer"),
});

export const soccerExpert: Expert = { gain: 10, phases: [] };
