import type { Expert } from "../expert.ts";
import { defineTask, unported } from "../task.ts";

/** Pull the handle up. Source: sawyer_handle_pull_v3.py (7ea2b50). */
export const handlePull = defineTask({
  name: "handle-pull",
  difficulty: "easy",
  scene: "handle-press",
  handStart: [0, 0.6, 0.2],
  random: { low: [-0.1, 0.8, -0.001], high: [0.1, 0.9, 0.001] },
  goalSpace: { low: [-0.1, 0.55, 0.04], high: [0.1, 0.7, 0.18] },
  ...unported("handle-pull"),
});

export const handlePullExpert: Expert = { gain: 10, phases: [] };
