/** @file Networks as constants of a graph, and their gradients against differences. */
import { expect } from "vitest";
import { Random } from "../src/base/index.ts";
import {
  constant,
  evaluate,
  grad,
  leavesOf,
  type Mapped,
  mapTree,
  type Parameter,
  type Shape,
  sizeOf,
  type Value,
} from "../src/tensor/index.ts";

export const normal = (shape: Shape, random: Random): Float32Array =>
  random.fillNormal(new Float32Array(sizeOf(shape)));
/** The network as constants of a graph. */
export const known = <Network>(network: Network) =>
  mapTree(network, (leaf) => constant((leaf as Parameter).data, leaf.shape)) as Mapped<Network, Value>;
export const numbersOf = (value: Value): number[] => [...evaluate([value], new Map())[0].data];

/** Expects the gradient of `loss`, times a direction in all numbers at once, to be the derivative along it. */
export function expectSlope<Tree>(numbers: Tree, loss: (values: Mapped<Tree, Value>) => Value): void {
  const along = (path: string, shape: Shape) => normal(shape, new Random(1).split(path));
  const movedBy = (step: number) =>
    mapTree(numbers, (leaf, path) => {
      const direction = along(path, leaf.shape);
      return constant(
        Float64Array.from((leaf as Parameter).data, (x, i) => x + step * direction[i]),
        leaf.shape,
      );
    }) as Mapped<Tree, Value>;
  const at = (step: number) => numbersOf(loss(movedBy(step)))[0];
  const step = 1e-4;
  const derivative = (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * step);

  const values = movedBy(0);
  const leaves = leavesOf<Value>(values);
  const gradients = grad(
    loss(values),
    leaves.map(({ leaf }) => leaf),
  );
  const slope = evaluate(gradients, new Map()).reduce((total, { data }, i) => {
    const direction = along(leaves[i].path, leaves[i].leaf.shape);
    return data.reduce((sum, each, j) => sum + each * direction[j], total);
  }, 0);
  expect(slope / derivative).toBeCloseTo(1, 6);
}
