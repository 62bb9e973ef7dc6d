import type { Expert } from "../expert.ts";
import { defineTask, float32, unported } from "../task.ts";

/** Put the lid on the box. Source: sawyer_box_close_v3.py (7ea2b50). */
export const boxClose = defineTask({
  name: "box-close",
  difficulty: "medium",
  scene: "box",
  handStart: float32([0, 0.6, 0.2]),
  random: {
    low: [-0.05, 0.5, 0.02, -0.1, 0.7, 0.133],
    high: [0.05, 0.55, 0.02, 0.1, 0.8, 0.133],
    apart: 0.25,
  },
  goalSpace: { low: [-0.1, 0.7, 0.133], high: [0.1, 0.8, 0.133] },
  ...unported("box-close"),
});

export const boxCloseExpert: Expert = { gain: 10, phases: [] };
