import { add, distance, distanceXY } from "../../geometry.ts";
import { beside, closeAt, type Expert } from "../expert.ts";
import { hamacher, signedCagingReward, tolerance } from "../rewards.ts";
import { defineTask, float32, looseObject, putObject } from "../task.ts";

/**
 * Pull the block towards the robot. Source: sawyer_push_back_v3.py (7ea2b50).
 * Block and goal stand at the height the block has settled to, whatever the drawn heights. The reward takes the block,
 * 20 mm to either side, for one of 7 mm; so the fingers never count as gripping it fully.
 */
export const pushBack = defineTask({
  name: "push-back",
  solved: "the block is within 7 cm of the goal",
  difficulty: "hard",
  scene: "push-back",
  handStart: float32([0, 0.6, 0.2]),
  random: {
    low: [-0.1, 0.8, 0.02, -0.1, 0.6, 0.0199],
    high: [0.1, 0.85, 0.02, 0.1, 0.7, 0.0201],
    apart: 0.15,
  },
  goalSpace: { low: [-0.1, 0.6, 0.0199], high: [0.1, 0.7, 0.0201] },
  reset(sim, vector) {
    const height = sim.bodyPosition("obj")[2];
    const object = [vector[0], vector[1], height] as const;
    putObject(sim, object);
    return { object, goal: [vector[3], vector[4], height] };
  },
  objects: looseObject,
  evaluate(moment) {
    const { object, opening, tcp, start } = moment;
    const toGoal = distance(object, start.goal);
    const way = distance(start.object, start.goal);
    const inPlace = tolerance(toGoal, { bounds: [0, 0.05], margin: way });
    const { grasp } = signedCagingReward(moment, object, {
      objectRadius: 0.007,
      xzThreshold: 0.01,
      gripMargin: 0.003,
    });
    const held = distance(object, tcp) < 0.01 && opening > 0 && opening < 0.55;
    let reward = hamacher(grasp, inPlace);
    if (held && way - toGoal > 0.01) reward += 1 + 5 * inPlace;
    if (toGoal < 0.05) reward = 10;
    return { reward, success: toGoal <= 0.07, terms: { grasp, inPlace } };
  },
});

const closeOnBlock = closeAt({ aside: 0.04, height: 0.05, open: 0, closed: 0.9 });

export const pushBackExpert: Expert = {
  gain: 10,
  phases: [
    {
      name: "above the block",
      when: ({ hand, object }) => distanceXY(hand, object) > 0.04,
      to: beside([0, 0, 0.3]),
      grip: closeOnBlock,
    },
    {
      name: "down to the block",
      when: ({ hand, object }) => Math.abs(hand[2] - object[2]) > 0.055,
      to: beside([0, 0, 0]),
      grip: closeOnBlock,
    },
    {
      name: "drag it to the goal",
      to: ({ hand, goal }) => add(goal, [0, 0, hand[2]]),
      grip: closeOnBlock,
    },
  ],
};
