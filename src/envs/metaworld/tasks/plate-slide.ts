import type { Expert } from "../expert.ts";
import { defineTask, float32, unported } from "../task.ts";

/** Slide the plate into the goal. Source: sawyer_plate_slide_v3.py (7ea2b50). */
export const plateSlide = defineTask({
  name: "plate-slide",
  difficulty: "easy",
  scene: "plate-slide",
  handStart: float32([0, 0.6, 0.2]),
  random: { low: [0, 0.6, 0, -0.1, 0.85, 0], high: [0, 0.6, 0, 0.1, 0.9, 0] },
  goalSpace: { low: [-0.1, 0.85, 0], high: [0.1, 0.9, 0] },
  ...unported("plate-slide"),
});

export const plateSlideExpert: Expert = { gain: 10, phases: [] };
