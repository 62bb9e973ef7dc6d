import { add, distance, distanceXY, multiply, norm, subtract } from "../../geometry.ts";
import type { Vec3 } from "../../mjcf.ts";
import { beside, closeAt, type Expert } from "../expert.ts";
import { cagingReward, tolerance } from "../rewards.ts";
import { defineTask } from "../task.ts";
import { push } from "./push.ts";

const { reset, objects } = push;

/**
 * Push the puck past the wall. Source: sawyer_push_wall_v3.py (7ea2b50).
 * First the way to a gap beside the wall counts, then, from y = 0.75 on, the way to the goal. The puck and the goal
 * stand at the height the puck has settled to, whatever the drawn heights.
 */
export const pushWall = defineTask({
  name: "push-wall",
  solved: "the puck is within 7 cm of the goal",
  difficulty: "medium",
  scene: "push-wall",
  handStart: [0, 0.6, 0.2],
  random: {
    low: [-0.05, 0.6, 0.015, -0.05, 0.85, 0.01],
    high: [0.05, 0.65, 0.015, 0.05, 0.9, 0.02],
    apart: 0.15,
  },
  goalSpace: { low: [-0.05, 0.85, 0.01], high: [0.05, 0.9, 0.02] },
  reset,
  objects,
  evaluate(moment) {
    const { object, opening, tcp, start } = moment;
    const gap = [-0.05, 0.77, object[2]] as const;
    const toGap = (from: Vec3) => norm(multiply(subtract(from, gap), [3, 1, 1]));
    const atGap = tolerance(toGap(object), { bounds: [0, 0.05], margin: toGap(start.object) });
    const toGoal = distance(object, start.goal);
    const inPlace = tolerance(toGoal, { bounds: [0, 0.05], margin: distance(start.object, start.goal) });
    const { grasp, round } = cagingReward(moment, object, {
      objectRadius: 0.015,
      padSuccess: 0.05,
      xzThreshold: 0.005,
      density: "high",
    });
    let reward = 2 * grasp;
    if (distance(object, tcp) < 0.02 && opening > 0) {
      const past = object[1] > 0.75;
      const held = round(reward + 1);
      reward = past ? round(round(held + 4) + round(3 * inPlace)) : round(held + round(4 * atGap));
    }
    if (toGoal < 0.05) reward = 10;
    return { reward, success: toGoal <= 0.07, terms: { grasp, atGap, inPlace } };
  },
});

const closeOnPuck = closeAt({ aside: 0.02, height: 0.1, open: 0, closed: 0.6 });

export const pushWallExpert: Expert = {
  gain: 10,
  phases: [
    {
      name: "above the puck",
      when: ({ hand, object }) => distanceXY(hand, [object[0] - 0.005, object[1], 0]) > 0.02,
      to: beside([-0.005, 0, 0.2]),
      grip: closeOnPuck,
    },
    {
      name: "down to the puck",
      when: ({ hand, object }) => Math.abs(hand[2] - object[2]) > 0.04,
      to: beside([-0.005, 0, 0.03]),
      grip: closeOnPuck,
    },
    {
      name: "sideways while the wall is ahead",
      when: ({ object: [x, y] }) => x >= -0.095 && x <= 0.305 && y >= 0.65 && y <= 0.75,
      to: ({ hand }) => add(hand, [-1, 0, 0]),
      grip: closeOnPuck,
    },
    {
      name: "past the wall",
      when: ({ object: [x, y] }) => x > -0.145 && x < 0.055 && y >= 0.695 && y <= 0.755,
      to: ({ hand }) => add(hand, [0, 1, 0]),
      grip: closeOnPuck,
    },
    { name: "to the goal", to: ({ goal }) => goal, grip: closeOnPuck },
  ],
};
