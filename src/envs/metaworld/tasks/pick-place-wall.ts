import type { Expert } from "../expert.ts";
import { defineTask, unported } from "../task.ts";

/** Carry the puck over the wall. Source: sawyer_pick_place_wall_v3.py (7ea2b50). */
export const pickPlaceWall = defineTask({
  name: "pick-place-wall",
  difficulty: "very hard",
  scene: "pick-place-wall",
  handStart: [0, 0.6, 0.2],
  random: {
    low: [-0.05, 0.6, 0.015, -0.05, 0.85, 0.05],
    high: [0.05, 0.65, 0.015, 0.05, 0.9, 0.3],
    apart: 0.15,
  },
  goalSpace: { low: [-0.05, 0.85, 0.05], high: [0.05, 0.9, 0.3] },
  ...unported("pick-place-wall"),
});

export const pickPlaceWallExpert: Expert = { gain: 10, phases: [] };
