import type { Expert } from "../expert.ts";
import { deepHandSpace, defineTask, unported } from "../task.ts";

/** Turn the faucet to the left. Source: sawyer_faucet_close_v3.py (7ea2b50). */
export const faucetClose = defineTask({
  name: "faucet-close",
  difficulty: "easy",
  scene: "faucet",
  handStart: [0, 0.4, 0.2],
  handSpace: deepHandSpace,
  random: { low: [-0.1, 0.8, 0], high: [0.1, 0.85, 0] },
  goalSpace: deepHandSpace,
  ...unported("faucet-close"),
});

export const faucetCloseExpert: Expert = { gain: 10, phases: [] };
