import { add, distance, pointAt } from "../../geometry.ts";
import { beside, type Expert } from "../expert.ts";
import { hamacher, tolerance } from "../rewards.ts";
import { defineTask, float32, handSpace } from "../task.ts";

/** Press the button in the front of the box. Source: sawyer_button_press_v3.py (7ea2b50). */
export const buttonPress = defineTask({
  name: "button-press",
  solved: "the button is within 2 cm of fully pressed",
  difficulty: "easy",
  scene: "button-press",
  handStart: float32([0, 0.4, 0.2]),
  random: { low: [-0.1, 0.85, 0.115], high: [0.1, 0.9, 0.115] },
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
    const near = tolerance(toButton, { bounds: [0, 0.05], margin: distance(object, tcpStart) });
    const pressed = tolerance(left, { bounds: [0, 0.005], margin: start.travel });
    const reach = hamacher(opening, near);
    return {
      reward: 2 * reach + (toButton <= 0.05 ? 8 * pressed : 0),
      success: left <= 0.02,
      terms: { reach, pressed },
    };
  },
});

/** The hand's height relative to the button's, so that the gripper's side pushes and not the fingertips. */
const low = -0.07;

export const buttonPressExpert: Expert = {
  gain: 25,
  phases: [
    {
      name: "in front of the button",
      when: ({ hand, object }) => apart(hand[0], object[0]) || apart(hand[2], object[2] + low),
      to: ({ hand, object }) => [object[0], hand[1] - 0.1, object[2] + low],
      grip: 0,
    },
    { name: "press", to: beside([0, 0.02, low]), grip: 0 },
  ],
};

function apart(a: number, b: number): boolean {
  return Math.abs(a - b) > 0.02;
}
