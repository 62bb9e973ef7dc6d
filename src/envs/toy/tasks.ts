/** @file The toy family's tasks. Lengths are in units of which the square is two wide, from -1 to 1. */

export type Point = readonly [x: number, y: number];

/** An axis-aligned rectangle. */
interface Region {
  readonly low: Point;
  readonly high: Point;
}

/** A round obstacle: the point slides along its edge. */
export interface Obstacle {
  readonly center: Point;
  readonly radius: number;
}

export interface ToyTask {
  /** Condition of success, in words. */
  readonly summary: string;
  /** Regions from which start and goal are drawn, uniformly; drawn again while they are nearer than `apart`. */
  readonly start: Region;
  readonly goal: Region;
  readonly apart: number;
  readonly obstacle?: Obstacle;
}

const anywhere: Region = { low: [-0.9, -0.9], high: [0.9, 0.9] };

export const toyTasks = {
  reach: { summary: "come to the goal, anywhere", start: anywhere, goal: anywhere, apart: 0.8 },
  corner: {
    summary: "come from the lower left to the goal in the upper right",
    start: { low: [-0.9, -0.9], high: [-0.3, -0.3] },
    goal: { low: [0.3, 0.3], high: [0.9, 0.9] },
    apart: 0,
  },
  around: {
    summary: "come to the goal on the other side of an obstacle",
    start: { low: [-0.9, -0.3], high: [-0.6, 0.3] },
    goal: { low: [0.6, -0.3], high: [0.9, 0.3] },
    apart: 0,
    obstacle: { center: [0, 0], radius: 0.4 },
  },
} as const satisfies Readonly<Record<string, ToyTask>>;
export type ToyTaskName = keyof typeof toyTasks;
