import type { Expert } from "../expert.ts";
import { defineTask, float32, unported } from "../task.ts";

/** Lift the nut off the peg. Source: sawyer_disassemble_peg_v3.py (7ea2b50). */
export const disassemble = defineTask({
  name: "disassemble",
  difficulty: "very hard",
  scene: "assembly",
  handStart: float32([0, 0.4, 0.2]),
  random: {
    low: [0, 0.6, 0.025, -0.1, 0.6, 0.1699],
    high: [0.1, 0.75, 0.02501, 0.1, 0.75, 0.1701],
    apart: 0.1,
  },
  goalSpace: { low: [-0.1, 0.6, 0.1749], high: [0.1, 0.75, 0.1751] },
  ...unported("disassemble"),
});

export const disassembleExpert: Expert = { gain: 10, phases: [] };
