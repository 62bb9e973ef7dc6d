import type { Expert } from "../expert.ts";
import { defineTask, unported } from "../task.ts";

/** Push the thermos with the stick. Source: sawyer_stick_push_v3.py (7ea2b50). */
export const stickPush = defineTask({
  name: "stick-push",
  difficulty: "very hard",
  scene: "stick",
  handStart: [0, 0.6, 0.2],
  random: {
    low: [-0.08, 0.58, 0, 0.399, 0.55, 0.1319],
    high: [-0.03, 0.62, 0.001, 0.401, 0.6, 0.1321],
    apart: 0.1,
  },
  goalSpace: { low: [0.399, 0.55, 0.1319], high: [0.401, 0.6, 0.1321] },
  ...unported("stick-push"),
});

export const stickPushExpert: Expert = { gain: 10, phases: [] };
