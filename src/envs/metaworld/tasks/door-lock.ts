import { add, distanceXY, multiply, norm, pointAt, subtract } from "../../geometry.ts";
import { beside, type Expert, type Sight } from "../expert.ts";
import { hamacher, tolerance } from "../rewards.ts";
import { deepHandSpace, defineTask, float32 } from "../task.ts";

/**
 * Turn the lock down. Source: sawyer_door_lock_v3.py (7ea2b50).
 * The term for nearing the lock is meant to have the pad's first distance as its margin, but the stored pad moves
 * along: the margin is the present distance, and the term stays near 0.1 until the last centimetres.
 */
export const doorLock = defineTask({
  name: "door-lock",
  solved: "the lock's height is within 2 cm of the goal's",
  difficulty: "easy",
  scene: "door-lock",
  handStart: float32([0, 0.6, 0.2]),
  handSpace: deepHandSpace,
  random: { low: [-0.1, 0.8, 0.15], high: [0.1, 0.85, 0.15] },
  goalSpace: deepHandSpace,
  settleInPlace: true,
  reset(sim, vector) {
    sim.placeBody("door", pointAt(vector, 0));
    sim.step(5);
    const object = sim.bodyPosition("lock_link");
    return { object, goal: add(object, [0, -0.04, -0.1]) };
  },
  objects: (sim) => [...sim.sitePosition("lockStartLock"), ...sim.bodyQuaternion("door_link")],
  evaluate({ object, opening, leftPad, start }) {
    const toLock = norm(multiply(subtract(object, leftPad), [0.25, 1, 0.5]));
    const left = Math.abs(start.goal[2] - object[2]);
    const near = tolerance(toLock, { bounds: [0, 0.01], margin: toLock });
    const pressed = tolerance(left, { bounds: [0, 0.005], margin: 0.1 });
    const reach = hamacher(opening, near);
    return { reward: 2 * reach + 8 * pressed, success: left <= 0.02, terms: { reach, pressed } };
  },
});

/** Place at which the hand meets the lock, from the lock's observed point. */
const tip = [-0.02, -0.02, 0] as const;

export const doorLockExpert: Expert = {
  gain: 25,
  phases: [
    {
      name: "up and back, off the lock",
      when: (sight) => aside(sight) && sight.hand[2] < 0.25,
      to: ({ hand }) => add(hand, [0, -0.1, 0.1]),
      grip: -1,
    },
    { name: "above the lock", when: aside, to: beside(add(tip, [0, 0, 0.3])), grip: -1 },
    {
      name: "down on it",
      when: ({ hand, object }) => Math.abs(hand[2] - object[2]) > 0.02,
      to: beside(tip),
      grip: -1,
    },
    { name: "turn it down", to: beside(add(tip, [-0.1, 0, -0.1])), grip: -1 },
  ],
};

function aside({ hand, object }: Sight): boolean {
  return distanceXY(hand, add(object, tip)) > 0.02;
}
