import { add, distance, distanceXY, multiply, norm, subtract } from "../../geometry.ts";
import { beside, closeAt, type Expert } from "../expert.ts";
import { cagingReward, hamacher, tolerance } from "../rewards.ts";
import { defineTask, putMug, standingMug, twoPoints } from "../task.ts";

/** Push the mug under the coffee machine. Source: sawyer_coffee_push_v3.py (7ea2b50). */
export const coffeePush = defineTask({
  name: "coffee-push",
  solved: "the mug is within 7 cm of the goal",
  difficulty: "medium",
  scene: "coffee",
  handStart: [0, 0.4, 0.2],
  random: {
    low: [-0.1, 0.55, -0.001, -0.05, 0.7, -0.001],
    high: [0.1, 0.65, 0.001, 0.05, 0.75, 0.001],
    apart: 0.15,
  },
  goalSpace: { low: [-0.05, 0.7, -0.001], high: [0.05, 0.75, 0.001] },
  reset(sim, vector) {
    const [object, goal] = twoPoints(vector);
    putMug(sim, object);
    sim.placeBody("coffee_machine", add(goal, [0, 0.22, 0]));
    return { object, goal };
  },
  objects: standingMug,
  evaluate(moment) {
    const { object, opening, tcp, start } = moment;
    const flat = [2, 2, 1] as const;
    const toGoal = norm(multiply(subtract(object, start.goal), flat));
    const inPlace = tolerance(toGoal, {
      bounds: [0, 0.05],
      margin: norm(multiply(subtract(start.object, start.goal), flat)),
    });
    const { grasp, round } = cagingReward(moment, object, {
      objectRadius: 0.02,
      padSuccess: 0.05,
      xzThreshold: 0.05,
      effort: 0.7,
      density: "medium",
      reachRadius: 0.04,
    });
    let reward = hamacher(grasp, inPlace, round);
    if (distance(object, tcp) < 0.04 && opening > 0) reward = round(reward + round(1 + 5 * inPlace));
    if (toGoal < 0.05) reward = 10;
    return { reward, success: distance(object, start.goal) <= 0.07, terms: { grasp, inPlace } };
  },
});

/** Place at which the fingers take the mug. */
const rim = [0.01, 0, 0.05] as const;

const closeOnMug = closeAt({ at: rim, aside: 0.06, height: 0.1, open: -1, closed: 0.5 });

export const coffeePushExpert: Expert = {
  gain: 10,
  phases: [
    {
      name: "above the mug",
      when: ({ hand, object }) => distanceXY(hand, add(object, rim)) > 0.06,
      to: beside([0.01, 0, 0.25]),
      grip: closeOnMug,
    },
    {
      name: "down to its rim",
      when: ({ hand, object }) => Math.abs(hand[2] - (object[2] + 0.05)) > 0.02,
      to: beside(rim),
      grip: closeOnMug,
    },
    { name: "push it to the goal", to: ({ goal }) => [goal[0], goal[1], 0.1], grip: closeOnMug },
  ],
};
