/** @file Start vectors of episodes: drawn afresh, one of the official fifty, or always the same. */

import { z } from "zod";
import { NumpyRandomState } from "../../base/index.ts";
import { distanceXY, pointAt } from "../geometry.ts";
import type { Task } from "./task.ts";

/**
 * "random": a fresh draw at every reset. "official": one of the 50 vectors that the Python package draws for `seed`,
 * picked at random at every reset. "fixed": always this vector.
 */
export const Goals = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("random") }),
  z.strictObject({
    kind: z.literal("official"),
    seed: z.int().nonnegative().describe("seed of the official draw"),
  }),
  z.strictObject({
    kind: z.literal("fixed"),
    vector: z.array(z.number()).readonly().describe("vector of places of object and goal"),
  }),
]);
export type Goals = Readonly<z.infer<typeof Goals>>;

/** One draw from a task's space. uniform: gives numbers in [0, 1). */
export function drawVector({ random }: Task, uniform: () => number): readonly number[] {
  const { low, high, apart = 0, apartFrom } = random;
  for (;;) {
    const vector = low.map((from, i) => from + (high[i] - from) * uniform());
    const goal = apartFrom ?? pointAt(vector, vector.length - 3);
    if (distanceXY(pointAt(vector, 0), goal) >= apart) return vector;
  }
}

/**
 * The vectors of the official benchmarks (MT1, MT10, MT50) for a seed: the package seeds numpy, resets the task 50
 * times and keeps each reset's second draw.
 */
export function officialVectors(task: Task, seed: number, count = 50): readonly (readonly number[])[] {
  const generator = new NumpyRandomState(seed);
  const uniform = () => generator.randomSample();
  return Array.from({ length: count }, () => {
    drawVector(task, uniform);
    return drawVector(task, uniform);
  });
}
