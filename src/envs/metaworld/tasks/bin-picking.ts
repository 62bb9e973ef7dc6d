import type { Expert } from "../expert.ts";
import { defineTask, unported } from "../task.ts";

/** Move the cube from one bin to the other. Source: sawyer_bin_picking_v3.py (7ea2b50). */
export const binPicking = defineTask({
  name: "bin-picking",
  difficulty: "medium",
  scene: "bin-picking",
  handStart: [0, 0.6, 0.2],
  handSpace: { low: [-0.5, 0.4, 0.07], high: [0.5, 1, 0.5] },
  random: {
    low: [-0.21, 0.65, 0.02, 0.1199, 0.699, -0.001],
    high: [-0.03, 0.75, 0.02, 0.1201, 0.701, 0.001],
  },
  goalSpace: { low: [0.1199, 0.699, -0.001], high: [0.1201, 0.701, 0.001] },
  ...unported("bin-picking"),
});

export const binPickingExpert: Expert = { gain: 10, phases: [] };
