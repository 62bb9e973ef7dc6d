import { add, distance, distanceXY, pointAt } from "../../geometry.ts";
import type { Sim } from "../../sim.ts";
import { beside, type Expert } from "../expert.ts";
import { effortOf, hamacher, tolerance } from "../rewards.ts";
import { defineTask, float32 } from "../task.ts";

/** Place at which the hand turns the dial, from the point on its rim that is observed. */
const besidePointer = [0.05, 0.02, 0.09] as const;

/** Turn the dial; 80 degrees are enough. Source: sawyer_dial_turn_v3.py (7ea2b50). */
export const dialTurn = defineTask({
  name: "dial-turn",
  solved: "the dial's pointer is within 7 cm of the goal",
  difficulty: "easy",
  scene: "dial",
  handStart: float32([0, 0.6, 0.2]),
  random: { low: [-0.1, 0.7, 0], high: [0.1, 0.8, 0] },
  goalSpace: { low: [-0.1, 0.73, 0.0299], high: [0.1, 0.83, 0.0301] },
  reset(sim, vector) {
    const object = pointAt(vector, 0);
    sim.placeBody("dial", object);
    return { object, push: add(pointer(sim), besidePointer), goal: add(object, [0, 0.03, 0.03]) };
  },
  objects: (sim) => [...pointer(sim), ...sim.bodyQuaternion("dial")],
  evaluate({ object, tcp, tcpStart, action, start }) {
    const toGoal = distance(object, start.goal);
    const inPlace = tolerance(toGoal, {
      bounds: [0, 0.07],
      margin: Math.abs(distance(start.push, start.goal) - 0.07),
    });
    const near = tolerance(distance(add(object, besidePointer), tcp), {
      bounds: [0, 0.005],
      margin: Math.abs(distance(start.push, tcpStart) - 0.005),
      shape: "gaussian",
    });
    const { effort, round } = effortOf(action);
    const reach = hamacher(near, effort, round);
    const reward = round(10 * hamacher(reach, inPlace, round));
    return { reward, success: toGoal <= 0.07, terms: { reach, inPlace } };
  },
});

/** The point on the dial's rim that turns with it. */
function pointer(sim: Sim) {
  const angle = sim.joint("knob_Joint_1");
  return add(sim.bodyPosition("dial"), [0.05 * Math.sin(angle), -0.05 * Math.cos(angle), 0]);
}

export const dialTurnExpert: Expert = {
  gain: 10,
  phases: [
    {
      name: "above the dial's right side",
      when: ({ hand, object }) => distanceXY(hand, add(object, besidePointer)) > 0.02,
      to: ({ object }) => [object[0] + 0.05, object[1] + 0.02, 0.2],
      grip: 1,
    },
    {
      name: "down beside it",
      when: ({ hand, object }) => Math.abs(hand[2] - (object[2] + 0.09)) > 0.02,
      to: beside(besidePointer),
      grip: 1,
    },
    { name: "push to the left", to: beside([0, 0.025, 0.09]), grip: 1 },
  ],
};
