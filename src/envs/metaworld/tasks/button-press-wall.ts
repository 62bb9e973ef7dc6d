import type { Expert } from "../expert.ts";
import { defineTask, float32, handSpace, unported } from "../task.ts";

/** Press the button behind a wall. Source: sawyer_button_press_wall_v3.py (7ea2b50). */
export const buttonPressWall = defineTask({
  name: "button-press-wall",
  difficulty: "easy",
  scene: "button-press-wall",
  handStart: float32([0, 0.4, 0.2]),
  random: { low: [-0.05, 0.85, 0.1149], high: [0.05, 0.9, 0.1151] },
  goalSpace: handSpace,
  ...unported("button-press-wall"),
});

export const buttonPressWallExpert: Expert = { gain: 10, phases: [] };
