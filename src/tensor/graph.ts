/**
 * @file The trace: values that know their shape and how they were made.
 *
 * Calling an operation computes nothing. It returns a Value that remembers the operation and its inputs; what a
 * function of values returns is the graph of its computation. `grad.ts` extends such a graph by its derivative,
 * `backends/onnx.ts` writes it as an ONNX model, `backends/reference.ts` evaluates it in float64.
 */
import { UserError } from "../base/index.ts";
import type { Emit } from "./backends/onnx.ts";

export type DType = "float32" | "int32";
/** Sizes of the axes, outermost first; () is a scalar. */
export type Shape = readonly number[];
/** Settings of an operation beside its inputs: plain data, so that equal operations can be recognised. */
export type Attributes = object;

/** One traced result. Immutable; make one by calling an operation. */
export interface Value {
  readonly op: OpRecord;
  readonly inputs: readonly Value[];
  readonly attributes: Attributes;
  readonly shape: Shape;
  readonly dtype: DType;
}

/** A float64 array with its shape: what reference kernels read. Row-major. */
export interface Tensor {
  readonly shape: Shape;
  readonly data: Float64Array;
}

/** All that the system knows of one operation: shape rule, truth, fast path, gradient. */
export interface OpRecord<A extends Attributes = never> {
  readonly name: string;
  /** Shape of the result. Throws ShapeError if the inputs do not fit. */
  shape(inputs: readonly Shape[], attributes: A): Shape;
  /** Element type of each input ("any" if it is free), and of the result; float32 everywhere if absent. */
  readonly dtypes?: {
    readonly inputs: readonly (DType | "any")[];
    readonly output: DType | ((inputs: readonly DType[]) => DType);
  };
  /** Writes the result into `out` (zeros, row-major) in float64: plain and slow, the truth the fast path is tested against. */
  kernel(out: Tensor, inputs: readonly Tensor[], attributes: A): void;
  /** The ONNX operator of the same meaning, or the nodes that together mean it; returns the name of the result. */
  readonly onnx: string | ((emit: Emit, inputs: readonly string[], node: TypedNode<A>) => string);
  /**
   * Vector-Jacobian product: the gradient of a scalar with respect to each input, given `dy`, its gradient with respect
   * to the result `y`. null for an input that passes none. Absent: the operation has no gradient.
   */
  vjp?(dy: Value, inputs: readonly Value[], attributes: A, y: Value): readonly (Value | null)[];
}

/** A Value seen by its own operation's lowering, which knows the type of its attributes. */
interface TypedNode<A extends Attributes> {
  readonly inputs: readonly Value[];
  readonly attributes: A;
  readonly shape: Shape;
}

/** A function on values that carries the record it applies, so that tests can find every operation there is. */
export type Op<Call> = Call & { readonly record: OpRecord };

/**
 * Turns a record into the function users call. `signature` receives `apply` and returns that function; it is the place
 * for defaults and for turning numbers into values.
 */
export function defineOp<A extends Attributes, Call>(
  record: OpRecord<A>,
  signature: (apply: (inputs: readonly Value[], attributes: A) => Value) => Call,
): Op<Call> {
  const erased = record as unknown as OpRecord;
  const call = signature((inputs, attributes) => {
    checkDtypes(erased, inputs);
    const shapes = inputs.map((input) => input.shape);
    const shape = record.shape(shapes, attributes);
    if (!isShape(shape))
      throw new ShapeError(record.name, `whole, positive axes in the result ${showShape(shape)}`, shapes);
    return { op: erased, inputs, attributes, shape, dtype: dtypeOf(erased, inputs) };
  });
  return Object.assign(call as object, { record: erased }) as Op<Call>;
}

function dtypeOf({ dtypes }: OpRecord, inputs: readonly Value[]): DType {
  const output = dtypes?.output ?? "float32";
  return typeof output === "string" ? output : output(inputs.map(({ dtype }) => dtype));
}

function checkDtypes(op: OpRecord, inputs: readonly Value[]): void {
  inputs.forEach((input, i) => {
    const expected = op.dtypes === undefined ? "float32" : op.dtypes.inputs[i];
    if (expected !== undefined && expected !== "any" && input.dtype !== expected)
      throw new UserError(`${op.name}: expected input ${i + 1} of type ${expected}, got ${input.dtype}`);
  });
}

/** Inputs whose shapes do not fit an operation: says what was expected and what came. */
export class ShapeError extends UserError {
  override readonly name = "ShapeError";
  /** expected: shapes with named axes, as in "a: (m, k) and b: (k, n)". */
  constructor(op: string, expected: string, got: readonly Shape[]) {
    super(`${op}: expected ${expected}, got ${got.map(showShape).join(" and ") || "nothing"}`);
  }
}

/** "(2, 3)"; "()" for a scalar. */
export function showShape(shape: Shape): string {
  return `(${shape.join(", ")})`;
}

/** True of sizes that axes can have. There are no empty arrays: runtimes disagree about them. */
export function isShape(shape: Shape): boolean {
  return shape.every((size) => Number.isInteger(size) && size > 0);
}

/** Number of elements; 1 for a scalar. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, axis) => product * axis, 1);
}

/** Row-major strides: how far apart neighbours along each axis lie, in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis];
  }
  return strides;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/** `axis` counted from the front; negative ones count from the back. Throws ShapeError beyond the rank. */
export function normalizeAxis(op: string, axis: number, shape: Shape): number {
  const positive = axis < 0 ? axis + shape.length : axis;
  if (!Number.isInteger(axis) || positive < 0 || positive >= shape.length)
    throw new ShapeError(
      op,
      shape.length === 0 ? "an axis" : `an axis from ${-shape.length} to ${shape.length - 1}, not ${axis}`,
      [shape],
    );
  return positive;
}

/** Every value that `outputs` depend on, each after its inputs. What is `known` is left out, with all behind it. */
export function topologicalOrder(
  outputs: readonly Value[],
  known: (value: Value) => boolean = () => false,
): Value[] {
  const order: Value[] = [];
  const done = new Set<Value>();
  const stack: { value: Value; next: number }[] = [];
  for (const output of outputs) {
    stack.push({ value: output, next: 0 });
    while (stack.length > 0) {
      const top = stack[stack.length - 1];
      if (done.has(top.value) || known(top.value)) stack.pop();
      else if (top.next < top.value.inputs.length) {
        const input = top.value.inputs[top.next++];
        if (!done.has(input)) stack.push({ value: input, next: 0 });
      } else {
        stack.pop();
        done.add(top.value);
        order.push(top.value);
      }
    }
  }
  return order;
}
