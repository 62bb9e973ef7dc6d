import { add, distance, pointAt } from "../../geometry.ts";
import type { Sim } from "../../sim.ts";
import { beside, type Expert } from "../expert.ts";
import { effortOf, hamacher, tolerance } from "../rewards.ts";
import { defineTask, float32, handSpace, noQuaternion } from "../task.ts";

/** Push the drawer shut. Source: sawyer_drawer_close_v3.py (7ea2b50). */
export const drawerClose = defineTask({
  name: "drawer-close",
  solved: "the handle is within 6.5 cm of the goal",
  difficulty: "easy",
  scene: "drawer",
  handStart: float32([0, 0.6, 0.2]),
  random: { low: [-0.1, 0.9, 0], high: [0.1, 0.9, 0] },
  goalSpace: handSpace,
  reset(sim, vector) {
    const place = pointAt(vector, 0);
    sim.placeBody("drawer", place);
    sim.setJoint("goal_slidey", -0.15);
    sim.updatePoses();
    return { object: handle(sim), goal: add(place, [0, -0.16, 0.09]) };
  },
  objects: (sim) => [...handle(sim), ...noQuaternion],
  evaluate({ object, tcp, tcpStart, action, start }) {
    const toGoal = distance(object, start.goal);
    const inPlace = tolerance(toGoal, {
      bounds: [0, 0.05],
      margin: Math.abs(distance(start.object, start.goal) - 0.05),
    });
    const near = tolerance(distance(object, tcp), {
      bounds: [0, 0.005],
      margin: Math.abs(distance(start.object, tcpStart) - 0.005),
      shape: "gaussian",
    });
    const { effort, round } = effortOf(action);
    const reach = hamacher(near, effort, round);
    const success = toGoal <= 0.05 + 0.015;
    const reward = success ? 10 : round(10 * hamacher(reach, inPlace, round));
    return { reward, success, terms: { reach, inPlace } };
  },
});

function handle(sim: Sim) {
  return add(sim.bodyPosition("drawer_link"), [0, -0.16, 0.05]);
}

export const drawerCloseExpert: Expert = {
  gain: 25,
  phases: [
    {
      name: "rise, the handle is in the way",
      when: ({ hand, object }) => hand[1] > object[1] && hand[2] < object[2] + 0.21,
      to: ({ hand, object }) => [hand[0], hand[1], object[2] + 0.48],
      grip: 1,
    },
    {
      name: "over the handle",
      when: ({ hand, object }) => hand[1] > object[1],
      to: beside([0, -0.075, 0.21]),
      grip: 1,
    },
    {
      name: "down in front of it",
      when: ({ hand, object }) => Math.abs(hand[2] - (object[2] - 0.02)) > 0.04,
      to: beside([0, -0.075, -0.02]),
      grip: 1,
    },
    { name: "push", to: beside([0, 0, -0.02]), grip: 1 },
  ],
};
