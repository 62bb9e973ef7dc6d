import type { Expert } from "../expert.ts";
import { defineTask, unported } from "../task.ts";

/** Push the mug under the coffee machine. Source: sawyer_coffee_push_v3.py (7ea2b50). */
export const coffeePush = defineTask({
  name: "coffee-push",
  difficulty: "medium",
  scene: "coffee",
  handStart: [0, 0.4, 0.2],
  random: {
    low: [-0.1, 0.55, -0.001, -0.05, 0.7, -0.001],
    high: [0.1, 0.65, 0.001, 0.05, 0.75, 0.001],
    apart: 0.15,
  },
  goalSpace: { low: [-0.05, 0.7, -0.001], high: [0.05, 0.75, 0.001] },
  ...unported("coffee-push"),
});

export const coffeePushExpert: Expert = { gain: 10, phases: [] };
