import type { Expert } from "../expert.ts";
import { defineTask, unported } from "../task.ts";

/** Pull the thermos with the stick. Source: sawyer_stick_pull_v3.py (7ea2b50). */
export const stickPull = defineTask({
  name: "stick-pull",
  difficulty: "very hard",
  scene: "stick",
  handStart: [0, 0.6, 0.2],
  handSpace: { low: [-0.5, 0.35, 0.05], high: [0.5, 1, 0.5] },
  random: {
    low: [-0.1, 0.55, 0, 0.35, 0.45, 0.0199],
    high: [0, 0.65, 0.001, 0.45, 0.55, 0.0201],
    apart: 0.1,
  },
  goalSpace: { low: [0.35, 0.45, 0.0199], high: [0.45, 0.55, 0.0201] },
  ...unported("stick-pull"),
});

export const stickPullExpert: Expert = { gain: 10, phases: [] };
