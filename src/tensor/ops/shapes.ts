/** @file Operations that move elements and compute nothing. */
import { UserError } from "../../base/index.ts";
import {
  defineOp,
  normalizeAxis,
  type Op,
  type Shape,
  ShapeError,
  sameShape,
  showShape,
  sizeOf,
  stridesOf,
  type Value,
} from "../graph.ts";
import { forEachIndex, offsetOf } from "./broadcast.ts";

interface ShapeAttributes {
  readonly shape: Shape;
}

type Reshape = Op<(x: Value, shape: Shape) => Value>;
/** The same elements in the same row-major order under another shape; one axis may be -1 and is worked out. */
export const reshape: Reshape = defineOp<ShapeAttributes, (x: Value, shape: Shape) => Value>(
  {
    name: "reshape",
    onnx: (emit, [x], { shape, inputs }) => {
      let source = inputs[0];
      while (source.op === reshape.record) source = source.inputs[0];
      return sameShape(shape, source.shape) ? emit.lower(source) : emit("Reshape", [x, emit.ints(shape)]);
    },
    shape: ([x], { shape }) => {
      if (sizeOf(x) !== sizeOf(shape))
        throw new ShapeError("reshape", `${showShape(shape)}'s ${sizeOf(shape)} elements`, [x]);
      return shape;
    },
    kernel: (out, [x]) => out.data.set(x.data),
    vjp: (dy, [x]) => [reshape(dy, x.shape)],
  },
  (apply) => (x, shape) => {
    const rest = -sizeOf(shape);
    const wanted = shape.map((size) => (size === -1 && rest > 0 ? sizeOf(x.shape) / rest : size));
    return sameShape(wanted, x.shape) ? x : apply([x], { shape: wanted });
  },
);

type Transpose = Op<(x: Value, order?: readonly number[]) => Value>;
/** Axes in another order: axis i of the result is axis order[i] of x. Default: the last two change places. */
export const transpose: Transpose = defineOp<
  { order: readonly number[] },
  (x: Value, order?: readonly number[]) => Value
>(
  {
    name: "transpose",
    onnx: (emit, [x], { attributes: { order } }) => emit("Transpose", [x], { perm: order }),
    shape: ([x], { order }) => {
      if (order.length !== x.length || [...order].sort((a, b) => a - b).some((axis, i) => axis !== i))
        throw new ShapeError(
          "transpose",
          `as many axes as the order (${order.join(", ")}) names, each once`,
          [x],
        );
      return order.map((axis) => x[axis]);
    },
    kernel: (out, [x], { order }) => {
      const own = stridesOf(x.shape);
      const strides = order.map((axis) => own[axis]);
      forEachIndex(out.shape, (index, i) => {
        out.data[i] = x.data[offsetOf(index, strides)];
      });
    },
    vjp: (dy, _, { order }) => [
      transpose(
        dy,
        order.map((_, axis) => order.indexOf(axis)),
      ),
    ],
  },
  (apply) => (x, order) => {
    const axes = x.shape.map((_, axis) => axis);
    const chosen = order ?? [...axes.slice(0, -2), ...axes.slice(-2).reverse()];
    return sameShape(chosen, axes) ? x : apply([x], { order: chosen });
  },
);

interface AxisAttributes {
  readonly axis: number;
}
type Concat = Op<(parts: readonly Value[], axis: number) => Value>;
/** The parts one after another along `axis`; their other axes are equal. */
export const concat: Concat = defineOp<AxisAttributes, (parts: readonly Value[], axis: number) => Value>(
  {
    name: "concat",
    onnx: (emit, parts, { attributes: { axis } }) =>
      parts.length === 1 ? parts[0] : emit("Concat", parts, { axis }),
    shape: (parts, { axis }) => {
      const total = parts.reduce((size, part) => size + part[axis], 0);
      const whole = parts[0].map((size, i) => (i === axis ? total : size));
      if (parts.some((part) => !sameShape(part.with(axis, total), whole)))
        throw new ShapeError("concat", `shapes that differ in axis ${axis} alone`, parts);
      return whole;
    },
    kernel: (out, parts, { axis }) => {
      const block = (shape: Shape) => sizeOf(shape.slice(axis));
      let offset = 0;
      for (const part of parts) {
        const width = block(part.shape);
        for (let row = 0; row * width < part.data.length; row++)
          out.data.set(part.data.subarray(row * width, (row + 1) * width), row * block(out.shape) + offset);
        offset += width;
      }
    },
    vjp: (dy, parts, { axis }) =>
      split(
        dy,
        parts.map((part) => part.shape[axis]),
        axis,
      ),
  },
  (apply) => (parts, axis) => {
    if (parts.length === 0) throw new UserError("concat: expected at least one part, got none");
    return apply(parts, { axis: normalizeAxis("concat", axis, parts[0].shape) });
  },
);

interface SliceAttributes extends AxisAttributes {
  readonly start: number;
  readonly end: number;
}
type Slice = Op<(x: Value, axis: number, start: number, end?: number) => Value>;
/** Positions start ... end-1 of `axis`; negative positions count from the end, as in Array.slice. */
export const slice: Slice = defineOp<
  SliceAttributes,
  (x: Value, axis: number, start: number, end?: number) => Value
>(
  {
    name: "slice",
    onnx: (emit, [x], { attributes: { axis, start, end } }) =>
      emit("Slice", [x, emit.ints([start]), emit.ints([end]), emit.ints([axis])]),
    shape: ([x], { axis, start, end }) => x.with(axis, end - start),
    kernel: (out, [x], { axis, start }) => {
      const strides = stridesOf(x.shape);
      forEachIndex(out.shape, (index, i) => {
        out.data[i] = x.data[offsetOf(index, strides) + start * strides[axis]];
      });
    },
    vjp: (dy, [x], { axis, start, end }) => [pad(dy, axis, start, x.shape[axis] - end)],
  },
  (apply) => (x, axis, start, end) => {
    const chosen = normalizeAxis("slice", axis, x.shape);
    const size = x.shape[chosen];
    const first = start < 0 ? start + size : start;
    const last = end === undefined ? size : end < 0 ? end + size : end;
    if (!(Number.isInteger(first) && Number.isInteger(last) && first >= 0 && first < last && last <= size))
      throw new ShapeError(
        "slice",
        `positions among the ${size} of axis ${axis}, not ${start} to ${end ?? size}`,
        [x.shape],
      );
    return first === 0 && last === size ? x : apply([x], { axis: chosen, start: first, end: last });
  },
);

type Pad = Op<(x: Value, axis: number, before: number, after: number) => Value>;
/** x with zeros before and after it along `axis`. */
export const pad: Pad = defineOp<
  AxisAttributes & { readonly before: number; readonly after: number },
  (x: Value, axis: number, before: number, after: number) => Value
>(
  {
    name: "pad",
    onnx: (emit, [x], { shape, attributes: { axis, before, after } }) => {
      const ends = [before, after].flatMap((amount) => shape.map((_, i) => (i === axis ? amount : 0)));
      return emit("Pad", [x, emit.ints(ends)]);
    },
    shape: ([x], { axis, before, after }) => x.with(axis, x[axis] + before + after),
    kernel: (out, [x], { axis, before }) => {
      const strides = stridesOf(out.shape);
      forEachIndex(x.shape, (index, i) => {
        out.data[offsetOf(index, strides) + before * strides[axis]] = x.data[i];
      });
    },
    vjp: (dy, [x], { axis, before }) => [slice(dy, axis, before, before + x.shape[axis])],
  },
  (apply) => (x, axis, before, after) => {
    if (![before, after].every((amount) => Number.isInteger(amount) && amount >= 0))
      throw new UserError(`pad: expected whole amounts >= 0, got ${before} and ${after}`);
    return before + after === 0
      ? x
      : apply([x], { axis: normalizeAxis("pad", axis, x.shape), before, after });
  },
);

/** Cuts `axis` into parts of the given sizes, which add up to it. */
export function split(x: Value, sizes: readonly number[], axis: number): Value[] {
  const chosen = normalizeAxis("split", axis, x.shape);
  if (sizes.reduce((total, size) => total + size, 0) !== x.shape[chosen])
    throw new ShapeError("split", `axis ${axis} of size ${sizes.join(" + ")}`, [x.shape]);
  let end = 0;
  return sizes.map((size) => {
    end += size;
    return slice(x, chosen, end - size, end);
  });
}
