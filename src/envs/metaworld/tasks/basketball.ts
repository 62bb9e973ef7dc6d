import { add, distance, distanceXY, multiply, norm, subtract } from "../../geometry.ts";
import type { Vec3 } from "../../mjcf.ts";
import { beside, closeAt, type Expert, type Sight } from "../expert.ts";
import { cagingReward, double, hamacher, tolerance } from "../rewards.ts";
import { defineTask, float32, putObject, twoPoints } from "../task.ts";

/**
 * Drop the ball through the hoop. Source: sawyer_basketball_v3.py (7ea2b50).
 * The ball counts as in the hoop when it is a little above it, held or not. The drawn goal is the basket's foot.
 */
export const basketball = defineTask({
  name: "basketball",
  solved: "the ball is within 8 cm of a place just above the hoop",
  difficulty: "medium",
  scene: "basketball",
  handStart: float32([0, 0.6, 0.2]),
  random: {
    low: [-0.1, 0.6, 0.0299, -0.1, 0.85, 0],
    high: [0.1, 0.7, 0.0301, 0.1, 0.9000001, 0],
    apart: 0.15,
  },
  goalSpace: { low: [-0.1, 0.767, 0.2499], high: [0.1, 0.8170001, 0.2501] },
  reset(sim, vector) {
    const [ball, basket] = twoPoints(vector);
    const object = [ball[0], ball[1], Math.fround(0.03)] as const;
    sim.placeBody("basket_goal", basket);
    putObject(sim, object);
    return { object, goal: sim.sitePosition("goal") };
  },
  objects: (sim) => [...sim.bodyPosition("bsktball"), ...sim.bodyQuaternion("bsktball")],
  evaluate(moment) {
    const { object, opening, tcp, start } = moment;
    const fromGoal = (ball: Vec3) =>
      norm(multiply(subtract(ball, [start.goal[0], start.goal[1], 0.3]), [1, 1, 2]));
    const toGoal = fromGoal(object);
    const inPlace = tolerance(toGoal, { bounds: [0, 0.08], margin: fromGoal(start.object) });
    const lifted = distance(object, tcp) < 0.035 && opening > 0 && object[2] - 0.01 > start.object[2];
    const caging = cagingReward(moment, object, {
      objectRadius: 0.025,
      padSuccess: 0.06,
      xzThreshold: 0.005,
      density: "high",
    });
    const { grasp, round } = lifted ? { grasp: 1, round: double } : caging;
    let reward = hamacher(grasp, inPlace, round);
    if (lifted) reward += 1 + 5 * inPlace;
    if (toGoal < 0.08) reward = 10;
    return { reward, success: toGoal <= 0.08, terms: { grasp, inPlace } };
  },
});

/** Above the hoop, wherever the basket stands in y. */
const overHoop = ({ goal }: Sight) => [goal[0], 0.875, 0.35] as const;

/** The fingers would hit the hoop on their way down to the ball. */
function underHoop({ object, goal }: Sight): boolean {
  return object[2] < 0.06 && goal[1] - object[1] < 0.12 && Math.abs(goal[0] - object[0]) < 0.08;
}

/** Place at which the hand can go down, left or right of the hoop. */
function besideHoop({ object, goal }: Sight): Vec3 {
  return add(object, [object[0] < goal[0] ? -0.1 : 0.1, 0, 0.01]);
}

function isLow({ hand, object }: Sight): boolean {
  return hand[2] < object[2] + 0.04;
}

const closeOnBall = closeAt({ aside: 0.04, height: 0.15, open: -1, closed: 0.6 });

export const basketballExpert: Expert = {
  differs:
    "Takes a ball that lies nearly under the hoop from the side; the official one hits the hoop there.",
  gain: 25,
  phases: [
    {
      name: "drag the ball out from under the hoop",
      when: (sight) => underHoop(sight) && sight.opening < 0.75 && closeOnBall(sight) > 0,
      to: ({ object, goal }) => [object[0], goal[1] - 0.14, object[2] + 0.01],
      grip: closeOnBall,
    },
    {
      name: "hold the ball under the hoop",
      when: (sight) => underHoop(sight) && isLow(sight) && distanceXY(sight.hand, sight.object) < 0.015,
      to: beside([0, 0, 0.01]),
      grip: closeOnBall,
    },
    {
      name: "slide to the ball under the hoop",
      when: (sight) => underHoop(sight) && isLow(sight) && Math.abs(sight.hand[1] - sight.object[1]) < 0.015,
      to: beside([0, 0, 0.01]),
      grip: -1,
    },
    {
      name: "down beside the hoop",
      when: (sight) => underHoop(sight) && distanceXY(sight.hand, besideHoop(sight)) < 0.02,
      to: besideHoop,
      grip: -1,
    },
    {
      name: "above the place beside the hoop",
      when: underHoop,
      to: (sight) => add(besideHoop(sight), [0, 0, 0.3]),
      grip: -1,
    },
    {
      name: "above the ball",
      when: ({ hand, object }) => distanceXY(hand, object) > 0.04,
      to: beside([0, 0, 0.31]),
      grip: closeOnBall,
    },
    {
      name: "down to the ball",
      when: ({ hand, object }) => Math.abs(hand[2] - (object[2] + 0.01)) > 0.025,
      to: beside([0, 0, 0.01]),
      grip: closeOnBall,
    },
    {
      name: "lift it above the hoop",
      when: ({ object }) => Math.abs(object[2] + 0.01 - 0.35) > 0.025,
      to: ({ hand }) => [hand[0], hand[1], 0.35],
      grip: closeOnBall,
    },
    { name: "carry it to the hoop", to: overHoop, grip: closeOnBall },
  ],
};
