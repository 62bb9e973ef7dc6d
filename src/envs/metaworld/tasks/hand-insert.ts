import { distance, distanceXY } from "../../geometry.ts";
import { beside, closeAt, type Expert } from "../expert.ts";
import { cagingReward, hamacher, tolerance } from "../rewards.ts";
import { deepHandSpace, defineTask, float32 } from "../task.ts";
import { pickOutOfHole } from "./pick-out-of-hole.ts";

const { reset, objects } = pickOutOfHole;

/** Put the block into the hole. Source: sawyer_hand_insert_v3.py (7ea2b50). */
export const handInsert = defineTask({
  name: "hand-insert",
  solved: "the block is within 5 cm of the goal",
  difficulty: "hard",
  scene: "table-with-hole",
  handStart: float32([0, 0.6, 0.2]),
  handSpace: deepHandSpace,
  random: {
    low: [-0.1, 0.6, 0.05, -0.04, 0.8, -0.0201],
    high: [0.1, 0.7, 0.05, 0.04, 0.88, -0.0199],
    apart: 0.15,
  },
  goalSpace: { low: [-0.04, 0.8, -0.0201], high: [0.04, 0.88, -0.0199] },
  reset,
  objects,
  evaluate(moment) {
    const { object, opening, tcp, start } = moment;
    const toGoal = distance(object, start.goal);
    const inPlace = tolerance(toGoal, { bounds: [0, 0.05], margin: distance(start.object, start.goal) });
    const { grasp, round } = cagingReward(moment, object, {
      objectRadius: 0.015,
      padSuccess: 0.05,
      xzThreshold: 0.005,
      density: "high",
    });
    let reward = hamacher(grasp, inPlace, round);
    if (distance(object, tcp) < 0.02 && opening > 0) reward = round(reward + round(1 + 7 * inPlace));
    if (toGoal < 0.05) reward = 10;
    return { reward, success: toGoal <= 0.05, terms: { grasp, inPlace } };
  },
});

const closeOnBlock = closeAt({ aside: 0.02, height: 0.1, open: 0, closed: 0.65 });

export const handInsertExpert: Expert = {
  differs:
    "Keeps hold of a block that lags 2 to 3 cm behind the hand; the official one lets go of some over the hole.",
  gain: 10,
  phases: [
    {
      name: "above the block",
      // A gripped block lags behind the hand; the official policy, at 0.02, then lets go of some over the hole.
      when: ({ hand, object }) => distanceXY(hand, object) > 0.03,
      to: beside([0, 0, 0.1]),
      grip: closeOnBlock,
    },
    {
      name: "down to the block",
      when: ({ hand, object }) => Math.abs(hand[2] - object[2]) > 0.05,
      to: beside([0, 0, 0.03]),
      grip: closeOnBlock,
    },
    {
      name: "carry it over the hole",
      when: ({ hand, goal }) => distanceXY(hand, goal) > 0.04,
      to: ({ hand, goal }) => [goal[0], goal[1], hand[2]],
      grip: closeOnBlock,
    },
    { name: "down into the hole", to: ({ goal }) => goal, grip: closeOnBlock },
  ],
};
