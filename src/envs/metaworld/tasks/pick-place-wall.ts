import { add, distance, distanceXY, multiply, norm, subtract } from "../../geometry.ts";
import type { Vec3 } from "../../mjcf.ts";
import { beside, closeAt, type Expert, type Sight } from "../expert.ts";
import { cagingReward, hamacher, tolerance } from "../rewards.ts";
import { defineTask } from "../task.ts";
import { pickPlace } from "./pick-place.ts";

const { reset, objects } = pickPlace;

/**
 * Carry the puck over the wall. Source: sawyer_pick_place_wall_v3.py (7ea2b50).
 * First the way to a point above the wall counts, then, from y = 0.75 on, the way to the goal.
 */
export const pickPlaceWall = defineTask({
  name: "pick-place-wall",
  solved: "the puck is within 7 cm of the goal",
  difficulty: "very-hard",
  scene: "pick-place-wall",
  handStart: [0, 0.6, 0.2],
  random: {
    low: [-0.05, 0.6, 0.015, -0.05, 0.85, 0.05],
    high: [0.05, 0.65, 0.015, 0.05, 0.9, 0.3],
    apart: 0.15,
  },
  goalSpace: { low: [-0.05, 0.85, 0.05], high: [0.05, 0.9, 0.3] },
  reset,
  objects,
  evaluate(moment) {
    const { object, opening, tcp, start } = moment;
    const overWall = [start.goal[0], 0.77, 0.25] as const;
    const toWall = (from: Vec3) => norm(multiply(subtract(from, overWall), [1, 1, 3]));
    const atWall = tolerance(toWall(object), { bounds: [0, 0.05], margin: toWall(start.object) });
    const toGoal = distance(object, start.goal);
    const inPlace = tolerance(toGoal, { bounds: [0, 0.05], margin: distance(start.object, start.goal) });
    const { grasp, round } = cagingReward(moment, object, {
      objectRadius: 0.015,
      padSuccess: 0.05,
      xzThreshold: 0.005,
    });
    let reward = hamacher(grasp, atWall, round);
    if (distance(object, tcp) < 0.02 && opening > 0 && object[2] - 0.015 > start.object[2]) {
      const past = object[1] > 0.75;
      const held = round(reward + 1);
      reward = past ? round(round(held + 4) + round(3 * inPlace)) : round(held + round(4 * atWall));
    }
    if (toGoal < 0.05) reward = 10;
    return { reward, success: toGoal <= 0.07, terms: { grasp, atWall, inPlace } };
  },
});

const closeOnPuck = closeAt({ aside: 0.015, height: 0.1, open: 0, closed: 0.9 });

export const pickPlaceWallExpert: Expert = {
  gain: 10,
  phases: [
    {
      name: "above the puck",
      when: ({ hand, object }) => distanceXY(hand, [object[0] - 0.005, object[1], 0]) > 0.015,
      to: beside([-0.005, 0, 0.1]),
      grip: closeOnPuck,
    },
    {
      name: "down to the puck",
      when: ({ hand, object }) => Math.abs(hand[2] - object[2]) > 0.04 && object[2] < 0.03,
      to: beside([-0.005, 0, 0.03]),
      grip: closeOnPuck,
    },
    {
      name: "rise before the wall",
      when: (sight) => beforeWall(sight) && sight.hand[2] < 0.25,
      to: ({ hand }) => add(hand, [0, 0, 1]),
      grip: closeOnPuck,
    },
    {
      name: "over the wall",
      when: (sight) => beforeWall(sight) && sight.hand[2] < 0.35,
      to: ({ hand, goal }) => [goal[0], goal[1], hand[2]],
      grip: closeOnPuck,
    },
    {
      name: "to the goal's height",
      when: ({ hand, goal }) => Math.abs(hand[2] - goal[2]) > 0.01,
      to: ({ hand, goal }) => [hand[0], hand[1], goal[2]],
      grip: closeOnPuck,
    },
    { name: "to the goal", to: ({ goal }) => goal, grip: closeOnPuck },
  ],
};

function beforeWall({ hand: [x, y] }: Sight): boolean {
  return x >= -0.15 && x <= 0.35 && y >= 0.6 && y <= 0.8;
}
