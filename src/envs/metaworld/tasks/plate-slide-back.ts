import type { Expert } from "../expert.ts";
import { defineTask, float32, unported } from "../task.ts";

/** Slide the plate out of the goal. Source: sawyer_plate_slide_back_v3.py (7ea2b50). */
export const plateSlideBack = defineTask({
  name: "plate-slide-back",
  difficulty: "easy",
  scene: "plate-slide",
  handStart: float32([0, 0.6, 0.2]),
  random: { low: [0, 0.85, 0, -0.1, 0.6, 0.015], high: [0, 0.85, 0, 0.1, 0.6, 0.015] },
  goalSpace: { low: [-0.1, 0.6, 0.015], high: [0.1, 0.6, 0.015] },
  ...unported("plate-slide-back"),
});

export const plateSlideBackExpert: Expert = { gain: 10, phases: [] };
