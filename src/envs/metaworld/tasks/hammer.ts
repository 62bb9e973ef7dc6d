import { add, distance, distanceXY, distanceXZ, pointAt } from "../../geometry.ts";
import { beside, closeAt, type Expert } from "../expert.ts";
import { alongHandle, cagingReward, tolerance, uprightness } from "../rewards.ts";
import { defineTask, putObject } from "../task.ts";

/**
 * Drive the nail in with the hammer. Source: sawyer_hammer_v3.py (7ea2b50).
 * A nail that was driven in by other means counts as success, but earns no full reward.
 */
export const hammer = defineTask({
  name: "hammer",
  solved: "the nail is driven in by more than 9 cm",
  difficulty: "medium",
  scene: "hammer",
  handStart: [0, 0.4, 0.2],
  random: { low: [-0.1, 0.4, 0], high: [0.1, 0.5, 0] },
  goalSpace: { low: [0.2399, 0.7399, 0.109], high: [0.2401, 0.7401, 0.111] },
  reset(sim, vector) {
    const object = pointAt(vector, 0);
    const goal = sim.sitePosition("goal");
    putObject(sim, object);
    return { object, goal };
  },
  objects: (sim) => [
    ...sim.bodyPosition("hammer"),
    ...sim.bodyQuaternion("hammer"),
    ...sim.bodyPosition("nail_link"),
    ...sim.bodyQuaternion("nail_link"),
  ],
  evaluate(moment) {
    const { sim, observation, hand, object, start } = moment;
    const { grasp, round } = cagingReward(moment, alongHandle(object, hand, 0.07), {
      objectRadius: 0.015,
      padSuccess: 0.02,
      xzThreshold: 0.01,
      density: "high",
    });
    const upright = uprightness(observation, [1, 0, 0, 0], 0.4);
    const head = add(object, [0.16, 0.06, 0]);
    const atNail = tolerance(distance(head, start.goal), { bounds: [0, 0.02], margin: 0.2 });
    const inPlace = 0.1 * Number(head[2] > 0.02) + 0.9 * atNail;
    const success = sim.joint("NailSlideJoint") > 0.09;
    const shaped = round(round(round(2 * grasp) + round(6 * inPlace)) * round(upright));
    return { reward: success && shaped > 5 ? 10 : shaped, success, terms: { grasp, upright, inPlace } };
  },
});

/** Place at which the hand takes the hammer's handle. */
const handhold = [-0.04, 0, -0.01] as const;
const closeOnHandle = closeAt({ at: handhold, aside: 0.04, height: 0.1, open: 0, closed: 0.8 });
/** Place of the hand when the hammer has driven the nail in. */
const strike = [0.05, 0.71, 0.16] as const;

export const hammerExpert: Expert = {
  gain: 10,
  phases: [
    {
      name: "above the handle",
      when: ({ hand, object }) => distanceXY(hand, add(object, handhold)) > 0.04,
      to: beside([-0.04, 0, 0.09]),
      grip: closeOnHandle,
    },
    {
      name: "down to the handle",
      when: ({ hand, object }) => Math.abs(hand[2] - (object[2] - 0.01)) > 0.05 && object[2] - 0.01 < 0.03,
      to: beside([-0.04, 0, 0.02]),
      grip: closeOnHandle,
    },
    {
      name: "raise it in front of the nail",
      when: ({ hand }) => distanceXZ(hand, strike) > 0.02,
      to: ({ hand }) => [strike[0], hand[1], strike[2]],
      grip: closeOnHandle,
    },
    { name: "strike", to: () => strike, grip: closeOnHandle },
  ],
};
