import type { Expert } from "../expert.ts";
import { deepHandSpace, defineTask, float32, unported } from "../task.ts";

/** Turn the lock down. Source: sawyer_door_lock_v3.py (7ea2b50). */
export const doorLock = defineTask({
  name: "door-lock",
  difficulty: "easy",
  scene: "door-lock",
  handStart: float32([0, 0.6, 0.2]),
  handSpace: deepHandSpace,
  random: { low: [-0.1, 0.8, 0.15], high: [0.1, 0.85, 0.15] },
  goalSpace: deepHandSpace,
  ...unported("door-lock"),
});

export const doorLockExpert: Expert = { gain: 10, phases: [] };
