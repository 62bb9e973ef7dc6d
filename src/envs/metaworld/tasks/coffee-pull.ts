import type { Expert } from "../expert.ts";
import { defineTask, unported } from "../task.ts";

/** Pull the mug away from the coffee machine. Source: sawyer_coffee_pull_v3.py (7ea2b50). */
export const coffeePull = defineTask({
  name: "coffee-pull",
  difficulty: "medium",
  scene: "coffee",
  handStart: [0, 0.4, 0.2],
  random: {
    low: [-0.05, 0.7, -0.001, -0.1, 0.55, -0.001],
    high: [0.05, 0.75, 0.001, 0.1, 0.65, 0.001],
    apart: 0.15,
  },
  goalSpace: { low: [-0.1, 0.55, -0.001], high: [0.1, 0.65, 0.001] },
  ...unported("coffee-pull"),
});

export const coffeePullExpert: Expert = { gain: 10, phases: [] };
