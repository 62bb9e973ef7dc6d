import { add, distance, distanceXY, pointAt } from "../../geometry.ts";
import type { Vec3 } from "../../mjcf.ts";
import { beside, type Expert } from "../expert.ts";
import { tolerance } from "../rewards.ts";
import { deepHandSpace, defineTask, type Moment, type Outcome } from "../task.ts";

/** Turn the faucet to the left. Source: sawyer_faucet_close_v3.py (7ea2b50). */
export const faucetClose = defineTask({
  name: "faucet-close",
  solved: "the handle's end is within 7 cm of the goal",
  difficulty: "easy",
  scene: "faucet",
  handStart: [0, 0.4, 0.2],
  handSpace: deepHandSpace,
  random: { low: [-0.1, 0.8, 0], high: [0.1, 0.85, 0] },
  goalSpace: deepHandSpace,
  reset(sim, vector) {
    const object = pointAt(vector, 0);
    sim.placeBody("faucetBase", object);
    sim.updatePoses();
    return { object, goal: add(object, [-0.175, 0, 0.125]) };
  },
  objects: (sim) => [
    ...add(sim.sitePosition("handleStartClose"), [0, 0, -0.01]),
    ...sim.bodyQuaternion("faucetBase"),
  ],
  evaluate: (moment) => turnFaucet(moment, moment.object),
});

/** Rewards both faucet tasks. handle: the place that should go to the goal, and the fingers to it. */
export function turnFaucet({ tcp, tcpStart, start }: Moment, handle: Vec3): Outcome {
  const toGoal = distance(handle, start.goal);
  const inPlace = tolerance(toGoal, {
    bounds: [0, 0.07],
    margin: Math.abs(distance(start.object, start.goal) - 0.07),
  });
  const reach = tolerance(distance(handle, tcp), {
    bounds: [0, 0.01],
    margin: Math.abs(distance(start.object, tcpStart) - 0.01),
    shape: "gaussian",
  });
  const success = toGoal <= 0.07;
  return { reward: success ? 10 : 4 * reach + 6 * inPlace, success, terms: { reach, inPlace } };
}

export const faucetCloseExpert: Expert = {
  gain: 25,
  phases: [
    {
      name: "above the handle's right side",
      when: ({ hand, object }) => distanceXY(hand, add(object, [0.04, 0, 0])) > 0.04,
      to: beside([0.04, 0, 0.13]),
      grip: 1,
    },
    {
      name: "down beside it",
      when: ({ hand, object }) => Math.abs(hand[2] - (object[2] + 0.03)) > 0.04,
      to: beside([0.04, 0, 0.03]),
      grip: 1,
    },
    { name: "push to the left", to: beside([-0.06, 0.05, 0.03]), grip: 1 },
  ],
};
