import { add, distance, distanceXY, pointAt } from "../../geometry.ts";
import type { Vec3 } from "../../mjcf.ts";
import type { Expert, Sight } from "../expert.ts";
import { alongHandle, cagingReward, quarterTurn, tolerance, uprightness } from "../rewards.ts";
import { defineTask, float32, putObject } from "../task.ts";

/**
 * Lift the nut off the peg. Source: sawyer_disassemble_peg_v3.py (7ea2b50).
 * The drawn goal is not used: it is always 15 cm above the nut. The arm settles while the nut lies at its default place,
 * which may be on the peg: some nuts are turned about the peg when the episode starts.
 */
export const disassemble = defineTask({
  name: "disassemble",
  solved: "the nut is 15 cm above where it lay",
  difficulty: "very-hard",
  scene: "assembly",
  handStart: float32([0, 0.4, 0.2]),
  random: {
    low: [0, 0.6, 0.025, -0.1, 0.6, 0.1699],
    high: [0.1, 0.75, 0.02501, 0.1, 0.75, 0.1701],
    apart: 0.1,
  },
  goalSpace: { low: [-0.1, 0.6, 0.1749], high: [0.1, 0.75, 0.1751] },
  settleInPlace: true,
  reset(sim, vector) {
    const object = pointAt(vector, 0);
    sim.placeBody("peg", add(object, [0, 0, 0.03]));
    sim.updatePoses();
    putObject(sim, object);
    return { object, goal: add(object, [0, 0, 0.15]) };
  },
  objects: (sim) => [...sim.sitePosition("RoundNut-8"), ...sim.bodyQuaternion("RoundNut")],
  evaluate(moment) {
    const { sim, observation, hand, object, start } = moment;
    const { grasp, round } = cagingReward(moment, alongHandle(object, hand, 0.01), {
      objectRadius: 0.015,
      padSuccess: 0.02,
      xzThreshold: 0.01,
      density: "high",
    });
    const upright = uprightness(observation, quarterTurn, 0.4);
    const ring = sim.sitePosition("RoundNut");
    const away = distance(ring, add(start.goal, [0, 0, 0.1]));
    const inPlace = 0.1 * Number(ring[2] > 0.02) + 0.9 * tolerance(away, { bounds: [0, 0.02], margin: 0.2 });
    const success = object[2] > start.goal[2];
    const reward = success ? 10 : round(round(round(2 * grasp) + round(6 * inPlace)) * round(upright));
    return { reward, success, terms: { grasp, upright, inPlace } };
  },
});

export const disassembleExpert: Expert = {
  differs: "Turns a turned nut back, or takes it with wide open fingers; the official one fails there.",
  gain: 10,
  phases: [
    {
      name: "turn the nut",
      when: (sight) => farTurned(sight) && isAside(sight) && sight.hand[2] < sight.object[2] + 0.06,
      to: (sight) => aside(sight, -0.1, 0.03),
      grip: 1,
    },
    {
      name: "down beside the turned handle",
      when: (sight) => farTurned(sight) && isAside(sight),
      to: (sight) => aside(sight, 0.06, 0.03),
      grip: 1,
    },
    {
      name: "above the place beside the turned handle",
      when: farTurned,
      to: (sight) => aside(sight, 0.06, 0.15),
      grip: 1,
    },
    {
      name: "above the handle",
      when: (sight) => distanceXY(sight.hand, handhold(sight)) > 0.02,
      to: (sight) => add(handhold(sight), [0, 0, 0.1]),
      grip: closeOnHandle,
    },
    {
      name: "down to the handle",
      when: (sight) => Math.abs(sight.hand[2] - handhold(sight)[2]) > 0.03,
      to: handhold,
      grip: closeOnHandle,
    },
    { name: "lift", to: ({ hand }) => add(hand, [0, 0, 0.1]), grip: closeOnHandle },
  ],
};

/** The angle from x to the nut's handle, rad; 0 unless the nut was turned by its fall onto the peg. */
function skew({ quaternion: [w, , , z] }: Sight): number {
  const angle = 2 * Math.atan2(z, w) - Math.PI / 2;
  return Math.atan2(Math.sin(angle), Math.cos(angle));
}

/** The fingers must be wide open around the handle. */
function turned(sight: Sight): boolean {
  return Math.abs(skew(sight)) > 0.5;
}

/** Too far for the fingers to take the handle at all. */
function farTurned(sight: Sight): boolean {
  return Math.abs(skew(sight)) > 0.9;
}

/** A place beside the handle's end, on the side that does not look along x. */
function aside(sight: Sight, away: number, up: number): Vec3 {
  const angle = skew(sight);
  const signed = away * Math.sign(angle);
  return add(sight.object, [-signed * Math.sin(angle), signed * Math.cos(angle), up]);
}

function isAside(sight: Sight): boolean {
  return distanceXY(sight.hand, aside(sight, 0.06, 0)) < 0.04;
}

/** Place at which the hand takes the handle: 2 cm nearer to the ring than its end's middle. */
function handhold(sight: Sight): Vec3 {
  return add(sight.object, [turned(sight) ? -0.02 * Math.cos(skew(sight)) : -0.02, 0, 0.01]);
}

function closeOnHandle(sight: Sight): number {
  const { hand } = sight;
  const hold = handhold(sight);
  const [high, open] = turned(sight) ? [0.035, -1] : [0.07, 0];
  return distanceXY(hand, hold) > 0.02 || Math.abs(hand[2] - hold[2]) > high ? open : 0.8;
}
