import type { Expert } from "../expert.ts";
import { defineTask, float32, unported } from "../task.ts";

/** Pull the block towards the robot. Source: sawyer_push_back_v3.py (7ea2b50). */
export const pushBack = defineTask({
  name: "push-back",
  difficulty: "hard",
  scene: "push-back",
  handStart: float32([0, 0.6, 0.2]),
  random: {
    low: [-0.1, 0.8, 0.02, -0.1, 0.6, 0.0199],
    high: [0.1, 0.85, 0.02, 0.1, 0.7, 0.0201],
    apart: 0.15,
  },
  goalSpace: { low: [-0.1, 0.6, 0.0199], high: [0.1, 0.7, 0.0201] },
  ...unported("push-back"),
});

export const pushBackExpert: Expert = { gain: 10, phases: [] };
