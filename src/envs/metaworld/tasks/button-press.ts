import type { Expert } from "../expert.ts";
import { defineTask, float32, handSpace, unported } from "../task.ts";

/** Press the button in the front of the box. Source: sawyer_button_press_v3.py (7ea2b50). */
export const buttonPress = defineTask({
  name: "button-press",
  difficulty: "easy",
  scene: "button-press",
  handStart: float32([0, 0.4, 0.2]),
  random: { low: [-0.1, 0.85, 0.115], high: [0.1, 0.9, 0.115] },
  goalSpace: handSpace,
  ...unported("button-press"),
});

export const buttonPressExpert: Expert = { gain: 10, phases: [] };
