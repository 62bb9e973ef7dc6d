import { add, distanceXY, multiply, norm, pointAt, subtract } from "../../geometry.ts";
import type { Vec3 } from "../../mjcf.ts";
import { beside, type Expert, type Sight } from "../expert.ts";
import { tolerance } from "../rewards.ts";
import { deepHandSpace, defineTask, float32 } from "../task.ts";

/** Turn the lock up. Source: sawyer_door_unlock_v3.py (7ea2b50). */
export const doorUnlock = defineTask({
  name: "door-unlock",
  solved: "the lock is within 2 cm of the goal, from left to right",
  difficulty: "easy",
  scene: "door-lock",
  handStart: float32([0, 0.6, 0.2]),
  handSpace: deepHandSpace,
  random: { low: [-0.1, 0.8, 0.15], high: [0.1, 0.85, 0.15] },
  goalSpace: { low: [0, 0.64, 0.21], high: [0.2, 0.7, 0.2111] },
  settleInPlace: true,
  reset(sim, vector) {
    sim.placeBody("door", pointAt(vector, 0));
    sim.qpos[9] = 1.5708; // the lock's joint
    sim.qvel[9] = 0;
    sim.updatePoses();
    const object = sim.bodyPosition("lock_link");
    return { object, goal: add(object, [0.1, -0.04, 0]) };
  },
  objects: (sim) => [...sim.sitePosition("lockStartUnlock"), ...sim.bodyQuaternion("door_link")],
  evaluate({ hand, object, tcpStart, start }) {
    const left = Math.abs(start.goal[0] - object[0]);
    const near = tolerance(shoulderTo(object, hand), {
      bounds: [0, 0.02],
      margin: shoulderTo(start.object, tcpStart),
    });
    const turned = tolerance(left, { bounds: [0, 0.005], margin: 0.1 });
    return { reward: 2 * near + 8 * turned, success: left <= 0.02, terms: { near, turned } };
  },
});

/** Distance from a point to the gripper's shoulder, which stands above and behind the hand; x counts least. */
function shoulderTo(point: Vec3, hand: Vec3): number {
  return norm(multiply(subtract(add(hand, [0, 0.055, 0.07]), point), [0.25, 1, 0.5]));
}

/** Place at which the hand meets the lock, from the lock's observed point. */
const side = [-0.04, -0.02, -0.03] as const;

export const doorUnlockExpert: Expert = {
  gain: 25,
  phases: [
    {
      name: "down and back",
      when: (sight) => aside(sight) && sight.hand[2] > 0.15,
      to: ({ hand }) => add(hand, [0, -0.1, -0.1]),
      grip: 1,
    },
    { name: "to the lock's left side", when: aside, to: beside(side), grip: 1 },
    { name: "turn it up", to: beside(add(side, [0.1, 0, 0.01])), grip: 1 },
  ],
};

function aside({ hand, object }: Sight): boolean {
  return distanceXY(hand, add(object, side)) > 0.02;
}
