import { add, distance, distanceXY, pointAt } from "../../geometry.ts";
import { beside, type Expert } from "../expert.ts";
import { hamacher, tolerance } from "../rewards.ts";
import { defineTask, noQuaternion } from "../task.ts";

/** Press the handle down. Source: sawyer_handle_press_v3.py (7ea2b50). */
export const handlePress = defineTask({
  name: "handle-press",
  solved: "the handle's height is within 2 cm of the goal's",
  difficulty: "easy",
  scene: "handle-press",
  handStart: [0, 0.6, 0.2],
  random: { low: [-0.1, 0.8, -0.001], high: [0.1, 0.9, 0.001] },
  goalSpace: { low: [-0.1, 0.55, 0.04], high: [0.1, 0.7, 0.08] },
  settleInPlace: true,
  reset(sim, vector) {
    const object = pointAt(vector, 0);
    sim.placeBody("box", object);
    sim.qpos[9] = -0.001;
    sim.qvel[9] = 0;
    sim.updatePoses();
    return { object, handle: sim.sitePosition("handleStart"), goal: sim.sitePosition("goalPress") };
  },
  objects: (sim) => [...sim.sitePosition("handleStart"), ...noQuaternion],
  evaluate({ sim, tcp, tcpStart, start }) {
    const handle = sim.sitePosition("handleStart");
    const toGoal = Math.abs(handle[2] - start.goal[2]);
    const inPlace = tolerance(toGoal, {
      bounds: [0, 0.02],
      margin: Math.abs(Math.abs(start.handle[2] - start.goal[2]) - 0.02),
    });
    const reach = tolerance(distance(handle, tcp), {
      bounds: [0, 0.02],
      margin: Math.abs(distance(start.handle, tcpStart) - 0.02),
    });
    const success = toGoal <= 0.02;
    return { reward: success ? 10 : 10 * hamacher(reach, inPlace), success, terms: { reach, inPlace } };
  },
});

export const handlePressExpert: Expert = {
  gain: 25,
  phases: [
    {
      name: "above the handle",
      when: ({ hand, object }) => distanceXY(hand, add(object, [0, -0.02, 0])) > 0.02,
      to: beside([0, -0.02, 0.2]),
      grip: -1,
    },
    { name: "press", to: beside([0, -0.02, -0.5]), grip: -1 },
  ],
};
