import type { Expert } from "../expert.ts";
import { defineTask, handSpace, unported } from "../task.ts";

/** Press the handle down, from the side. Source: sawyer_handle_press_side_v3.py (7ea2b50). */
export const handlePressSide = defineTask({
  name: "handle-press-side",
  difficulty: "easy",
  scene: "handle-press-side",
  handStart: [0, 0.6, 0.2],
  random: { low: [-0.35, 0.65, -0.001], high: [-0.25, 0.75, 0.001] },
  goalSpace: handSpace,
  ...unported("handle-press-side"),
});

export const handlePressSideExpert: Expert = { gain: 10, phases: [] };
