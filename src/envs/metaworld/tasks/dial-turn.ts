import type { Expert } from "../expert.ts";
import { defineTask, float32, unported } from "../task.ts";

/** Turn the dial by half a turn. Source: sawyer_dial_turn_v3.py (7ea2b50). */
export const dialTurn = defineTask({
  name: "dial-turn",
  difficulty: "easy",
  scene: "dial",
  handStart: float32([0, 0.6, 0.2]),
  random: { low: [-0.1, 0.7, 0], high: [0.1, 0.8, 0] },
  goalSpace: { low: [-0.1, 0.73, 0.0299], high: [0.1, 0.83, 0.0301] },
  ...unported("dial-turn"),
});

export const dialTurnExpert: Expert = { gain: 10, phases: [] };
