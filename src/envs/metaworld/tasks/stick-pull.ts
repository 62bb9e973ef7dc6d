import {
  add,
  distance,
  distanceXY,
  multiply,
  norm,
  pointAt,
  quaternionXyzw,
  subtract,
} from "../../geometry.ts";
import type { Vec3 } from "../../mjcf.ts";
import { beside, closeAt, type Expert, type Sight } from "../expert.ts";
import { cagingReward, double, hamacher, tolerance } from "../rewards.ts";
import { defineTask, noQuaternion, putObject } from "../task.ts";

/**
 * Pull the thermos by its handle with the stick. Source: sawyer_stick_pull_v3.py (7ea2b50).
 * Differs: the reset stops the thermos; the official one misses one of its two velocities, and the thermos, hit by the
 * arm as it settles, slides away.
 */
export const stickPull = defineTask({
  name: "stick-pull",
  solved: "the thermos' handle is within 12 cm of the goal and the stick is through it",
  difficulty: "very-hard",
  scene: "stick",
  handStart: [0, 0.6, 0.2],
  handSpace: { low: [-0.5, 0.35, 0.05], high: [0.5, 1, 0.5] },
  random: {
    low: [-0.1, 0.55, 0, 0.35, 0.45, 0.0199],
    high: [0, 0.65, 0.001, 0.45, 0.55, 0.0201],
    apart: 0.1,
  },
  goalSpace: { low: [0.35, 0.45, 0.0199], high: [0.45, 0.55, 0.0201] },
  reset(sim, vector) {
    const stick = [vector[0], vector[1], 0.02] as const;
    putObject(sim, stick);
    sim.qpos.set([0, 0.09], 16);
    sim.qvel.fill(0, 15, 17);
    sim.updatePoses();
    return { object: sim.bodyPosition("object"), stick, goal: [vector[3], vector[4], 0.02] };
  },
  objects: (sim) => [
    ...sim.bodyPosition("stick"),
    ...quaternionXyzw(sim.bodyMatrix("stick")),
    ...sim.sitePosition("insertion"),
    ...noQuaternion,
  ],
  evaluate(moment) {
    const { sim, observation, object: stick, opening, tcp, start } = moment;
    const handle = pointAt(observation, 11);
    const thermos = add(handle, [0.05, 0, 0]);
    const toThermos = (from: Vec3, to: Vec3) => norm(multiply(subtract(from, to), [1, 1, 2]));
    const near = (away: number, margin: number) => tolerance(away, { bounds: [0, 0.05], margin });
    const stickInPlace = near(
      toThermos(stick, thermos),
      toThermos(start.stick, add(start.object, [0.05, 0, 0])),
    );
    const stickAtGoal = near(distance(stick, start.goal), distance(start.stick, start.goal));
    const thermosAtGoal = near(distance(thermos, start.goal), distance(start.object, start.goal));
    const held = distance(stick, tcp) < 0.02 && opening > 0 && stick[2] - 0.01 > start.stick[2];
    const caging = cagingReward(moment, stick, {
      objectRadius: 0.014,
      padSuccess: 0.05,
      xzThreshold: 0.01,
      density: "high",
    });
    const { grasp, round } = held ? { grasp: 1, round: double } : caging;
    const hooked = isHooked(sim.sitePosition("stick_end"), handle);
    const there = distance(handle, start.goal) <= 0.12;
    let reward = hamacher(grasp, stickInPlace, round);
    if (held && !hooked) reward += 1 + 5 * stickInPlace;
    if (held && hooked) reward = there ? 10 : reward + 6 + 2 * stickAtGoal + thermosAtGoal;
    return {
      reward,
      success: there && hooked,
      terms: { grasp, stickInPlace, stickAtGoal, thermosAtGoal },
    };
  },
});

/** The stick's end is through the handle. */
function isHooked(end: Vec3, handle: Vec3): boolean {
  const [x, y, z] = subtract(end, handle);
  return x >= 0 && Math.abs(y) <= 0.04 && Math.abs(z) <= 0.06;
}

/** Place at which the hand takes the stick; and where it is when the stick's end is in the handle. */
const handhold = [-0.015, 0, 0.03] as const;
const closeOnStick = closeAt({ at: handhold, aside: 0.02, height: 0.1, open: -1, closed: 0.7 });
const inHandle = ({ second }: Sight) => add(second, handhold);
/** From there to the stick. */
const way = ({ object, second }: Sight) => subtract(second, object);

export const stickPullExpert: Expert = {
  differs: "Pulls on in y until the thermos, not the hand, is at the goal.",
  gain: 25,
  phases: [
    {
      name: "pull what is missing in y",
      when: (sight) => isThrough(sight) && Math.abs(sight.hand[1] - sight.goal[1]) < 0.02,
      to: ({ hand, second, goal }) => [goal[0] - 0.05, hand[1] + goal[1] - second[1], hand[2]],
      grip: closeOnStick,
    },
    {
      name: "pull the thermos",
      when: isThrough,
      to: ({ goal }) => add(goal, [-0.05, 0, 0]),
      grip: closeOnStick,
    },
    {
      name: "above the stick",
      when: ({ hand, object }) => distanceXY(hand, add(object, handhold)) > 0.02,
      to: beside([-0.015, 0, 0.13]),
      grip: closeOnStick,
    },
    {
      name: "down to the stick",
      when: ({ hand, object }) => Math.abs(hand[2] - (object[2] + 0.03)) > 0.02,
      to: beside(handhold),
      grip: closeOnStick,
    },
    {
      name: "line it up with the handle",
      when: (sight) => Math.abs(way(sight)[1]) > 0.02,
      to: (sight) => [sight.object[0] - 0.015, inHandle(sight)[1], sight.object[2] + 0.03],
      grip: closeOnStick,
    },
    {
      name: "lift it to the handle",
      when: (sight) => Math.abs(way(sight)[2]) > 0.02,
      to: (sight) => [sight.object[0] - 0.015, inHandle(sight)[1], inHandle(sight)[2]],
      grip: closeOnStick,
    },
    { name: "through the handle", to: inHandle, grip: closeOnStick },
  ],
};

/** The stick is through the handle. */
function isThrough(sight: Sight): boolean {
  return Math.abs(way(sight)[0]) <= 0.04;
}
