import { add, distance, distanceXY, pointAt, quaternionXyzw } from "../../geometry.ts";
import { beside, closeAt, type Expert, type Sight } from "../expert.ts";
import { cagingReward, tolerance } from "../rewards.ts";
import { defineTask, grasped, noQuaternion, putObject } from "../task.ts";

/** Push the thermos with the stick. Source: sawyer_stick_push_v3.py (7ea2b50). */
export const stickPush = defineTask({
  name: "stick-push",
  solved: "the thermos is within 12 cm of the goal while the gripper holds the lifted stick",
  difficulty: "very-hard",
  scene: "stick",
  handStart: [0, 0.6, 0.2],
  random: {
    low: [-0.08, 0.58, 0, 0.399, 0.55, 0.1319],
    high: [-0.03, 0.62, 0.001, 0.401, 0.6, 0.1321],
    apart: 0.1,
  },
  goalSpace: { low: [0.399, 0.55, 0.1319], high: [0.401, 0.6, 0.1321] },
  reset(sim, vector) {
    const stick = [vector[0], vector[1], 0.02] as const;
    const goal = [vector[3], vector[4], sim.sitePosition("insertion")[2]] as const;
    putObject(sim, stick);
    sim.qpos.fill(0, 16, 18);
    sim.qvel.fill(0, 15, 17);
    sim.updatePoses();
    return { object: sim.bodyPosition("object"), stick, goal };
  },
  objects: (sim) => [
    ...sim.bodyPosition("stick"),
    ...quaternionXyzw(sim.bodyMatrix("stick")),
    ...add(sim.sitePosition("insertion"), [0, 0.09, 0]),
    ...noQuaternion,
  ],
  evaluate(moment) {
    const { sim, observation, object, opening, tcp, start } = moment;
    const stick = add(object, [0.015, 0, 0]);
    const thermos = pointAt(observation, 11);
    const near = (place: typeof stick, from: typeof stick) =>
      tolerance(distance(place, start.goal), {
        bounds: [0, 0.12],
        margin: distance(from, start.goal) - 0.12,
      });
    const stickInPlace = near(stick, start.stick);
    const thermosInPlace = near(thermos, start.object);
    const { grasp } = cagingReward(moment, stick, {
      objectRadius: 0.04,
      padSuccess: 0.05,
      xzThreshold: 0.01,
      density: "high",
      from: start.stick,
    });
    const lifted = opening > 0 && object[2] - 0.01 > start.stick[2];
    const there = distance(thermos, start.goal) <= 0.12;
    let reward = grasp;
    if (distance(stick, tcp) < 0.02 && lifted) {
      reward = there ? 10 : 2 + 5 * stickInPlace + 3 * thermosInPlace;
    }
    return {
      reward,
      success: there && lifted && grasped(sim, "objGeom"),
      terms: { grasp, stickInPlace, thermosInPlace },
    };
  },
});

const handhold = [0.015, 0, 0.03] as const;

const closeOnStick = closeAt({ at: handhold, aside: 0.02, height: 0.1, open: -1, closed: 0.7 });

export const stickPushExpert: Expert = {
  gain: 10,
  phases: [
    {
      name: "push the thermos",
      when: touches,
      to: ({ goal }) => add(goal, [0, 0, 0.132]),
      grip: closeOnStick,
    },
    {
      name: "above the stick",
      when: ({ hand, object }) => distanceXY(hand, add(object, handhold)) > 0.02,
      to: beside([0.015, 0, 0.13]),
      grip: closeOnStick,
    },
    {
      name: "down to the stick",
      when: ({ hand, object }) => Math.abs(hand[2] - object[2] - 0.03) > 0.02,
      to: beside(handhold),
      grip: closeOnStick,
    },
    {
      name: "line it up with the thermos",
      when: ({ object, second }) => Math.abs(object[1] - second[1]) > 0.02,
      to: ({ object, second }) => [object[0] + 0.015, second[1], object[2] + 0.03],
      grip: closeOnStick,
    },
    {
      name: "lift it to the thermos' hole",
      when: ({ object, second }) => Math.abs(object[2] + 0.03 - second[2]) > 0.02,
      to: ({ object, second }) => [object[0] + 0.015, second[1], second[2]],
      grip: closeOnStick,
    },
    { name: "to the thermos", to: ({ second }) => second, grip: closeOnStick },
  ],
};

function touches({ object, second }: Sight): boolean {
  return Math.abs(object[0] + 0.015 - second[0]) <= 0.04;
}
