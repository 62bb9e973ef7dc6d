/** @file Broadcasting: arrays of different shapes stretched to one, and visited element by element. */
import { maximum } from "../../base/index.ts";
import { type Shape, ShapeError, sizeOf, stridesOf, type Tensor } from "../graph.ts";

/** The shape that all `shapes` stretch to: axes align at the end, size 1 repeats. Throws ShapeError if they do not. */
export function broadcastShapes(op: string, shapes: readonly Shape[]): Shape {
  const rank = maximum(shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1);
    const size = sizes.find((candidate) => candidate !== 1) ?? 1;
    if (sizes.some((candidate) => candidate !== 1 && candidate !== size))
      throw new ShapeError(op, "shapes that broadcast (equal axes, counted from the last, or 1)", shapes);
    return size;
  });
}

export function broadcastInto(
  out: Tensor,
  inputs: readonly Tensor[],
  formula: (x: number[]) => number,
): void {
  const strides = inputs.map(({ shape }) => {
    const own = stridesOf(shape);
    const missing = out.shape.length - shape.length;
    return out.shape.map((_, axis) =>
      axis < missing || shape[axis - missing] === 1 ? 0 : own[axis - missing],
    );
  });
  forEachIndex(out.shape, (index, i) => {
    out.data[i] = formula(inputs.map(({ data }, n) => data[offsetOf(index, strides[n])]));
  });
}

/** Calls `visit` with every index of an array of this shape, in row-major order. The index array is reused. */
export function forEachIndex(shape: Shape, visit: (index: readonly number[], i: number) => void): void {
  const index = new Array<number>(shape.length).fill(0);
  for (let i = 0; i < sizeOf(shape); i++) {
    visit(index, i);
    for (let axis = index.length - 1; axis >= 0 && ++index[axis] === shape[axis]; axis--) index[axis] = 0;
  }
}

export function offsetOf(index: readonly number[], strides: readonly number[]): number {
  let offset = 0;
  for (let axis = 0; axis < index.length; axis++) offset += index[axis] * strides[axis];
  return offset;
}
