/** @file The toy family's scripted policy: straight to the goal, around what stands between. */
import type { ScriptedPolicy } from "../scripted-policy.ts";
import { centerOf, moved } from "./cloud.ts";
import type { ToyObservation } from "./environment.ts";
import { type Point, type ToyTaskName, toyTasks } from "./tasks.ts";

/** Action per unit of distance. */
const gain = 5;
/** Distance at which it passes an obstacle's edge. */
const berth = 0.06;
/** Units of the square per metre of a mistake about places, which other families measure in metres. */
const scale = 4;

export function toyExpert(task: ToyTaskName, observation: ToyObservation): ScriptedPolicy {
  const { obstacle } = toyTasks[task] as { readonly obstacle?: { readonly radius: number } };
  return {
    actionSize: 2,
    act(row) {
      const { agent, goal, center } = observation === "state" ? seeState(row) : seeCloud(row);
      const target = obstacle === undefined ? goal : wayAround(agent, goal, center, obstacle.radius + berth);
      return Float32Array.of(clip(gain * (target[0] - agent[0])), clip(gain * (target[1] - agent[1])));
    },
    misread(row, { goal, object }) {
      if (observation === "pointCloud")
        return moved(moved(row, "goal", goal.map(scaled)), "agent", object.map(scaled));
      const seen = Float64Array.from(row);
      for (let axis = 0; axis < 2; axis++) {
        seen[axis] += scaled(object[axis]);
        seen[2 + axis] += scaled(goal[axis]);
      }
      return seen;
    },
  };
}

const scaled = (x: number): number => scale * x;

interface Sight {
  readonly agent: Point;
  readonly goal: Point;
  /** Of the obstacle. */
  readonly center: Point;
}

const seeState = (row: ArrayLike<number>): Sight => ({
  agent: [row[0], row[1]],
  goal: [row[2], row[3]],
  center: [row[4], row[5]],
});

const seeCloud = (row: ArrayLike<number>): Sight => ({
  agent: centerOf(row, "agent"),
  goal: centerOf(row, "goal"),
  center: centerOf(row, "obstacle"),
});

/** The next waypoint: the goal, or along a tangent of the circle around the obstacle while that lies in the way. */
function wayAround(agent: Point, goal: Point, center: Point, radius: number): Point {
  const way: Point = [goal[0] - agent[0], goal[1] - agent[1]];
  const toCenter: Point = [center[0] - agent[0], center[1] - agent[1]];
  const length = Math.sqrt(way[0] * way[0] + way[1] * way[1]);
  const far = Math.sqrt(toCenter[0] * toCenter[0] + toCenter[1] * toCenter[1]);
  if (length === 0 || far === 0) return goal;
  const along = (toCenter[0] * way[0] + toCenter[1] * way[1]) / length;
  const side = (way[0] * toCenter[1] - way[1] * toCenter[0]) / length; // above 0: the center lies to the left
  if (along <= 0 || along >= length || Math.abs(side) >= radius) return goal;
  const sine = Math.min(radius / far, 1);
  const cosine = Math.sqrt(1 - sine * sine);
  const turn = side > 0 ? -sine : sine; // to the right of a center on the left
  const tangent: Point = [
    (cosine * toCenter[0] - turn * toCenter[1]) / far,
    (turn * toCenter[0] + cosine * toCenter[1]) / far,
  ];
  return [agent[0] + tangent[0], agent[1] + tangent[1]];
}

const clip = (x: number): number => Math.min(Math.max(x, -1), 1);
