import type { Expert } from "../expert.ts";
import { defineTask, float32, unported } from "../task.ts";

/** Put the nut onto the upright peg. Source: sawyer_assembly_peg_v3.py (7ea2b50). */
export const assembly = defineTask({
  name: "assembly",
  difficulty: "hard",
  scene: "assembly",
  handStart: float32([0, 0.6, 0.2]),
  random: { low: [0, 0.6, 0.02, -0.1, 0.75, 0.1], high: [0, 0.6, 0.02, 0.1, 0.85, 0.1], apart: 0.1 },
  goalSpace: { low: [-0.1, 0.75, 0.1], high: [0.1, 0.85, 0.1] },
  ...unported("assembly"),
});

export const assemblyExpert: Expert = { gain: 10, phases: [] };
