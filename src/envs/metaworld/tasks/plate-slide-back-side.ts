import type { Expert } from "../expert.ts";
import { defineTask, float32, unported } from "../task.ts";

/** Slide the plate out of the goal, sideways. Source: sawyer_plate_slide_back_side_v3.py (7ea2b50). */
export const plateSlideBackSide = defineTask({
  name: "plate-slide-back-side",
  difficulty: "easy",
  scene: "plate-slide-side",
  handStart: float32([0, 0.6, 0.2]),
  random: { low: [-0.25, 0.6, 0, -0.05, 0.6, 0.015], high: [-0.25, 0.6, 0, 0.15, 0.6, 0.015] },
  goalSpace: { low: [-0.05, 0.6, 0.015], high: [0.15, 0.6, 0.015] },
  ...unported("plate-slide-back-side"),
});

export const plateSlideBackSideExpert: Expert = { gain: 10, phases: [] };
