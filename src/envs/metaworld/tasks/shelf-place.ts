import type { Expert } from "../expert.ts";
import { defineTask, float32, unported } from "../task.ts";

/** Put the block onto the shelf. Source: sawyer_shelf_place_v3.py (7ea2b50). */
export const shelfPlace = defineTask({
  name: "shelf-place",
  difficulty: "very hard",
  scene: "shelf",
  handStart: float32([0, 0.6, 0.2]),
  random: { low: [-0.1, 0.5, 0.019, -0.1, 0.8, 0.299], high: [0.1, 0.6, 0.021, 0.1, 0.9, 0.301], apart: 0.1 },
  goalSpace: { low: [-0.1, 0.8, 0.299], high: [0.1, 0.9, 0.301] },
  ...unported("shelf-place"),
});

export const shelfPlaceExpert: Expert = { gain: 10, phases: [] };
