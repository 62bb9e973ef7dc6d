import { add, distance, distanceXY, pointAt } from "../../geometry.ts";
import { beside, type Expert } from "../expert.ts";
import { hamacher, tolerance } from "../rewards.ts";
import { defineTask, float32, handSpace } from "../task.ts";

/** Press the button from above. Source: sawyer_button_press_topdown_v3.py (7ea2b50). */
export const buttonPressTopdown = defineTask({
  name: "button-press-topdown",
  solved: "the button is within 2.4 cm of fully pressed",
  difficulty: "easy",
  scene: "button-press-topdown",
  handStart: float32([0, 0.4, 0.2]),
  random: { low: [-0.1, 0.8, 0.115], high: [0.1, 0.9, 0.115] },
  goalSpace: handSpace,
  reset(sim, vector) {
    const object = pointAt(vector, 0);
    sim.placeBody("box", object);
    sim.updatePoses();
    const goal = sim.sitePosition("hole");
    return { object, goal, travel: Math.abs(goal[2] - sim.sitePosition("buttonStart")[2]) };
  },
  objects: (sim) => [...add(sim.bodyPosition("button"), [0, 0, 0.193]), ...sim.bodyQuaternion("button")],
  evaluate({ object, opening, tcp, tcpStart, start }) {
    const toButton = distance(object, tcp);
    const left = Math.abs(start.goal[2] - object[2]);
    const near = tolerance(toButton, { bounds: [0, 0.01], margin: distance(object, tcpStart) });
    const pressed = tolerance(left, { bounds: [0, 0.005], margin: start.travel });
    const reach = hamacher(1 - opening, near);
    return {
      reward: 5 * reach + (toButton <= 0.03 ? 5 * pressed : 0),
      success: left <= 0.024,
      terms: { reach, pressed },
    };
  },
});

export const buttonPressTopdownExpert: Expert = {
  gain: 25,
  phases: [
    {
      name: "above the button",
      when: ({ hand, object }) => distanceXY(hand, object) > 0.04,
      to: beside([0, 0, 0.1]),
      grip: 1,
    },
    { name: "press", to: beside([0, 0, 0]), grip: 1 },
  ],
};
