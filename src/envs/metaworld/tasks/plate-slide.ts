import { add, distance, distanceXY } from "../../geometry.ts";
import { beside, type Expert } from "../expert.ts";
import { hamacher, tolerance } from "../rewards.ts";
import { defineTask, float32, slidingPlate, twoPoints } from "../task.ts";

/** Slide the plate into the goal. Source: sawyer_plate_slide_v3.py (7ea2b50). */
export const plateSlide = defineTask({
  name: "plate-slide",
  solved: "the plate is within 7 cm of the goal",
  difficulty: "easy",
  scene: "plate-slide",
  handStart: float32([0, 0.6, 0.2]),
  random: { low: [0, 0.6, 0, -0.1, 0.85, 0], high: [0, 0.6, 0, 0.1, 0.9, 0] },
  goalSpace: { low: [-0.1, 0.85, 0], high: [0.1, 0.9, 0] },
  reset(sim, vector) {
    const [object, goal] = twoPoints(vector);
    sim.placeBody("puck_goal", goal);
    sim.setJoint("goal_slidex", 0);
    sim.setJoint("goal_slidey", 0);
    sim.updatePoses();
    return { object, goal };
  },
  objects: slidingPlate,
  evaluate({ object: plate, tcp, tcpStart, start }) {
    const toGoal = distance(plate, start.goal);
    const inPlace = tolerance(toGoal, { bounds: [0, 0.05], margin: distance(start.object, start.goal) });
    const reach = tolerance(distance(plate, tcp), {
      bounds: [0, 0.05],
      margin: distance(start.object, tcpStart),
    });
    return {
      reward: toGoal < 0.05 ? 10 : 8 * hamacher(reach, inPlace),
      success: toGoal <= 0.07,
      terms: { reach, inPlace },
    };
  },
});

export const plateSlideExpert: Expert = {
  gain: 10,
  phases: [
    {
      name: "above the plate's near edge",
      when: ({ hand, object }) => distanceXY(hand, add(object, [0, -0.055, 0])) > 0.03,
      to: beside([0, -0.055, 0.13]),
      grip: -1,
    },
    {
      name: "down to it",
      when: ({ hand, object }) => Math.abs(hand[2] - (object[2] + 0.03)) > 0.04,
      to: beside([0, -0.055, 0.03]),
      grip: -1,
    },
    { name: "push into the goal", to: ({ object, goal }) => [goal[0], 0.9, object[2] + 0.03], grip: -1 },
  ],
};
