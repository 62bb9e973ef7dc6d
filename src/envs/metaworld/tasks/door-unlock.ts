import type { Expert } from "../expert.ts";
import { deepHandSpace, defineTask, float32, unported } from "../task.ts";

/** Turn the lock up. Source: sawyer_door_unlock_v3.py (7ea2b50). */
export const doorUnlock = defineTask({
  name: "door-unlock",
  difficulty: "easy",
  scene: "door-lock",
  handStart: float32([0, 0.6, 0.2]),
  handSpace: deepHandSpace,
  random: { low: [-0.1, 0.8, 0.15], high: [0.1, 0.85, 0.15] },
  goalSpace: { low: [0, 0.64, 0.21], high: [0.2, 0.7, 0.2111] },
  ...unported("door-unlock"),
});

export const doorUnlockExpert: Expert = { gain: 10, phases: [] };
