/** @file Sources of values: inputs of a graph and constants inside it. */
import { UserError } from "../../base/index.ts";
import { type DType, isShape, type OpRecord, type Shape, ShapeError, sizeOf, type Value } from "../graph.ts";

/** Shape and element type of a value that somebody will provide. */
export interface Spec {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** Spec of a float32 array with these axes; `float32()` is a scalar. */
export const float32 = (...shape: number[]): Spec => spec("float32", shape);
/** Spec of an int32 array with these axes: indices, counters, labels. */
export const int32 = (...shape: number[]): Spec => spec("int32", shape);

function spec(dtype: DType, shape: Shape): Spec {
  if (!isShape(shape)) throw new ShapeError(dtype, "whole, positive axes", [shape]);
  return { dtype, shape };
}

/** A value that `name` will provide when the graph runs. */
export function input(name: string, { shape, dtype }: Spec): Value {
  return { op: inputOp as unknown as OpRecord, inputs: [], attributes: { name, shape }, shape, dtype };
}

export interface InputAttributes {
  readonly name: string;
  readonly shape: Shape;
}

/** Has no kernel and no lowering of its own: whoever evaluates or writes a graph knows its inputs. */
export const inputOp: OpRecord<InputAttributes> = {
  name: "input",
  shape: (_, { shape }) => shape,
  kernel: (_, __, { name }) => {
    throw new Error(`input "${name}" was not supplied`);
  },
  onnx: (_, __, { attributes: { name } }) => {
    throw new UserError(`input "${name}" belongs to another graph`);
  },
  vjp: () => [],
};

export interface ConstantAttributes {
  /** Plain numbers stay float64 for the reference, and are rounded to float32 where they are written. */
  readonly data: Float64Array | Float32Array | Int32Array;
  readonly shape: Shape;
}

export const constantOp: OpRecord<ConstantAttributes> = {
  name: "constant",
  shape: (_, { shape }) => shape,
  kernel: (out, _, { data }) => out.data.set(data),
  onnx: (emit, _, { attributes: { data, shape } }) =>
    emit.constant(data instanceof Float64Array ? Float32Array.from(data) : data, shape),
  vjp: () => [],
};

/**
 * A value known now. `data`: a number (a scalar) or an array in row-major order of `shape`, by default one axis.
 * Int32Array gives int32, everything else float32. The array is kept, not copied. Throws ShapeError if the sizes differ.
 */
export function constant(
  data: number | readonly number[] | Float64Array | Float32Array | Int32Array,
  shape?: Shape,
): Value {
  const array =
    typeof data === "number"
      ? Float64Array.of(data)
      : Array.isArray(data)
        ? Float64Array.from(data)
        : (data as Float64Array | Float32Array | Int32Array);
  const axes = shape ?? (typeof data === "number" ? [] : [array.length]);
  if (!isShape(axes) || sizeOf(axes) !== array.length)
    throw new ShapeError("constant", `whole, positive axes for ${array.length} numbers`, [axes]);
  return {
    op: constantOp as unknown as OpRecord,
    inputs: [],
    attributes: { data: array, shape: axes },
    shape: axes,
    dtype: array instanceof Int32Array ? "int32" : "float32",
  };
}

/** Operand of arithmetic: a traced value or a plain number. */
export type Operand = Value | number;

export function toValue(operand: Operand): Value {
  return typeof operand === "number" ? constant(operand) : operand;
}
