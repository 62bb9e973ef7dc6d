import type { Expert } from "../expert.ts";
import { defineTask, unported } from "../task.ts";

/** Sweep the cube into the hole. Source: sawyer_sweep_into_goal_v3.py (7ea2b50). */
export const sweepInto = defineTask({
  name: "sweep-into",
  difficulty: "medium",
  scene: "table-with-hole",
  handStart: [0, 0.6, 0.2],
  random: {
    low: [-0.1, 0.6, 0.02, -0.001, 0.8399, 0.0199],
    high: [0.1, 0.7, 0.02, 0.001, 0.8401, 0.0201],
    apart: 0.15,
  },
  goalSpace: { low: [-0.001, 0.8399, 0.0199], high: [0.001, 0.8401, 0.0201] },
  ...unported("sweep-into"),
});

export const sweepIntoExpert: Expert = { gain: 10, phases: [] };
