import type { Expert } from "../expert.ts";
import { deepHandSpace, defineTask, float32, unported } from "../task.ts";

/** Swing the lever up. Source: sawyer_lever_pull_v3.py (7ea2b50). */
export const leverPull = defineTask({
  name: "lever-pull",
  difficulty: "easy",
  scene: "lever-pull",
  handStart: float32([0, 0.4, 0.2]),
  handSpace: deepHandSpace,
  random: { low: [-0.1, 0.7, 0], high: [0.1, 0.8, 0] },
  goalSpace: deepHandSpace,
  ...unported("lever-pull"),
});

export const leverPullExpert: Expert = { gain: 10, phases: [] };
