/**
 * @file Observations of the toy family as point clouds: specks on the discs of the agent, the goal and the obstacle.
 * Symbols: N points.
 */
import type { Random } from "../../base/index.ts";
import type { Obstacle, Point } from "./tasks.ts";

/** N */
export const cloudPoints = 64;
/** Radii of the discs that stand for the agent and for the goal. */
export const agentRadius = 0.05;
export const goalRadius = 0.1;

/** The third number of a point: what it belongs to. */
const marks = { agent: -1, obstacle: 0, goal: 1 } as const;
type Thing = keyof typeof marks;

/** Specks of one episode: what each belongs to, and where on its disc it lies. The same all episode long. */
export interface Specks {
  /** (N,) */
  readonly things: readonly Thing[];
  /** (N, 2), from the disc's center. */
  readonly offsets: Float64Array;
}

/** Specks in random order, as many on each disc, uniform over it. */
export function drawSpecks(random: Random, obstacle: Obstacle | undefined): Specks {
  const all: Thing[] = obstacle === undefined ? ["agent", "goal"] : ["agent", "goal", "obstacle"];
  const radii = { agent: agentRadius, goal: goalRadius, obstacle: obstacle?.radius ?? 0 };
  const things = Array.from(random.permutation(cloudPoints), (i) => all[i % all.length]);
  const offsets = new Float64Array(2 * cloudPoints);
  for (const [i, thing] of things.entries()) {
    const [x, y] = drawInDisc(random);
    offsets[2 * i] = radii[thing] * x;
    offsets[2 * i + 1] = radii[thing] * y;
  }
  return { things, offsets };
}

/** A point of the unit disc. By rejection: sines differ in their last bits between JavaScript engines. */
function drawInDisc(random: Random): Point {
  for (;;) {
    const [x, y] = [2 * random.uniform() - 1, 2 * random.uniform() - 1];
    if (x * x + y * y <= 1) return [x, y];
  }
}

/** The cloud, (N, 3): x, y and the mark of what the point belongs to. */
export function cloudOf({ things, offsets }: Specks, at: Readonly<Record<Thing, Point>>): Float64Array {
  const cloud = new Float64Array(3 * cloudPoints);
  for (let i = 0; i < cloudPoints; i++) {
    const thing = things[i];
    cloud[3 * i] = at[thing][0] + offsets[2 * i];
    cloud[3 * i + 1] = at[thing][1] + offsets[2 * i + 1];
    cloud[3 * i + 2] = marks[thing];
  }
  return cloud;
}

/** Center of a thing: the mean of its points. (0, 0) where the cloud has none of it. */
export function centerOf(cloud: ArrayLike<number>, thing: Thing): Point {
  let [x, y, count] = [0, 0, 0];
  for (let i = 0; i < cloudPoints; i++) {
    if (cloud[3 * i + 2] !== marks[thing]) continue;
    x += cloud[3 * i];
    y += cloud[3 * i + 1];
    count++;
  }
  return count === 0 ? [0, 0] : [x / count, y / count];
}

/** The cloud with everything of one kind moved. */
export function moved(cloud: ArrayLike<number>, thing: Thing, by: ArrayLike<number>): Float64Array {
  const result = Float64Array.from(cloud);
  for (let i = 0; i < cloudPoints; i++) {
    if (result[3 * i + 2] !== marks[thing]) continue;
    result[3 * i] += by[0];
    result[3 * i + 1] += by[1];
  }
  return result;
}
