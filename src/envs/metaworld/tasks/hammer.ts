import type { Expert } from "../expert.ts";
import { defineTask, unported } from "../task.ts";

/** Drive the nail in with the hammer. Source: sawyer_hammer_v3.py (7ea2b50). */
export const hammer = defineTask({
  name: "hammer",
  difficulty: "medium",
  scene: "hammer",
  handStart: [0, 0.4, 0.2],
  random: { low: [-0.1, 0.4, 0], high: [0.1, 0.5, 0] },
  goalSpace: { low: [0.2399, 0.7399, 0.109], high: [0.2401, 0.7401, 0.111] },
  ...unported("hammer"),
});

export const hammerExpert: Expert = { gain: 10, phases: [] };
