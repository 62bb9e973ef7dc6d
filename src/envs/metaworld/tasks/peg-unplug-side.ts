import { add, distance, distanceXY, pointAt } from "../../geometry.ts";
import { beside, closeAt, type Expert, type Sight } from "../expert.ts";
import { cagingReward, tolerance } from "../rewards.ts";
import { defineTask } from "../task.ts";

/**
 * Pull the plug out. Source: sawyer_peg_unplug_side_v3.py (7ea2b50).
 * The official reset stops the plug but not its turning; so it wobbles in its hole at first.
 */
export const pegUnplugSide = defineTask({
  name: "peg-unplug-side",
  solved: "the plug's end is within 7 cm of the goal",
  difficulty: "easy",
  scene: "peg-unplug-side",
  handStart: [0, 0.6, 0.2],
  random: { low: [-0.25, 0.6, -0.001], high: [-0.15, 0.8, 0.001] },
  goalSpace: { low: [-0.056, 0.6, 0.13], high: [0.044, 0.8, 0.132] },
  settleInPlace: true,
  reset(sim, vector) {
    const box = pointAt(vector, 0);
    const plug = add(box, [0.044, 0, 0.131]);
    sim.placeBody("box", box);
    sim.qpos.set([...plug, 1, 0, 0, 0], 9);
    sim.qvel.fill(0, 9, 12);
    sim.updatePoses();
    return { object: sim.sitePosition("pegEnd"), goal: add(plug, [0.15, 0, 0]) };
  },
  objects: (sim) => [...sim.sitePosition("pegEnd"), ...sim.bodyQuaternion("plug1")],
  evaluate(moment) {
    const { object, opening, tcp, start } = moment;
    const toGoal = distance(object, start.goal);
    const inPlace = tolerance(toGoal, { bounds: [0, 0.05], margin: distance(start.object, start.goal) });
    const { grasp, round } = cagingReward(moment, object, {
      objectRadius: 0.025,
      padSuccess: 0.05,
      xzThreshold: 0.005,
      effort: 0.8,
      density: "high",
    });
    const pulled = opening > 0.5 && object[0] - start.object[0] > 0.015 && distance(object, tcp) < 0.035;
    let reward = round(2 * grasp);
    if (pulled) reward = round(round(1 + reward) + round(5 * inPlace));
    if (toGoal <= 0.05) reward = 10;
    return { reward, success: toGoal <= 0.07, terms: { grasp, inPlace } };
  },
});

/** Place at which the hand takes the plug. */
const handhold = [-0.02, 0, 0.035] as const;
const closeOnPlug = closeAt({ at: handhold, aside: 0.04, height: 0.15, open: -1, closed: 0.1 });

export const pegUnplugSideExpert: Expert = {
  differs: "Picks up a plug that slipped out of its fingers.",
  gain: 25,
  phases: [
    {
      name: "above the fallen plug",
      when: (sight) => fallen(sight) && distanceXY(sight.hand, add(sight.object, handhold)) > 0.02,
      to: beside([-0.02, 0, 0.12]),
      grip: -1,
    },
    {
      name: "down to the fallen plug",
      when: (sight) => fallen(sight) && sight.hand[2] - sight.object[2] > 0.03,
      to: beside([-0.02, 0, 0.01]),
      grip: -1,
    },
    {
      name: "drag the fallen plug under the goal",
      when: (sight) => fallen(sight) && distanceXY(sight.object, sight.goal) > 0.02,
      to: ({ hand, goal }) => [goal[0] - 0.02, goal[1], hand[2]],
      grip: 0.6,
      gain: 5,
    },
    {
      name: "lift the fallen plug",
      when: fallen,
      to: ({ goal }) => add(goal, [-0.02, 0, 0]),
      grip: 0.6,
      gain: 5,
    },
    {
      name: "above the plug",
      when: ({ hand, object }) => distanceXY(hand, add(object, handhold)) > 0.04,
      to: beside([-0.02, 0, 0.235]),
      grip: closeOnPlug,
    },
    {
      name: "down to the plug",
      when: ({ hand }) => Math.abs(hand[2] - 0.15) > 0.02,
      to: ({ object }) => [object[0] - 0.02, object[1], 0.15],
      grip: closeOnPlug,
    },
    { name: "pull", to: ({ hand }) => add(hand, [0.01, 0, 0]), grip: closeOnPlug },
  ],
};

/** It slipped out of the fingers. */
function fallen({ object }: Sight): boolean {
  return object[2] < 0.08;
}
