import type { Expert } from "../expert.ts";
import { defineTask, unported } from "../task.ts";

/** Lift the puck out of the pit. Source: sawyer_pick_out_of_hole_v3.py (7ea2b50). */
export const pickOutOfHole = defineTask({
  name: "pick-out-of-hole",
  difficulty: "hard",
  scene: "pick-out-of-hole",
  handStart: [0, 0.6, 0.2],
  handSpace: { low: [-0.5, 0.4, -0.05], high: [0.5, 1, 0.5] },
  random: { low: [0, 0.75, 0.02, -0.1, 0.5, 0.15], high: [0, 0.75, 0.02, 0.1, 0.6, 0.3], apart: 0.15 },
  goalSpace: { low: [-0.1, 0.5, 0.15], high: [0.1, 0.6, 0.3] },
  ...unported("pick-out-of-hole"),
});

export const pickOutOfHoleExpert: Expert = { gain: 10, phases: [] };
