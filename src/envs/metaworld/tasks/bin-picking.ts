import { minimum } from "../../../base/index.ts";
import { add, distance, distanceXY } from "../../geometry.ts";
import type { Vec3 } from "../../mjcf.ts";
import type { Expert, Sight } from "../expert.ts";
import { cagingReward, hamacher, tolerance } from "../rewards.ts";
import { defineTask, putObject } from "../task.ts";

/**
 * Move the cube from one bin to the other. Source: sawyer_bin_picking_v3.py (7ea2b50).
 * The goal is the other bin's place and the cube's height the one it has settled to, whatever was drawn. A cube may be
 * drawn into its bin's rim; the first step pushes it out, and only then the reward measures how far it has to go.
 */
export const binPicking = defineTask({
  name: "bin-picking",
  solved: "the cube is within 5 cm of the middle of the other bin",
  difficulty: "medium",
  scene: "bin-picking",
  handStart: [0, 0.6, 0.2],
  handSpace: { low: [-0.5, 0.4, 0.07], high: [0.5, 1, 0.5] },
  random: {
    low: [-0.21, 0.65, 0.02, 0.1199, 0.699, -0.001],
    high: [-0.03, 0.75, 0.02, 0.1201, 0.701, 0.001],
  },
  goalSpace: { low: [0.1199, 0.699, -0.001], high: [0.1201, 0.701, 0.001] },
  reset(sim, [x, y]) {
    const object = [x, y, sim.bodyPosition("obj")[2]] as const;
    const goal = sim.bodyPosition("bin_goal");
    putObject(sim, object);
    const margin = sim.foresee(5, () => distance(sim.bodyPosition("obj"), goal));
    return { object, goal, margin };
  },
  objects: (sim) => [...sim.bodyPosition("obj"), ...sim.bodyQuaternion("obj")],
  evaluate(moment) {
    const { hand, object, opening, start } = moment;
    const toGoal = distance(object, start.goal);
    const inPlace = tolerance(toGoal, { bounds: [0, 0.05], margin: start.margin });
    const { grasp, round } = cagingReward(moment, object, {
      objectRadius: 0.015,
      padSuccess: 0.05,
      xzThreshold: 0.01,
      effort: 0.7,
      density: "high",
    });
    const above = aboveRims(hand, [start.object, start.goal]);
    const held = distance(object, hand) < 0.04 && opening >= 0.43 && object[2] - 0.02 > start.object[2];
    let reward = hamacher(grasp, inPlace, round);
    if (held) reward = round(reward + round(1 + 5 * hamacher(above, inPlace)));
    if (toGoal < 0.05) reward = 10;
    return { reward, success: toGoal <= 0.05, terms: { grasp, inPlace, above } };
  },
});

/** 1 if the hand would not run into a bin's rim: it may be low only where it takes the cube and where it leaves it. */
function aboveRims(hand: Vec3, places: readonly Vec3[]): number {
  const funnel = 0.03;
  const floors = places.map((place) => {
    const radius = distanceXY(hand, place);
    return radius > funnel ? 0.02 * Math.log(radius - funnel) + 0.2 : 0;
  });
  return tolerance(Math.max(minimum(floors) - hand[2], 0), { bounds: [0, 0.01], margin: 0.05 });
}

/** Place at which the hand takes the cube: no nearer to the bin's far and near rim than the fingers have room. */
function handhold({ object }: Sight): Vec3 {
  return [object[0], Math.min(Math.max(object[1], 0.675), 0.725), object[2] + 0.03];
}

const bin = [0.12, 0.7, 0.02] as const;

export const binPickingExpert: Expert = {
  gain: 25,
  phases: [
    {
      name: "above the cube",
      when: (sight) => distanceXY(sight.hand, handhold(sight)) > 0.02,
      to: (sight) => add(handhold(sight), [0, 0, 0.15]),
      grip: closeOnCube,
    },
    {
      name: "down to the cube",
      when: (sight) => Math.abs(sight.hand[2] - handhold(sight)[2]) > 0.01,
      to: handhold,
      grip: closeOnCube,
    },
    {
      name: "lift it",
      when: ({ hand }) => distanceXY(hand, bin) > 0.02 && hand[2] < 0.15,
      to: ({ hand }) => add(hand, [0, 0, 0.1]),
      grip: closeOnCube,
    },
    {
      name: "carry it over the other bin",
      when: ({ hand }) => distanceXY(hand, bin) > 0.02,
      to: () => [bin[0], bin[1], 0.18],
      grip: closeOnCube,
    },
    { name: "put it down", to: () => bin, grip: closeOnCube },
  ],
};

function closeOnCube(sight: Sight): number {
  const hold = handhold(sight);
  const away = distanceXY(sight.hand, hold) > 0.02 || Math.abs(sight.hand[2] - hold[2]) > 0.02;
  return away ? -1 : 0.6;
}
