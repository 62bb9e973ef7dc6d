/** @file Reverse-mode differentiation: extends a graph by the gradient of one of its values. */
import { UserError } from "../base/index.ts";
import { type Shape, ShapeError, topologicalOrder, type Value } from "./graph.ts";
import { add, broadcastTo } from "./ops/arithmetic.ts";
import { constant } from "./ops/source.ts";
import { type Leaf, leavesOf, type Mapped, mapTree } from "./tree.ts";

/**
 * The gradient of the scalar `output` with respect to each value of `wrt`, of that value's shape; zeros where the
 * output does not depend on it. Throws ShapeError if `output` is no scalar, UserError if an operation on the way has no
 * gradient.
 */
export function grad(output: Value, wrt: readonly Value[]): Value[] {
  if (output.shape.length !== 0) throw new ShapeError("grad", "a scalar", [output.shape]);
  const order = topologicalOrder([output]);
  const dependent = new Set<Value>(wrt);
  for (const value of order) if (value.inputs.some((input) => dependent.has(input))) dependent.add(value);

  const gradients = new Map<Value, Value>([[output, constant(1)]]);
  for (const value of order.toReversed()) {
    const dy = gradients.get(value);
    if (dy === undefined || !dependent.has(value) || value.inputs.length === 0) continue;
    if (value.op.vjp === undefined)
      throw new UserError(
        `${value.op.name} has no gradient; pass what goes into it through stopGradient if none is meant`,
      );
    const contributions = value.op.vjp(dy, value.inputs, value.attributes as never, value);
    value.inputs.forEach((input, i) => {
      const contribution = contributions[i];
      if (contribution === null || !dependent.has(input)) return;
      const sum = gradients.get(input);
      gradients.set(input, sum === undefined ? contribution : add(sum, contribution));
    });
  }
  return wrt.map((value) => gradients.get(value) ?? zeros(value.shape));
}

const zeros = (shape: Shape): Value => broadcastTo(constant(0), shape);

/**
 * A function that returns a scalar, turned into one that returns that scalar and its gradient with respect to the first
 * argument: a tree of values, answered by a tree of the same form.
 */
export function valueAndGrad<Parameters, Rest extends readonly unknown[]>(
  f: (parameters: Parameters, ...rest: Rest) => Value,
): (parameters: Parameters, ...rest: Rest) => [value: Value, gradient: Mapped<Parameters, Value>] {
  return (parameters, ...rest) => {
    const value = f(parameters, ...rest);
    const leaves = leavesOf<Value & Leaf>(parameters);
    const gradients = grad(
      value,
      leaves.map(({ leaf }) => leaf),
    );
    const byPath = new Map(leaves.map(({ path }, i) => [path, gradients[i]]));
    return [value, mapTree(parameters, (_, path) => byPath.get(path) as Value)];
  };
}
