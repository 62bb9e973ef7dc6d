import type { Expert } from "../expert.ts";
import { deepHandSpace, defineTask, unported } from "../task.ts";

/** Turn the faucet to the right. Source: sawyer_faucet_open_v3.py (7ea2b50). */
export const faucetOpen = defineTask({
  name: "faucet-open",
  difficulty: "easy",
  scene: "faucet",
  handStart: [0, 0.4, 0.2],
  handSpace: deepHandSpace,
  random: { low: [-0.05, 0.8, 0], high: [0.05, 0.85, 0] },
  goalSpace: deepHandSpace,
  ...unported("faucet-open"),
});

export const faucetOpenExpert: Expert = { gain: 10, phases: [] };
