import { distance, distanceXY } from "../../geometry.ts";
import type { Vec3 } from "../../mjcf.ts";
import { beside, closeAt, type Expert } from "../expert.ts";
import { cagingReward, hamacher, tolerance } from "../rewards.ts";
import { defineTask } from "../task.ts";
import { pickPlace } from "./pick-place.ts";

/** Lift the puck out of the pit. Source: sawyer_pick_out_of_hole_v3.py (7ea2b50). */
export const pickOutOfHole = defineTask({
  name: "pick-out-of-hole",
  solved: "the puck is within 7 cm of the goal",
  difficulty: "hard",
  scene: "pick-out-of-hole",
  handStart: [0, 0.6, 0.2],
  handSpace: { low: [-0.5, 0.4, -0.05], high: [0.5, 1, 0.5] },
  random: { low: [0, 0.75, 0.02, -0.1, 0.5, 0.15], high: [0, 0.75, 0.02, 0.1, 0.6, 0.3], apart: 0.15 },
  goalSpace: { low: [-0.1, 0.5, 0.15], high: [0.1, 0.6, 0.3] },
  reset: pickPlace.reset,
  objects: (sim) => [...sim.bodyPosition("obj"), ...sim.bodyQuaternion("obj")],
  evaluate(moment) {
    const { object, opening, tcp, start } = moment;
    const toGoal = distance(object, start.goal);
    const inPlace = tolerance(toGoal, { bounds: [0, 0.02], margin: distance(start.object, start.goal) });
    const clear = clearOfEdge(tcp, start.object);
    const { grasp, round } = cagingReward(moment, object, {
      objectRadius: 0.015,
      padSuccess: 0.02,
      xzThreshold: 0.03,
      effort: 0.1,
      density: "high",
    });
    const lifted = distance(object, tcp) < 0.04 && opening >= 0.33 && object[2] - 0.02 > start.object[2];
    let reward = hamacher(grasp, inPlace, round);
    if (lifted) reward = round(reward + round(1 + 5 * hamacher(inPlace, clear)));
    if (toGoal < 0.05) reward = 10;
    return { reward, success: toGoal <= 0.07, terms: { grasp, inPlace, clear } };
  },
});

/** The hand keeps above a funnel around the puck's first place, and so clear of the pit's edge. */
function clearOfEdge(tcp: Vec3, pit: Vec3): number {
  const mouth = 0.03;
  const radius = distanceXY(tcp, pit);
  const floor = radius <= mouth ? 0 : 0.015 * Math.log(radius - mouth) + 0.15;
  return tolerance(Math.max(floor - tcp[2], 0), { bounds: [0, 0.01], margin: 0.02 });
}

const closeOnPuck = closeAt({ at: [0, 0, 0.02], aside: 0.02, height: 0.15, open: 0, closed: 0.1 });

export const pickOutOfHoleExpert: Expert = {
  gain: 25,
  phases: [
    {
      name: "above the pit",
      when: ({ hand, object }) => distanceXY(hand, object) > 0.02,
      to: beside([0, 0, 0.17]),
      grip: closeOnPuck,
    },
    {
      name: "down to the puck",
      when: ({ hand, object }) => Math.abs(hand[2] - (object[2] + 0.02)) > 0.01,
      to: beside([0, 0, 0.02]),
      grip: closeOnPuck,
    },
    {
      name: "lift it to the goal's height",
      when: ({ hand, goal }) => Math.abs(hand[2] - goal[2]) > 0.04,
      to: ({ hand, goal }) => [hand[0], hand[1], goal[2]],
      grip: closeOnPuck,
    },
    { name: "carry it to the goal", to: ({ goal }) => goal, grip: closeOnPuck },
  ],
};
