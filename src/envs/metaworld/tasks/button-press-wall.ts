import { add, distance, pointAt } from "../../geometry.ts";
import { beside, type Expert } from "../expert.ts";
import { hamacher, tolerance } from "../rewards.ts";
import { defineTask, float32, handSpace } from "../task.ts";

/** Press the button behind a wall. Source: sawyer_button_press_wall_v3.py (7ea2b50). */
export const buttonPressWall = defineTask({
  name: "button-press-wall",
  solved: "the button is within 3 cm of fully pressed",
  difficulty: "easy",
  scene: "button-press-wall",
  handStart: float32([0, 0.4, 0.2]),
  random: { low: [-0.05, 0.85, 0.1149], high: [0.05, 0.9, 0.1151] },
  goalSpace: handSpace,
  reset(sim, vector) {
    const object = pointAt(vector, 0);
    sim.placeBody("box", object);
    sim.setJoint("btnbox_joint", 0);
    sim.setJointVelocity("btnbox_joint", 0);
    sim.updatePoses();
    const goal = sim.sitePosition("hole");
    return { object, goal, travel: Math.abs(goal[1] - sim.sitePosition("buttonStart")[1]) };
  },
  objects: (sim) => [...add(sim.bodyPosition("button"), [0, -0.193, 0]), ...sim.bodyQuaternion("button")],
  evaluate({ object, opening, tcp, tcpStart, start }) {
    const toButton = distance(object, tcp);
    const left = Math.abs(start.goal[1] - object[1]);
    const near = tolerance(toButton, { bounds: [0, 0.01], margin: distance(object, tcpStart) });
    const pressed = tolerance(left, { bounds: [0, 0.005], margin: start.travel });
    const reach = hamacher((1 - opening) / 2, near);
    return {
      reward: toButton > 0.07 ? 2 * reach : 2 + 2 * (1 + opening) + 4 * pressed ** 2,
      success: left <= 0.03,
      terms: { reach, pressed },
    };
  },
});

export const buttonPressWallExpert: Expert = {
  differs: "Comes down behind the wall; the official one comes down on it when the button is nearest.",
  gain: 15,
  phases: [
    {
      name: "up, level with the button",
      when: ({ hand, object }) => Math.abs(hand[0] - object[0]) > 0.02,
      to: ({ hand, object }) => [object[0], hand[1], 0.3],
      grip: 1,
    },
    {
      name: "over the wall",
      when: ({ hand, object }) => object[1] - hand[1] > 0.09,
      to: ({ object }) => [object[0], object[1], 0.3],
      grip: 1,
    },
    {
      name: "down in front of the button",
      when: ({ hand, object }) => Math.abs(hand[2] - (object[2] + 0.04)) > 0.02,
      // Not on the wall, where the official policy comes down when the button is nearest.
      to: ({ object }) => [object[0], Math.max(object[1] - 0.05, 0.612), object[2] + 0.04],
      grip: 1,
    },
    { name: "press", to: beside([0, -0.02, 0.04]), grip: -1 },
  ],
};
