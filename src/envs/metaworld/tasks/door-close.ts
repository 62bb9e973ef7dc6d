import { add, distance, pointAt, quaternionXyzw } from "../../geometry.ts";
import { beside, type Expert } from "../expert.ts";
import { tolerance } from "../rewards.ts";
import { defineTask, float32 } from "../task.ts";

/** Push the door shut. Source: sawyer_door_close_v3.py (7ea2b50). */
export const doorClose = defineTask({
  name: "door-close",
  solved: "the door's handle is within 8 cm of the goal",
  difficulty: "easy",
  scene: "door",
  handStart: float32([-0.5, 0.6, 0.2]),
  random: { low: [0, 0.85, 0.15], high: [0.1, 0.95, 0.15] },
  goalSpace: { low: [0.2, 0.65, 0.1499], high: [0.3, 0.75, 0.1501] },
  reset(sim, vector) {
    const object = pointAt(vector, 0);
    sim.placeBody("door", object);
    sim.setJoint("doorjoint", -1.5708);
    sim.setJointVelocity("doorjoint", 0);
    sim.updatePoses();
    return { object, goal: add(object, [0.2, -0.2, 0]) };
  },
  objects: (sim) => [...sim.sitePosition("handle"), ...quaternionXyzw(sim.siteMatrix("handle"))],
  evaluate({ object, tcp, handStart, start }) {
    const toGoal = distance(object, start.goal);
    const inPlace = tolerance(toGoal, {
      bounds: [0, 0.05],
      margin: distance(start.object, start.goal),
      shape: "gaussian",
    });
    const handInPlace = tolerance(distance(tcp, start.goal), {
      bounds: [0, 0.25 * 0.05],
      margin: distance(handStart, object) + 0.1,
      shape: "gaussian",
    });
    return {
      reward: toGoal < 0.05 ? 10 : 3 * handInPlace + 6 * inPlace,
      success: toGoal <= 0.08,
      terms: { inPlace, handInPlace },
    };
  },
});

export const doorCloseExpert: Expert = {
  gain: 25,
  phases: [
    {
      name: "rise, the handle is in the way",
      when: ({ hand, object }) => hand[0] > object[0] + 0.05 && hand[2] < object[2] + 0.3,
      to: ({ hand, object }) => [hand[0], hand[1], object[2] + 0.35],
      grip: 1,
    },
    {
      name: "back over the handle, to the door's outside",
      when: ({ hand, object }) => hand[0] > object[0] + 0.05,
      to: ({ hand, object }) => [object[0] + 0.03, object[1] + 0.12, hand[2]],
      grip: 1,
    },
    {
      name: "to the height to push at",
      when: ({ hand, object }) => Math.abs(hand[2] - (object[2] + 0.1)) > 0.04,
      to: beside([0.03, 0.12, 0.1]),
      grip: 1,
    },
    { name: "push", to: ({ goal }) => goal, grip: 1 },
  ],
};
