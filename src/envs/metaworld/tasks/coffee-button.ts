import { add, distance, distanceXZ, pointAt } from "../../geometry.ts";
import { beside, type Expert } from "../expert.ts";
import { hamacher, tolerance } from "../rewards.ts";
import { defineTask, putMug } from "../task.ts";

/** Travel of the button, metres. */
const travel = 0.03;

/** Press the coffee machine's button; the mug stands below it. Source: sawyer_coffee_button_v3.py (7ea2b50). */
export const coffeeButton = defineTask({
  name: "coffee-button",
  solved: "the button is within 2 cm of fully pressed",
  difficulty: "easy",
  scene: "coffee",
  handStart: [0, 0.4, 0.2],
  random: { low: [-0.1, 0.8, -0.001], high: [0.1, 0.9, 0.001] },
  goalSpace: { low: [-0.101, 0.61, 0.298], high: [0.101, 0.71, 0.302] },
  reset(sim, vector) {
    const object = pointAt(vector, 0);
    sim.placeBody("coffee_machine", object);
    putMug(sim, add(object, [0, -0.22, 0]));
    return { object, goal: add(object, [0, -0.22 + travel, 0.3]) };
  },
  objects: (sim) => [...sim.sitePosition("buttonStart"), 1, 0, 0, 0],
  evaluate({ object, opening, tcp, tcpStart, start }) {
    const toButton = distance(object, tcp);
    const left = Math.abs(start.goal[1] - object[1]);
    const near = tolerance(toButton, { bounds: [0, 0.05], margin: distance(object, tcpStart) });
    const pressed = tolerance(left, { bounds: [0, 0.005], margin: travel });
    const reach = hamacher(opening, near);
    return {
      reward: 2 * reach + (toButton <= 0.05 ? 8 * pressed : 0),
      success: left <= 0.02,
      terms: { reach, pressed },
    };
  },
});

export const coffeeButtonExpert: Expert = {
  gain: 10,
  phases: [
    {
      name: "in front of the button",
      when: ({ hand, object }) => distanceXZ(hand, add(object, [0, 0, -0.07])) > 0.02,
      to: ({ hand, object }) => [object[0], hand[1], object[2] - 0.07],
      grip: -1,
    },
    { name: "press", to: beside([0, 0.2, -0.07]), grip: -1 },
  ],
};
