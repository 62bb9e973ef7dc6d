import type { Expert } from "../expert.ts";
import { defineTask, float32, handSpace, unported } from "../task.ts";

/** Press the button from above, over a wall. Source: sawyer_button_press_topdown_wall_v3.py (7ea2b50). */
export const buttonPressTopdownWall = defineTask({
  name: "button-press-topdown-wall",
  difficulty: "easy",
  scene: "button-press-topdown-wall",
  handStart: float32([0, 0.4, 0.2]),
  random: { low: [-0.1, 0.8, 0.115], high: [0.1, 0.9, 0.115] },
  goalSpace: handSpace,
  ...unported("button-press-topdown-wall"),
});

export const buttonPressTopdownWallExpert: Expert = { gain: 10, phases: [] };
