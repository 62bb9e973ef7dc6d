import { add, distance, distanceXY, multiply, norm, subtract } from "../../geometry.ts";
import { beside, type Expert } from "../expert.ts";
import { tolerance } from "../rewards.ts";
import { defineTask, float32, handSpace } from "../task.ts";

/** Travel of the drawer, metres. */
const pull = 0.2;

/** Pull the drawer open. Source: sawyer_drawer_open_v3.py (7ea2b50). */
export const drawerOpen = defineTask({
  name: "drawer-open",
  solved: "the handle is within 3 cm of the goal",
  difficulty: "easy",
  scene: "drawer",
  handStart: float32([0, 0.6, 0.2]),
  random: { low: [-0.1, 0.9, 0], high: [0.1, 0.9, 0] },
  goalSpace: handSpace,
  reset(sim, [x, y, z]) {
    sim.placeBody("drawer", [x, y, z]);
    return { object: [x, y, z], goal: add([x, y, z], [0, -0.16 - pull, 0.09]) };
  },
  objects: (sim) => [
    ...add(sim.bodyPosition("drawer_link"), [0, -0.16, 0]),
    ...sim.bodyQuaternion("drawer_link"),
  ],
  evaluate({ hand, object: handle, tcpStart, start }) {
    const toGoal = distance(handle, start.goal);
    const open = tolerance(toGoal, { bounds: [0, 0.02], margin: pull });
    const handleStart = add(start.goal, [0, pull, 0]);
    const flat = [3, 3, 1] as const;
    const reach = tolerance(norm(multiply(subtract(handle, hand), flat)), {
      bounds: [0, 0.01],
      margin: norm(multiply(subtract(handleStart, tcpStart), flat)),
    });
    return { reward: 5 * (reach + open), success: toGoal <= 0.03, terms: { reach, open } };
  },
});

export const drawerOpenExpert: Expert = {
  gain: 4,
  phases: [
    {
      name: "above the handle",
      when: ({ hand, object }) => distanceXY(hand, object) > 0.06,
      to: beside([0, 0, 0.28]),
      grip: -1,
    },
    {
      name: "down behind the handle",
      when: ({ hand, object }) => Math.abs(hand[2] - (object[2] - 0.02)) > 0.04,
      to: beside([0, 0, -0.02]),
      grip: -1,
    },
    { name: "pull", to: beside([0, -0.06, -0.02]), grip: -1, gain: 50 },
  ],
};
