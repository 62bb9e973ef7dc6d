import type { Expert } from "../expert.ts";
import { defineTask, float32, unported } from "../task.ts";

/** Push the door shut. Source: sawyer_door_close_v3.py (7ea2b50). */
export const doorClose = defineTask({
  name: "door-close",
  difficulty: "easy",
  scene: "door",
  handStart: float32([-0.5, 0.6, 0.2]),
  random: { low: [0, 0.85, 0.15], high: [0.1, 0.95, 0.15] },
  goalSpace: { low: [0.2, 0.65, 0.1499], high: [0.3, 0.75, 0.1501] },
  ...unported("door-close"),
});

export const doorCloseExpert: Expert = { gain: 10, phases: [] };
