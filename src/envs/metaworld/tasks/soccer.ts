import { distance, distanceXY, multiply, norm, quaternionXyzw, subtract } from "../../geometry.ts";
import type { Vec3 } from "../../mjcf.ts";
import type { Expert, Sight } from "../expert.ts";
import { signedCagingReward, tolerance } from "../rewards.ts";
import { defineTask, putObject, twoPoints } from "../task.ts";

/**
 * Push the ball into the goal. Source: sawyer_soccer_v3.py (7ea2b50).
 * As in the official package, the margin of `inPlace` is how far the ball has come and not how far it had to go: where
 * it starts, its place earns nothing.
 */
export const soccer = defineTask({
  name: "soccer",
  solved: "the ball is within 7 cm of the goal",
  difficulty: "medium",
  scene: "soccer",
  handStart: [0, 0.6, 0.2],
  random: { low: [-0.1, 0.6, 0.03, -0.1, 0.8, 0], high: [0.1, 0.7, 0.03, 0.1, 0.9, 0], apart: 0.15 },
  goalSpace: { low: [-0.1, 0.8, 0], high: [0.1, 0.9, 0] },
  reset(sim, vector) {
    const [object, goal] = twoPoints(vector);
    sim.placeBody("goal_whole", goal);
    putObject(sim, object);
    return { object, goal };
  },
  objects: (sim) => [...sim.bodyPosition("soccer_ball"), ...quaternionXyzw(sim.bodyMatrix("soccer_ball"))],
  evaluate(moment) {
    const { object, start } = moment;
    const wide = (way: Vec3) => norm(multiply(way, [3, 1, 1]));
    const toGoal = wide(subtract(object, start.goal));
    const near = tolerance(toGoal, { bounds: [0, 0.07], margin: wide(subtract(object, start.object)) });
    const inPlace = Math.min(Math.max(near - besideGoal(object, start.goal), 0), 1);
    const { grasp } = signedCagingReward(moment, object, {
      objectRadius: 0.013,
      xzThreshold: 0.005,
      gripMargin: 0.01,
    });
    const reward = toGoal < 0.07 ? 10 : 3 * grasp + 6.5 * inPlace;
    return { reward, success: distance(object, start.goal) <= 0.07, terms: { grasp, inPlace } };
  },
});

/** Loss of a ball that passes the goal on its outside: nothing beside its mouth, 2 at y = 1. */
function besideGoal(ball: Vec3, goal: Vec3): number {
  const mouth = goal[1] - 0.1;
  const beside = ball[1] > mouth && Math.abs(ball[0] - goal[0]) > 0.1;
  return beside ? 2 * ((ball[1] - mouth) / (1 - mouth)) : 0;
}

/**
 * Rolls the ball before the hand. The official policy walks round the ball and shoves it along x, then y; one ball in
 * ten gets away from it.
 */
export const soccerExpert: Expert = {
  differs:
    "Rolls the ball where the official one shoves it: slower, and nearly none gets away instead of one in ten.",
  gain: 25,
  phases: [{ name: "behind the ball, on its line to the goal", to: behindBall, grip: 1 }],
};

function behindBall({ object, goal }: Sight): Vec3 {
  const behind = 0.043 / distanceXY(object, goal);
  const [x, y] = subtract(object, goal);
  return [object[0] + behind * x, object[1] + behind * y, 0.03];
}
