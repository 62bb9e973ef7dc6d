import type { Expert } from "../expert.ts";
import { defineTask, unported } from "../task.ts";

/** Press the handle down. Source: sawyer_handle_press_v3.py (7ea2b50). */
export const handlePress = defineTask({
  name: "handle-press",
  difficulty: "easy",
  scene: "handle-press",
  handStart: [0, 0.6, 0.2],
  random: { low: [-0.1, 0.8, -0.001], high: [0.1, 0.9, 0.001] },
  goalSpace: { low: [-0.1, 0.55, 0.04], high: [0.1, 0.7, 0.08] },
  ...unported("handle-press"),
});

export const handlePressExpert: Expert = { gain: 10, phases: [] };
