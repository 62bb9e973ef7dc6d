import { add, distanceXY, norm, pointAt, quaternionXyzw, subtract } from "../../geometry.ts";
import type { Vec3 } from "../../mjcf.ts";
import { beside, type Expert } from "../expert.ts";
import { hamacher, tolerance } from "../rewards.ts";
import { defineTask } from "../task.ts";

/** Pull the door open by its handle. Source: sawyer_door_v3.py (7ea2b50). */
export const doorOpen = defineTask({
  name: "door-open",
  solved: "the door's handle is within 8 cm of the goal, from left to right",
  difficulty: "easy",
  scene: "door",
  handStart: [0, 0.6, 0.2],
  random: { low: [0, 0.85, 0.15], high: [0.1, 0.95, 0.15] },
  goalSpace: { low: [-0.3, 0.4, 0.1499], high: [-0.2, 0.5, 0.1501] },
  reset(sim, vector) {
    const object = pointAt(vector, 0);
    sim.placeBody("door", object);
    sim.setJoint("doorjoint", 0);
    sim.setJointVelocity("doorjoint", 0);
    sim.updatePoses();
    return { object, goal: add(object, [-0.3, -0.45, 0]) };
  },
  objects: (sim) => [...sim.sitePosition("handle"), ...quaternionXyzw(sim.siteMatrix("handle"))],
  evaluate({ sim, hand, object, action, start }) {
    const grip = Math.fround(Math.min(Math.max(action[3], -1), 1) + 1) / 2;
    const ready = readyToPull(hand, add(object, [-0.05, 0, 0]));
    const angle = -sim.joint("doorjoint");
    const wide = tolerance(Math.PI / 2 + Math.PI / 6 - angle, { bounds: [0, 0.5], margin: Math.PI / 3 });
    const open = 0.2 * Number(angle > Math.PI / 90) + 0.8 * wide;
    const success = Math.abs(object[0] - start.goal[0]) <= 0.08;
    return {
      reward: success ? 10 : 2 * hamacher(ready, grip) + 8 * open,
      success,
      terms: { grip, ready, open },
    };
  },
});

/** The hand is at the handle, and came from above the rim around it. */
function readyToPull(hand: Vec3, door: Vec3): number {
  const rim = 0.12;
  const radius = distanceXY(hand, door);
  const floor = radius <= rim ? 0 : 0.04 * Math.log(radius - rim) + 0.4;
  const above = hand[2] >= floor ? 1 : tolerance(floor - hand[2], { bounds: [0, 0.01], margin: floor / 2 });
  const away = norm(subtract(subtract(hand, door), [0.05, 0.03, -0.01]));
  return hamacher(above, tolerance(away, { bounds: [0, rim / 2], margin: 0.5 }));
}

export const doorOpenExpert: Expert = {
  gain: 25,
  phases: [
    {
      name: "above the handle",
      when: ({ hand, object }) => distanceXY(hand, add(object, [-0.05, 0, 0])) > 0.12,
      to: beside([0.01, 0.02, 0.2]),
      grip: 1,
    },
    {
      name: "down behind the handle",
      when: ({ hand, object }) => Math.abs(hand[2] - object[2]) > 0.04,
      to: beside([0.01, 0.02, 0]),
      grip: 1,
    },
    { name: "pull", to: beside([-0.05, 0, 0]), grip: 1 },
  ],
};
