import { distance, distanceXY, pointAt } from "../../geometry.ts";
import { beside, closeAt, type Expert } from "../expert.ts";
import { cagingReward, hamacher, tolerance } from "../rewards.ts";
import { defineTask, handSpace, noQuaternion } from "../task.ts";

/** Pull the handle up, from the side. Source: sawyer_handle_pull_side_v3.py (7ea2b50). */
export const handlePullSide = defineTask({
  name: "handle-pull-side",
  solved: "the handle is within 8 cm of the goal",
  difficulty: "easy",
  scene: "handle-press-side",
  handStart: [0, 0.6, 0.2],
  random: { low: [-0.35, 0.65, 0], high: [-0.25, 0.75, 0] },
  goalSpace: handSpace,
  settleInPlace: true, // the arm brushes a handle on the right; no recorded goal has one
  reset(sim, vector) {
    sim.placeBody("box", pointAt(vector, 0));
    sim.qpos[9] = -0.1;
    sim.qvel[9] = 0;
    sim.updatePoses();
    return { object: sim.sitePosition("handleCenter"), goal: sim.sitePosition("goalPull") };
  },
  objects: (sim) => [...sim.sitePosition("handleCenter"), ...noQuaternion],
  evaluate(moment) {
    const { object: handle, opening, tcp, start } = moment;
    const toGoal = distance(handle, start.goal);
    const inPlace = tolerance(toGoal, { bounds: [0, 0.05], margin: distance(start.object, start.goal) });
    const { grasp, round } = cagingReward(moment, handle, {
      objectRadius: 0.032,
      padSuccess: 0.06,
      xzThreshold: 0.01,
      density: "high",
    });
    const risen = handle[2] - 0.01 > start.object[2];
    let reward = hamacher(grasp, inPlace, round);
    if (distance(handle, tcp) < 0.035 && opening > 0 && risen)
      reward = round(reward + round(1 + 5 * inPlace));
    if (toGoal < 0.05) reward = 10;
    return { reward, success: toGoal <= 0.08, terms: { grasp, inPlace } };
  },
});

const closeOnHandle = closeAt({ aside: 0.04, height: 0.04, open: 0, closed: 0.6 });

export const handlePullSideExpert: Expert = {
  gain: 25,
  phases: [
    {
      name: "above the handle",
      when: ({ hand, object }) => distanceXY(hand, object) > 0.04,
      to: beside([0, 0, 0.1]),
      grip: closeOnHandle,
    },
    {
      name: "down to it",
      when: ({ hand, object }) => Math.abs(hand[2] - object[2]) > 0.03,
      to: beside([0, 0, 0]),
      grip: closeOnHandle,
    },
    { name: "lift", to: beside([0, 0, 1]), grip: closeOnHandle },
  ],
};
