import type { Expert } from "../expert.ts";
import { defineTask, unported } from "../task.ts";

/** Press the coffee machine's button. Source: sawyer_coffee_button_v3.py (7ea2b50). */
export const coffeeButton = defineTask({
  name: "coffee-button",
  difficulty: "easy",
  scene: "coffee",
  handStart: [0, 0.4, 0.2],
  random: { low: [-0.1, 0.8, -0.001], high: [0.1, 0.9, 0.001] },
  goalSpace: { low: [-0.101, 0.61, 0.298], high: [0.101, 0.71, 0.302] },
  ...unported("coffee-button"),
});

export const coffeeButtonExpert: Expert = { gain: 10, phases: [] };
