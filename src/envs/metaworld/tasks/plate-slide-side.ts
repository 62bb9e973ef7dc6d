import type { Expert } from "../expert.ts";
import { defineTask, float32, unported } from "../task.ts";

/** Slide the plate into the goal, sideways. Source: sawyer_plate_slide_side_v3.py (7ea2b50). */
export const plateSlideSide = defineTask({
  name: "plate-slide-side",
  difficulty: "easy",
  scene: "plate-slide-side",
  handStart: float32([0, 0.6, 0.2]),
  random: { low: [0, 0.6, 0, -0.3, 0.54, 0], high: [0, 0.6, 0, -0.25, 0.66, 0] },
  goalSpace: { low: [-0.3, 0.54, 0], high: [-0.25, 0.66, 0] },
  ...unported("plate-slide-side"),
});

export const plateSlideSideExpert: Expert = { gain: 10, phases: [] };
