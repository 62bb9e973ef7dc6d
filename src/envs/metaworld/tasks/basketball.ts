import type { Expert } from "../expert.ts";
import { defineTask, float32, unported } from "../task.ts";

/** Drop the ball through the hoop. Source: sawyer_basketball_v3.py (7ea2b50). */
export const basketball = defineTask({
  name: "basketball",
  difficulty: "medium",
  scene: "basketball",
  handStart: float32([0, 0.6, 0.2]),
  random: {
    low: [-0.1, 0.6, 0.0299, -0.1, 0.85, 0],
    high: [0.1, 0.7, 0.0301, 0.1, 0.9000001, 0],
    apart: 0.15,
  },
  goalSpace: { low: [-0.1, 0.767, 0.2499], high: [0.1, 0.8170001, 0.2501] },
  ...unported("basketball"),
});

export const basketballExpert: Expert = { gain: 10, phases: [] };
