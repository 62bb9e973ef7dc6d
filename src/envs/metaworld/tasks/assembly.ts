import { add, distanceXY, multiply, norm, subtract } from "../../geometry.ts";
import type { Vec3 } from "../../mjcf.ts";
import { beside, closeAt, type Expert, type Sight } from "../expert.ts";
import { alongHandle, cagingReward, quarterTurn, tolerance, uprightness } from "../rewards.ts";
import { defineTask, float32, putObject, twoPoints } from "../task.ts";

/** Put the nut onto the upright peg. Source: sawyer_assembly_peg_v3.py (7ea2b50). */
export const assembly = defineTask({
  name: "assembly",
  solved: "the ring is around the peg, off its middle by less than 2 cm, and lower than the peg's top",
  difficulty: "hard",
  scene: "assembly",
  handStart: float32([0, 0.6, 0.2]),
  random: { low: [0, 0.6, 0.02, -0.1, 0.75, 0.1], high: [0, 0.6, 0.02, 0.1, 0.85, 0.1], apart: 0.1 },
  goalSpace: { low: [-0.1, 0.75, 0.1], high: [0.1, 0.85, 0.1] },
  reset(sim, vector) {
    const [object, goal] = twoPoints(vector);
    putObject(sim, object);
    sim.placeBody("peg", add(goal, [0, 0, -0.05]));
    return { object, goal };
  },
  objects: (sim) => [...sim.sitePosition("RoundNut-8"), ...sim.bodyQuaternion("RoundNut")],
  evaluate(moment) {
    const { sim, observation, hand, object, start } = moment;
    const { grasp, round } = cagingReward(moment, alongHandle(object, hand, 0.01), {
      objectRadius: 0.015,
      padSuccess: 0.02,
      xzThreshold: 0.01,
      density: "medium",
      reachRadius: 0.01,
    });
    const upright = uprightness(observation, quarterTurn, 0.4);
    const { inPlace, success } = overPeg(sim.sitePosition("RoundNut"), start.goal);
    const reward = success ? 10 : round(round(round(2 * grasp) + round(6 * inPlace)) * round(upright));
    return { reward, success, terms: { grasp, upright, inPlace } };
  },
});

/** Progress of the nut's ring: down a funnel whose mouth is above the peg's top, `goal`. */
function overPeg(ring: Vec3, goal: Vec3): { readonly inPlace: number; readonly success: boolean } {
  const way = subtract(goal, ring);
  const radius = norm([way[0], way[1], 0]);
  const success = radius < 0.02 && way[2] > 0;
  const neck = success ? 0.02 : 0.01;
  const height = radius > neck ? 0.02 * Math.log(radius - neck) + 0.2 : 0;
  const away = norm(multiply([way[0], way[1], height - ring[2]], [1, 1, 3]));
  const lifted = Number(ring[2] > 0.02 || radius < neck);
  return { inPlace: 0.1 * lifted + 0.9 * tolerance(away, { bounds: [0, 0.02], margin: 0.4 }), success };
}

/** Place at which the hand takes the nut's handle. */
const handhold = [-0.02, 0, 0] as const;
const closeOnHandle = closeAt({ at: handhold, aside: 0.02, height: 0.12, open: 0, closed: 0.6 });
/** Place of the hand when the ring hangs over the peg. */
const overGoal = ({ goal }: Sight) => add(goal, [0.12, 0, 0.14]);

export const assemblyExpert: Expert = {
  gain: 10,
  phases: [
    {
      name: "above the handle",
      when: ({ hand, object }) => distanceXY(hand, add(object, handhold)) > 0.02,
      to: beside([-0.02, 0, 0.1]),
      grip: closeOnHandle,
    },
    {
      name: "down over the peg",
      when: (sight) => distanceXY(sight.hand, overGoal(sight)) <= 0.02,
      to: (sight) => add(overGoal(sight), [0, 0, -0.2]),
      grip: closeOnHandle,
    },
    {
      name: "down to the handle",
      when: ({ hand, object }) => Math.abs(hand[2] - object[2]) > 0.05,
      to: beside([-0.02, 0, 0.03]),
      grip: closeOnHandle,
    },
    {
      name: "lift it above the peg",
      when: (sight) => Math.abs(sight.hand[2] - overGoal(sight)[2]) > 0.04,
      to: (sight) => [sight.hand[0], sight.hand[1], overGoal(sight)[2]],
      grip: closeOnHandle,
    },
    { name: "carry it to the peg", to: overGoal, grip: closeOnHandle },
  ],
};
