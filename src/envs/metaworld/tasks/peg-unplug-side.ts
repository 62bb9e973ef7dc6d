import type { Expert } from "../expert.ts";
import { defineTask, unported } from "../task.ts";

/** Pull the plug out. Source: sawyer_peg_unplug_side_v3.py (7ea2b50). */
export const pegUnplugSide = defineTask({
  name: "peg-unplug-side",
  difficulty: "easy",
  scene: "peg-unplug-side",
  handStart: [0, 0.6, 0.2],
  random: { low: [-0.25, 0.6, -0.001], high: [-0.15, 0.8, 0.001] },
  goalSpace: { low: [-0.056, 0.6, 0.13], high: [0.044, 0.8, 0.132] },
  ...unported("peg-unplug-side"),
});

export const pegUnplugSideExpert: Expert = { gain: 10, phases: [] };
