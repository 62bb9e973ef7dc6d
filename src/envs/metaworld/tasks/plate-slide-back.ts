import { add, distance, distanceXY } from "../../geometry.ts";
import { beside, type Expert } from "../expert.ts";
import { tolerance } from "../rewards.ts";
import { defineTask, float32, type Moment, type Outcome, slidingPlate, twoPoints } from "../task.ts";

/**
 * Slide the plate out of the goal. Source: sawyer_plate_slide_back_v3.py (7ea2b50).
 * The net stays where the scene has it: the official reset writes to its computed pose, which is lost at once. The
 * plate starts 10 cm in front of the drawn place, which the rewards count as its start.
 */
export const plateSlideBack = defineTask({
  name: "plate-slide-back",
  solved: "the plate is within 7 cm of the goal",
  difficulty: "easy",
  scene: "plate-slide",
  handStart: float32([0, 0.6, 0.2]),
  random: { low: [0, 0.85, 0, -0.1, 0.6, 0.015], high: [0, 0.85, 0, 0.1, 0.6, 0.015] },
  goalSpace: { low: [-0.1, 0.6, 0.015], high: [0.1, 0.6, 0.015] },
  reset(sim, vector) {
    const [object, goal] = twoPoints(vector);
    sim.setJoint("goal_slidex", 0);
    sim.setJoint("goal_slidey", 0.15);
    sim.updatePoses();
    return { object, goal };
  },
  objects: slidingPlate,
  evaluate: slidePlate,
});

/** Rewards all plate tasks but "plate-slide": where the plate is counts once the fingers are down at it. */
export function slidePlate({ object: plate, tcp, tcpStart, start }: Moment): Outcome {
  const toPlate = distance(plate, tcp);
  const toGoal = distance(plate, start.goal);
  const inPlace = tolerance(toGoal, {
    bounds: [0, 0.05],
    margin: distance(start.object, start.goal) - 0.05,
  });
  const reach = tolerance(toPlate, {
    bounds: [0, 0.05],
    margin: distance(start.object, tcpStart) - 0.05,
  });
  let reward = 1.5 * reach;
  if (tcp[2] <= 0.03 && toPlate < 0.07) reward = 2 + 7 * inPlace;
  if (toGoal < 0.05) reward = 10;
  return { reward, success: toGoal <= 0.07, terms: { reach, inPlace } };
}

export const plateSlideBackExpert: Expert = {
  gain: 10,
  phases: [
    {
      name: "above the plate's near edge",
      when: ({ hand, object }) => distanceXY(hand, add(object, [0, -0.065, 0])) > 0.01,
      to: beside([0, -0.065, 0.125]),
      grip: -1,
    },
    {
      name: "down to it",
      when: ({ hand, object }) => Math.abs(hand[2] - (object[2] + 0.025)) > 0.04,
      to: beside([0, -0.065, 0.025]),
      grip: -1,
    },
    {
      name: "drag it out",
      when: ({ hand }) => hand[1] > 0.7,
      to: ({ hand }) => add(hand, [0, -0.1, 0]),
      grip: -1,
    },
    {
      name: "past every goal, to the right",
      when: ({ hand }) => hand[1] > 0.6,
      to: ({ hand }) => [0.15, 0.55, hand[2]],
      grip: -1,
    },
    { name: "sweep to the left", to: ({ hand }) => [hand[0] - 0.1, 0.55, hand[2]], grip: -1 },
  ],
};
