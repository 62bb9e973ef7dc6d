import { add, distanceXY } from "../../geometry.ts";
import { beside, closeAt, type Expert } from "../expert.ts";
import { defineTask, putMug, standingMug, twoPoints } from "../task.ts";
import { coffeePush } from "./coffee-push.ts";

/**
 * Pull the mug away from the coffee machine; rewarded as coffee-push. Source: sawyer_coffee_pull_v3.py (7ea2b50).
 */
export const coffeePull = defineTask({
  name: "coffee-pull",
  solved: "the mug is within 7 cm of the goal",
  difficulty: "medium",
  scene: "coffee",
  handStart: [0, 0.4, 0.2],
  random: {
    low: [-0.05, 0.7, -0.001, -0.1, 0.55, -0.001],
    high: [0.05, 0.75, 0.001, 0.1, 0.65, 0.001],
    apart: 0.15,
  },
  goalSpace: { low: [-0.1, 0.55, -0.001], high: [0.1, 0.65, 0.001] },
  reset(sim, vector) {
    const [object, goal] = twoPoints(vector);
    putMug(sim, object);
    sim.placeBody("coffee_machine", add(object, [0, 0.22, 0]));
    return { object, goal };
  },
  objects: standingMug,
  evaluate: coffeePush.evaluate,
});

/** Place at which the fingers take the mug. */
const rim = [-0.005, 0, 0.05] as const;

const closeOnMug = closeAt({ at: [0.01, 0, 0.05], aside: 0.06, height: 0.1, open: -1, closed: 0.7 });

export const coffeePullExpert: Expert = {
  gain: 10,
  phases: [
    {
      name: "above the mug",
      when: ({ hand, object }) => distanceXY(hand, add(object, rim)) > 0.06,
      to: beside([-0.005, 0, 0.2]),
      grip: closeOnMug,
    },
    {
      name: "down to its rim",
      when: ({ hand, object }) => Math.abs(hand[2] - (object[2] + 0.05)) > 0.02,
      to: beside(rim),
      grip: closeOnMug,
    },
    { name: "pull it to the goal", to: ({ goal }) => goal, grip: closeOnMug },
  ],
};
