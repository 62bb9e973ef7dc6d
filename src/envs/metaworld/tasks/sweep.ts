import { add, distance, distanceXY } from "../../geometry.ts";
import { beside, type Expert, type Sight } from "../expert.ts";
import { hamacher, signedCagingReward, tolerance } from "../rewards.ts";
import { defineTask, putObject } from "../task.ts";

/** Sweep the cube off to the right. Source: sawyer_sweep_v3.py (7ea2b50). */
export const sweep = defineTask({
  name: "sweep",
  solved: "the cube is within 5 cm of the goal",
  difficulty: "medium",
  scene: "sweep",
  handStart: [0, 0.6, 0.2],
  random: { low: [-0.1, 0.6, 0.02], high: [0.1, 0.7, 0.02] },
  goalSpace: { low: [0.49, 0.6, 0], high: [0.51, 0.7, 0.02] },
  reset(sim, [x, y]) {
    const object = [x, y, 0.02] as const;
    putObject(sim, object);
    return { object, goal: [0.5, y, 0.01] };
  },
  objects: (sim) => [...sim.bodyPosition("obj"), ...sim.bodyQuaternion("obj")],
  evaluate(moment) {
    const { object, start } = moment;
    const toGoal = distance(object, start.goal);
    const inPlace = tolerance(toGoal, { bounds: [0, 0.05], margin: distance(start.object, start.goal) });
    const { grasp } = signedCagingReward(moment, object, {
      objectRadius: 0.02,
      xzThreshold: 0.005,
      gripMargin: 0.01,
    });
    const reward = toGoal < 0.05 ? 10 : 2 * grasp + 6 * hamacher(grasp, inPlace);
    return { reward, success: toGoal <= 0.05, terms: { grasp, inPlace } };
  },
});

export const sweepExpert: Expert = {
  gain: 25,
  phases: [
    {
      name: "above the cube",
      when: ({ hand, object }) => hand[0] < 0.2 && distanceXY(hand, object) > 0.04,
      to: beside([0, 0, 0.315]),
      grip: closeOnCube,
    },
    {
      name: "down to the cube",
      when: ({ hand, object }) => hand[0] < 0.2 && Math.abs(hand[2] - (object[2] + 0.015)) > 0.04,
      to: beside([0, 0, 0.015]),
      grip: closeOnCube,
    },
    { name: "sweep it to the right", to: ({ goal }) => add(goal, [0, 0, 0.1]), grip: closeOnCube },
  ],
};

/** Lets go at the goal. */
function closeOnCube({ hand, object }: Sight): number {
  const away = distanceXY(hand, object) > 0.04 || Math.abs(hand[2] - object[2]) > 0.15;
  return away || object[0] >= 0.4 ? -1 : 0.7;
}
