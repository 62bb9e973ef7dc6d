import { add, distance, distanceXY, subtract } from "../../geometry.ts";
import type { Vec3 } from "../../mjcf.ts";
import { beside, closeAt, type Expert } from "../expert.ts";
import { cagingReward, double, hamacher, tolerance } from "../rewards.ts";
import { defineTask, float32, looseObject, putObject, twoPoints } from "../task.ts";

/**
 * Put the block onto the shelf. Source: sawyer_shelf_place_v3.py (7ea2b50).
 * The block stands at the height it has settled to, whatever the drawn one.
 */
export const shelfPlace = defineTask({
  name: "shelf-place",
  solved: "the block is within 7 cm of the goal",
  difficulty: "very-hard",
  scene: "shelf",
  handStart: float32([0, 0.6, 0.2]),
  random: { low: [-0.1, 0.5, 0.019, -0.1, 0.8, 0.299], high: [0.1, 0.6, 0.021, 0.1, 0.9, 0.301], apart: 0.1 },
  goalSpace: { low: [-0.1, 0.8, 0.299], high: [0.1, 0.9, 0.301] },
  reset(sim, vector) {
    const [block, board] = twoPoints(vector);
    const object = [block[0], block[1], sim.bodyPosition("obj")[2]] as const;
    sim.placeBody("shelf", add(board, [0, 0, -0.3]));
    putObject(sim, object);
    return { object, goal: sim.sitePosition("goal") };
  },
  objects: looseObject,
  evaluate(moment) {
    const { object, opening, tcp, start } = moment;
    const toGoal = distance(object, start.goal);
    const near = tolerance(toGoal, { bounds: [0, 0.05], margin: distance(start.object, start.goal) });
    const { grasp, round } = cagingReward(moment, object, {
      objectRadius: 0.02,
      padSuccess: 0.05,
      xzThreshold: 0.01,
    });
    const held = distance(object, tcp) < 0.025 && opening > 0 && object[2] - 0.01 > start.object[2];
    const blocked = underShelf(object, start.goal);
    const inPlace = Math.max(near - blocked, 0);
    let reward = hamacher(grasp, near, round);
    // A place that the shelf takes from is in double precision, as in the official package; the sum with it too.
    const sum = blocked > 0 && blocked < 1 ? double : round;
    if (held) reward = sum(reward + sum(1 + 5 * inPlace));
    if (toGoal < 0.05) reward = 10;
    return { reward, success: toGoal <= 0.07, terms: { grasp, inPlace } };
  },
});

/** 1 where the block is under the shelf; in front of it less, the farther away or the higher the block is. */
function underShelf(block: Vec3, goal: Vec3): number {
  const height = 0.24;
  const depth = 3 * 0.05;
  const [x, y] = subtract(block, goal);
  if (block[2] <= 0 || block[2] >= height || Math.abs(x) >= 0.15) return 0;
  if (y > 0) return 1;
  if (y <= -depth || y === 0) return 0;
  return hamacher((y + depth) / depth, (height - block[2]) / height);
}

const closeOnBlock = closeAt({ aside: 0.04, height: 0.15, open: -1, closed: 0.7 });

export const shelfPlaceExpert: Expert = {
  differs: "Waits until the fingers hold the block; the official one pulls them off it one time in ten.",
  gain: 25,
  phases: [
    {
      name: "above the block",
      when: ({ hand, object }) => distanceXY(hand, add(object, [-0.005, 0, 0])) > 0.04,
      to: beside([-0.005, 0, 0.315]),
      grip: closeOnBlock,
    },
    {
      name: "down to the block",
      when: ({ hand, object }) => Math.abs(hand[2] - (object[2] + 0.015)) > 0.04,
      to: beside([-0.005, 0, 0.015]),
      grip: closeOnBlock,
    },
    {
      name: "wait for the fingers",
      when: ({ opening }) => opening > 0.6,
      to: beside([-0.005, 0, 0.055]),
      grip: closeOnBlock,
    },
    {
      name: "lift it in front of the shelf's middle",
      when: ({ hand, goal }) => Math.abs(hand[0] - goal[0]) > 0.02,
      to: ({ hand, goal }) => [goal[0], hand[1], 0.3],
      grip: closeOnBlock,
    },
    {
      name: "lift it to the shelf's height",
      when: ({ hand }) => hand[2] < 0.3,
      to: ({ hand }) => add(hand, [0, 0, 0.3]),
      grip: closeOnBlock,
    },
    { name: "move it onto the shelf", to: ({ hand }) => add(hand, [0, 0.05, 0]), grip: closeOnBlock },
  ],
};
