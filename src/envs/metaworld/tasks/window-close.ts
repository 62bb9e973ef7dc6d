import { add, distance, distanceXY, pointAt } from "../../geometry.ts";
import { beside, type Expert } from "../expert.ts";
import { hamacher, tolerance } from "../rewards.ts";
import { defineTask, float32, handSpace, noQuaternion } from "../task.ts";

/** Slide the window shut, to the left. Source: sawyer_window_close_v3.py (7ea2b50). */
export const windowClose = defineTask({
  name: "window-close",
  solved: "the handle is within 5 cm of the goal, from left to right",
  difficulty: "easy",
  scene: "window",
  handStart: float32([0, 0.4, 0.2]),
  random: { low: [0, 0.75, 0.2], high: [0, 0.9, 0.2] },
  goalSpace: handSpace,
  reset(sim, vector) {
    const object = pointAt(vector, 0);
    sim.placeBody("window", object);
    const handle = add(sim.sitePosition("handleCloseStart"), [0.2, 0, 0]);
    sim.setJoint("window_slide", 0.2);
    return { object, handle, goal: object };
  },
  objects: (sim) => [...sim.sitePosition("handleCloseStart"), ...noQuaternion],
  evaluate({ sim, tcp, tcpStart, start }) {
    const handle = sim.sitePosition("handleCloseStart");
    const toGoal = Math.abs(handle[0] - start.goal[0]);
    const inPlace = tolerance(toGoal, {
      bounds: [0, 0.05],
      margin: Math.abs(Math.abs(start.handle[0] - start.goal[0]) - 0.05),
    });
    const reach = tolerance(distance(handle, tcp), {
      bounds: [0, 0.02],
      margin: Math.abs(distance(start.handle, tcpStart) - 0.02),
      shape: "gaussian",
    });
    return { reward: 10 * hamacher(reach, inPlace), success: toGoal <= 0.05, terms: { reach, inPlace } };
  },
});

export const windowCloseExpert: Expert = {
  gain: 25,
  phases: [
    {
      name: "above the handle's right side",
      when: ({ hand, object }) => distanceXY(hand, add(object, [0.03, -0.03, 0])) > 0.04,
      to: beside([0.03, -0.03, 0.17]),
      grip: 1,
    },
    {
      name: "down beside it",
      when: ({ hand, object }) => Math.abs(hand[2] - (object[2] - 0.08)) > 0.02,
      to: beside([0.03, -0.03, -0.08]),
      grip: 1,
    },
    { name: "push to the left", to: beside([-0.07, -0.03, -0.08]), grip: 1 },
  ],
};
