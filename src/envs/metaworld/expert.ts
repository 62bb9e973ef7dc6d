/** @file Scripted experts: tables of phases that say where the hand should go and what the fingers do. */

import { add, distanceXY, pointAt, subtract } from "../geometry.ts";
import type { Quat, Vec3 } from "../mjcf.ts";
import type { ScriptedPolicy } from "../scripted-policy.ts";

/** A table of phases as a scripted policy, for observations of (39,). */
export function scripted(expert: Expert): ScriptedPolicy {
  return {
    actionSize: 4,
    act: (observation) => act(expert, observation),
    misread,
    rest: (last) => Float32Array.of(0, 0, 0, last[3]), // the fingers stay as they are
    biasDeviation: [0.7, 0.7, 0.7, 0.4],
  };
}

/** Numbers of an observation: the goal's place is its last three, the objects' begin here. */
const objectPlaces = [4, 11];

const misread: NonNullable<ScriptedPolicy["misread"]> = (observation, { goal, object }) => {
  const seen = Float64Array.from(observation);
  for (let axis = 0; axis < 3; axis++) {
    seen[seen.length - 3 + axis] += goal[axis];
    for (const place of objectPlaces) seen[place + axis] += object[axis];
  }
  return seen;
};

/** An observation, named. */
export interface Sight {
  readonly hand: Vec3;
  /** 0 closed to 1 open. */
  readonly opening: number;
  readonly object: Vec3;
  readonly quaternion: Quat;
  /** The second object, or zeros. */
  readonly second: Vec3;
  readonly goal: Vec3;
}

export interface Phase {
  /** The arm's movement, in words. */
  readonly name: string;
  /** The first phase whose condition holds is acted out; no condition holds always. */
  readonly when?: (sight: Sight) => boolean;
  /** Target of the hand, metres. */
  readonly to: (sight: Sight) => Vec3;
  /** -1 opens the fingers, 1 closes them; 0 lets them be. */
  readonly grip: number | ((sight: Sight) => number);
  /** Action per metre of distance; the expert's if absent. */
  readonly gain?: number;
}

export interface Expert {
  /** Departures from the official policy, whose actions it gives otherwise: a sentence or two. */
  readonly differs?: string;
  /** Action per metre between the hand and where it should go. */
  readonly gain: number;
  readonly phases: readonly Phase[];
}

/** The expert's action for an observation: (4,) in [-1, 1]. Throws if no phase applies. */
export function act(expert: Expert, observation: ArrayLike<number>): Float32Array {
  const sight = see(observation);
  const phase = expert.phases.find(({ when }) => when === undefined || when(sight));
  if (phase === undefined) throw new Error("An expert's last phase must have no condition.");
  const gain = phase.gain ?? expert.gain;
  const way = subtract(phase.to(sight), sight.hand);
  const grip = typeof phase.grip === "number" ? phase.grip : phase.grip(sight);
  return Float32Array.from([gain * way[0], gain * way[1], gain * way[2], grip], (x) =>
    Math.min(Math.max(x, -1), 1),
  );
}

function see(observation: ArrayLike<number>): Sight {
  return {
    hand: pointAt(observation, 0),
    opening: observation[3],
    object: pointAt(observation, 4),
    quaternion: [observation[7], observation[8], observation[9], observation[10]],
    second: pointAt(observation, 11),
    goal: pointAt(observation, observation.length - 3),
  };
}

/** A place beside the observed object: `beside([0, 0, 0.1])` is 10 cm above it. */
export function beside(offset: Vec3): (sight: Sight) => Vec3 {
  return ({ object }) => add(object, offset);
}

interface Closing {
  /** Place at which the hand takes the object, relative to the object's; its very place if absent. */
  readonly at?: Vec3;
  /** The hand is there when it is this near, in metres: seen from above, and in height. */
  readonly aside: number;
  readonly height: number;
  /** The grip before, and from then on. */
  readonly open: number;
  readonly closed: number;
}

/** A grip that closes once the hand is at the observed object. */
export function closeAt({ at = [0, 0, 0], aside, height, open, closed }: Closing): (sight: Sight) => number {
  return ({ hand, object }) => {
    const place = add(object, at);
    const there = distanceXY(hand, place) <= aside && Math.abs(hand[2] - place[2]) <= height;
    return there ? closed : open;
  };
}
