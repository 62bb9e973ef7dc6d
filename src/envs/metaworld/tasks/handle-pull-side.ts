import type { Expert } from "../expert.ts";
import { defineTask, handSpace, unported } from "../task.ts";

/** Pull the handle up, from the side. Source: sawyer_handle_pull_side_v3.py (7ea2b50). */
export const handlePullSide = defineTask({
  name: "handle-pull-side",
  difficulty: "easy",
  scene: "handle-press-side",
  handStart: [0, 0.6, 0.2],
  random: { low: [-0.35, 0.65, 0], high: [-0.25, 0.75, 0] },
  goalSpace: handSpace,
  ...unported("handle-pull-side"),
});

export const handlePullSideExpert: Expert = { gain: 10, phases: [] };
