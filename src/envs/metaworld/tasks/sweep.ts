import type { Expert } from "../expert.ts";
import { defineTask, unported } from "../task.ts";

/** Sweep the cube off to the right. Source: sawyer_sweep_v3.py (7ea2b50). */
export const sweep = defineTask({
  name: "sweep",
  difficulty: "medium",
  scene: "sweep",
  handStart: [0, 0.6, 0.2],
  random: { low: [-0.1, 0.6, 0.02], high: [0.1, 0.7, 0.02] },
  goalSpace: { low: [0.49, 0.6, 0], high: [0.51, 0.7, 0.02] },
  ...unported("sweep"),
});

export const sweepExpert: Expert = { gain: 10, phases: [] };
