import { add, distanceXY, pointAt } from "../../geometry.ts";
import { beside, type Expert } from "../expert.ts";
import { deepHandSpace, defineTask } from "../task.ts";
import { turnFaucet } from "./faucet-close.ts";

/** Place at which the fingers push, seen from the observed handle. */
const besideHandle = [-0.04, 0, 0.03] as const;

/** Turn the faucet to the right. Source: sawyer_faucet_open_v3.py (7ea2b50). */
export const faucetOpen = defineTask({
  name: "faucet-open",
  solved: "the handle's end is within 7 cm of the goal",
  difficulty: "easy",
  scene: "faucet",
  handStart: [0, 0.4, 0.2],
  handSpace: deepHandSpace,
  random: { low: [-0.05, 0.8, 0], high: [0.05, 0.85, 0] },
  goalSpace: deepHandSpace,
  reset(sim, vector) {
    const object = pointAt(vector, 0);
    sim.placeBody("faucetBase", object);
    return { object, goal: add(object, [0.175, 0, 0.125]) };
  },
  objects: (sim) => [
    ...add(sim.sitePosition("handleStartOpen"), [0, 0, -0.01]),
    ...sim.bodyQuaternion("faucetBase"),
  ],
  evaluate: (moment) => turnFaucet(moment, add(moment.object, besideHandle)),
});

export const faucetOpenExpert: Expert = {
  gain: 25,
  phases: [
    {
      name: "above the handle's left side",
      when: ({ hand, object }) => distanceXY(hand, add(object, besideHandle)) > 0.04,
      to: beside([-0.04, 0, 0.13]),
      grip: 1,
    },
    {
      name: "down beside it",
      when: ({ hand, object }) => Math.abs(hand[2] - (object[2] + 0.03)) > 0.04,
      to: beside(besideHandle),
      grip: 1,
    },
    { name: "push to the right", to: beside([0.06, 0.05, 0.03]), grip: 1 },
  ],
};
