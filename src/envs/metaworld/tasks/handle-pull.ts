import { add, distance, distanceXY, pointAt } from "../../geometry.ts";
import { beside, type Expert } from "../expert.ts";
import { cagingReward, hamacher, tolerance } from "../rewards.ts";
import { defineTask, noQuaternion } from "../task.ts";

/**
 * Pull the handle up. Source: sawyer_handle_pull_v3.py (7ea2b50).
 * The official check that the handle has risen compares its y with a height, which always holds: there is none here.
 * Rewards count the box's place as the handle's start.
 */
export const handlePull = defineTask({
  name: "handle-pull",
  solved: "the handle's height is within 5 cm of the goal's",
  difficulty: "easy",
  scene: "handle-press",
  handStart: [0, 0.6, 0.2],
  random: { low: [-0.1, 0.8, -0.001], high: [0.1, 0.9, 0.001] },
  goalSpace: { low: [-0.1, 0.55, 0.04], high: [0.1, 0.7, 0.18] },
  settleInPlace: true,
  reset(sim, vector) {
    const object = pointAt(vector, 0);
    sim.placeBody("box", object);
    sim.qpos[9] = -0.1;
    sim.qvel[9] = 0;
    sim.updatePoses();
    return { object, goal: sim.sitePosition("goalPull") };
  },
  objects: (sim) => [...sim.sitePosition("handleRight"), ...noQuaternion],
  evaluate(moment) {
    const { object: handle, opening, tcp, start } = moment;
    const toGoal = Math.abs(start.goal[2] - handle[2]);
    const inPlace = tolerance(toGoal, {
      bounds: [0, 0.05],
      margin: Math.abs(start.goal[2] - start.object[2]),
    });
    const { grasp, round } = cagingReward(moment, handle, {
      objectRadius: 0.022,
      padSuccess: 0.05,
      xzThreshold: 0.01,
      density: "high",
    });
    let reward = hamacher(grasp, inPlace, round);
    if (distance(handle, tcp) < 0.035 && opening > 0) reward = round(reward + round(1 + 5 * inPlace));
    if (toGoal < 0.05) reward = 10;
    return { reward, success: toGoal <= 0.05, terms: { grasp, inPlace } };
  },
});

export const handlePullExpert: Expert = {
  gain: 25,
  phases: [
    {
      name: "to the handle's front",
      when: ({ hand, object }) => distanceXY(hand, add(object, [0, -0.04, 0])) > 0.02,
      to: beside([0, -0.04, 0]),
      grip: 1,
    },
    {
      name: "under it",
      when: ({ hand, object }) => Math.abs(hand[2] - object[2]) > 0.02,
      to: ({ object }) => [object[2], object[2], object[2]], // the official policy means the height alone
      grip: 1,
    },
    { name: "lift", to: beside([0, -0.04, 0.1]), grip: 1 },
  ],
};
