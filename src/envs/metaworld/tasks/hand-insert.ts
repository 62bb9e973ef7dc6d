import type { Expert } from "../expert.ts";
import { deepHandSpace, defineTask, float32, unported } from "../task.ts";

/** Put the block into the hole. Source: sawyer_hand_insert_v3.py (7ea2b50). */
export const handInsert = defineTask({
  name: "hand-insert",
  difficulty: "hard",
  scene: "table-with-hole",
  handStart: float32([0, 0.6, 0.2]),
  handSpace: deepHandSpace,
  random: {
    low: [-0.1, 0.6, 0.05, -0.04, 0.8, -0.0201],
    high: [0.1, 0.7, 0.05, 0.04, 0.88, -0.0199],
    apart: 0.15,
  },
  goalSpace: { low: [-0.04, 0.8, -0.0201], high: [0.04, 0.88, -0.0199] },
  ...unported("hand-insert"),
});

export const handInsertExpert: Expert = { gain: 10, phases: [] };
