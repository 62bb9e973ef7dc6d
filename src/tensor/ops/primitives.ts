/**
 * @file The operations whose gradients are written in terms of one another: arithmetic, reductions, shapes, products.
 * Two-input arithmetic broadcasts as in NumPy. Reductions fold `axes` (all, if absent) and drop them unless `keep`.
 */
import { UserError } from "../../base/index.ts";
import {
  defineOp,
  normalizeAxis,
  type Op,
  type OpRecord,
  type Shape,
  ShapeError,
  sameShape,
  showShape,
  sizeOf,
  stridesOf,
  type Tensor,
  type Value,
} from "../graph.ts";
import { type Operand, toValue } from "./source.ts";

type Unary = Op<(x: Value) => Value>;
type Binary = Op<(a: Operand, b: Operand) => Value>;
type NoAttributes = Record<string, never>;

// ---------------------------------------------------------------------------------------------- element by element

/** An operation of one input, given by its formula in float64 and its derivative times dy. */
export function unary(
  name: string,
  onnx: OpRecord<NoAttributes>["onnx"],
  formula: (x: number) => number,
  vjp: (dy: Value, x: Value, y: Value) => Value,
): Unary {
  return defineOp<NoAttributes, (x: Value) => Value>(
    {
      name,
      onnx,
      shape: ([x]) => x,
      kernel: (out, [x]) => {
        for (let i = 0; i < out.data.length; i++) out.data[i] = formula(x.data[i]);
      },
      vjp: (dy, [x], _, y) => [vjp(dy, x, y)],
    },
    (apply) => (x) => apply([x], {}),
  );
}

/** An operation of two inputs that broadcast; `vjp` may return gradients of the broadcast shape. */
function binary(
  name: string,
  onnx: string,
  formula: (a: number, b: number) => number,
  vjp: (dy: Value, a: Value, b: Value, y: Value) => readonly [Value, Value] | null,
): Binary {
  return defineOp<NoAttributes, (a: Operand, b: Operand) => Value>(
    {
      name,
      onnx: (emit, _, node) => {
        const result = emit(onnx, withoutBroadcasts(node.inputs, node.shape).map(emit.lower));
        return onnx === "Greater" ? emit("Cast", [result], { to: 1 }) : result;
      },
      shape: (shapes) => broadcastShapes(name, shapes),
      kernel: (out, inputs) => broadcastInto(out, inputs, ([a, b]) => formula(a, b)),
      vjp: (dy, [a, b], _, y) => {
        const gradients = vjp(dy, a, b, y);
        return gradients === null
          ? [null, null]
          : [sumTo(gradients[0], a.shape), sumTo(gradients[1], b.shape)];
      },
    },
    (apply) => (a, b) => apply([toValue(a), toValue(b)], {}),
  );
}

/** Both inputs, or what they were stretched from where arithmetic stretches it to `shape` again by itself. */
function withoutBroadcasts([a, b]: readonly Value[], shape: Shape): readonly Value[] {
  const left = withoutBroadcast(a, b, shape);
  return [left, withoutBroadcast(b, left, shape)];
}

function withoutBroadcast(value: Value, other: Value, shape: Shape): Value {
  if (value.op !== broadcastTo.record) return value;
  const [source] = value.inputs;
  const stretches = sameShape(broadcastShapes("broadcastTo", [source.shape, other.shape]), shape);
  return stretches ? withoutBroadcast(source, other, shape) : value;
}

/** The shape that all `shapes` stretch to: axes align at the end, size 1 repeats. Throws ShapeError if they do not. */
function broadcastShapes(op: string, shapes: readonly Shape[]): Shape {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1);
    const size = sizes.find((candidate) => candidate !== 1) ?? 1;
    if (sizes.some((candidate) => candidate !== 1 && candidate !== size))
      throw new ShapeError(op, "shapes that broadcast (equal axes, counted from the last, or 1)", shapes);
    return size;
  });
}

function broadcastInto(out: Tensor, inputs: readonly Tensor[], formula: (x: number[]) => number): void {
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
function forEachIndex(shape: Shape, visit: (index: readonly number[], i: number) => void): void {
  const index = new Array<number>(shape.length).fill(0);
  for (let i = 0; i < sizeOf(shape); i++) {
    visit(index, i);
    for (let axis = index.length - 1; axis >= 0 && ++index[axis] === shape[axis]; axis--) index[axis] = 0;
  }
}

function offsetOf(index: readonly number[], strides: readonly number[]): number {
  let offset = 0;
  for (let axis = 0; axis < index.length; axis++) offset += index[axis] * strides[axis];
  return offset;
}

/** a + b */
export const add: Binary = binary(
  "add",
  "Add",
  (a, b) => a + b,
  (dy) => [dy, dy],
);
/** a - b */
export const sub: Binary = binary(
  "sub",
  "Sub",
  (a, b) => a - b,
  (dy) => [dy, neg(dy)],
);
/** a · b, element by element. */
export const mul: Binary = binary(
  "mul",
  "Mul",
  (a, b) => a * b,
  (dy, a, b) => [mul(dy, b), mul(dy, a)],
);
/** a / b */
export const div: Binary = binary(
  "div",
  "Div",
  (a, b) => a / b,
  (dy, _, b, y) => {
    const da = div(dy, b);
    return [da, neg(mul(da, y))];
  },
);
/** The larger of a and b; where they are equal the gradient is shared evenly, as in PyTorch. */
export const maximum: Binary = binary("maximum", "Max", Math.max, (dy, a, b) => winnerTakes(dy, a, b));
/** The smaller of a and b; where they are equal the gradient is shared evenly, as in PyTorch. */
export const minimum: Binary = binary("minimum", "Min", Math.min, (dy, a, b) =>
  winnerTakes(dy, neg(a), neg(b)),
);
/** 1 where a > b, else 0. No gradient. */
export const greater: Binary = binary(
  "greater",
  "Greater",
  (a, b) => (a > b ? 1 : 0),
  () => null,
);

/** Splits dy between a and b: all of it to the larger, half to each of two equals. */
function winnerTakes(dy: Value, a: Value, b: Value): readonly [Value, Value] {
  const share = mul(0.5, add(1, sub(greater(a, b), greater(b, a))));
  return [mul(dy, share), mul(dy, sub(1, share))];
}

/** -x */
export const neg: Unary = unary(
  "neg",
  "Neg",
  (x) => -x,
  (dy) => neg(dy),
);
/** e^x */
export const exp: Unary = unary("exp", "Exp", Math.exp, (dy, _, y) => mul(dy, y));
/** Natural logarithm. */
export const log: Unary = unary("log", "Log", Math.log, (dy, x) => div(dy, x));
/** Square root. */
export const sqrt: Unary = unary("sqrt", "Sqrt", Math.sqrt, (dy, _, y) => div(mul(0.5, dy), y));
/** |x|; its gradient at 0 is 0. */
export const abs: Unary = unary("abs", "Abs", Math.abs, (dy, x) =>
  mul(dy, sub(greater(x, 0), greater(0, x))),
);
/** x² */
export const square: Unary = unary(
  "square",
  (emit, [x]) => emit("Mul", [x, x]),
  (x) => x * x,
  (dy, x) => mul(mul(2, dy), x),
);
/** Hyperbolic tangent. */
export const tanh: Unary = unary("tanh", "Tanh", Math.tanh, (dy, _, y) => mul(dy, sub(1, square(y))));
/**
 * 1 / (1 + e^-x). Absolutely exact to 1e-7, relatively not: on device cpu it is 0 below -17, so for its logarithm use
 * neg(softplus(neg(x))).
 */
export const sigmoid: Unary = unary(
  "sigmoid",
  "Sigmoid",
  (x) => 1 / (1 + Math.exp(-x)),
  (dy, _, y) => mul(dy, mul(y, sub(1, y))),
);
/** max(x, 0); its gradient at 0 is 0. */
export const relu: Unary = unary(
  "relu",
  "Relu",
  (x) => Math.max(x, 0),
  (dy, x) => mul(dy, greater(x, 0)),
);
/** Gauss error function. */
export const erf: Unary = unary("erf", "Erf", erfOf, (dy, x) =>
  mul(dy, mul(2 / Math.sqrt(Math.PI), exp(neg(square(x))))),
);

/** erf by its Taylor series, or for |x| > 3 one minus the continued fraction of erfc; error below 1e-15. */
function erfOf(x: number): number {
  const z = Math.abs(x);
  if (z > 6) return Math.sign(x);
  if (z > 3) {
    let fraction = 0;
    for (let n = 60; n > 0; n--) fraction = n / 2 / (z + fraction);
    return Math.sign(x) * (1 - Math.exp(-z * z) / ((z + fraction) * Math.sqrt(Math.PI)));
  }
  let term = x;
  let sum = x;
  for (let n = 1; n < 100; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

/** x as it is, but a constant to the gradient. */
export const stopGradient: Unary = defineOp<NoAttributes, (x: Value) => Value>(
  {
    name: "stopGradient",
    onnx: (_, [x]) => x,
    shape: ([x]) => x,
    kernel: (out, [x]) => out.data.set(x.data),
    vjp: () => [null],
  },
  (apply) => (x) => apply([x], {}),
);

/** The whole part of x, as int32: indices that arrived as numbers. No gradient. */
export const toInt32: Unary = defineOp<NoAttributes, (x: Value) => Value>(
  {
    name: "toInt32",
    onnx: (emit, [x]) => emit("Cast", [x], { to: 6 }),
    dtypes: { inputs: ["float32"], output: "int32" },
    shape: ([x]) => x,
    kernel: (out, [x]) => {
      for (let i = 0; i < out.data.length; i++) out.data[i] = Math.trunc(x.data[i]);
    },
  },
  (apply) => (x) => apply([x], {}),
);

type Where = Op<(condition: Value, a: Operand, b: Operand) => Value>;
/** a where the condition is not 0, else b; the three broadcast. The condition gets no gradient. */
export const where: Where = defineOp<NoAttributes, (condition: Value, a: Operand, b: Operand) => Value>(
  {
    name: "where",
    onnx: (emit, [condition, a, b]) => emit("Where", [emit("Cast", [condition], { to: 9 }), a, b]),
    shape: (shapes) => broadcastShapes("where", shapes),
    kernel: (out, inputs) => broadcastInto(out, inputs, ([condition, a, b]) => (condition !== 0 ? a : b)),
    vjp: (dy, [condition, a, b]) => [
      null,
      sumTo(where(condition, dy, 0), a.shape),
      sumTo(where(condition, 0, dy), b.shape),
    ],
  },
  (apply) => (condition, a, b) => apply([condition, toValue(a), toValue(b)], {}),
);

interface Limits {
  readonly low: number;
  readonly high: number;
}
type Clip = Op<(x: Value, low: number, high: number) => Value>;
/** x limited to [low, high]; at the limits the gradient passes, beyond them it is 0, as in PyTorch. */
export const clip: Clip = defineOp<Limits, (x: Value, low: number, high: number) => Value>(
  {
    name: "clip",
    onnx: (emit, [x], { attributes: { low, high } }) => emit("Clip", [x, emit.float(low), emit.float(high)]),
    shape: ([x]) => x,
    kernel: (out, [x], { low, high }) => {
      for (let i = 0; i < out.data.length; i++) out.data[i] = Math.min(Math.max(x.data[i], low), high);
    },
    vjp: (dy, [x], { low, high }) => [mul(dy, sub(1, add(greater(x, high), greater(low, x))))],
  },
  (apply) => (x, low, high) => {
    if (!(low <= high)) throw new UserError(`clip: expected low <= high, got ${low} and ${high}`);
    return apply([x], { low: Math.fround(low), high: Math.fround(high) });
  },
);

// ------------------------------------------------------------------------------------------------------ reductions

export interface ReduceOptions {
  /** Which axes to fold; negative ones count from the last. Default: all. */
  readonly axes?: number | readonly number[];
  /** Leave folded axes in place with size 1. */
  readonly keep?: boolean;
}
interface ReduceAttributes {
  /** Ascending and non-negative. */
  readonly axes: readonly number[];
  readonly keep: boolean;
}
type Reduction = Op<(x: Value, options?: ReduceOptions) => Value>;

function reduction(
  name: string,
  onnx: string,
  start: number,
  fold: (sum: number, x: number, count: number) => number,
  vjp: (dy: Value, x: Value, y: Value, count: number) => Value,
): Reduction {
  const reduce: Reduction = defineOp<ReduceAttributes, (x: Value, options?: ReduceOptions) => Value>(
    {
      name,
      onnx: (emit, [x], { inputs, shape, attributes: { axes, keep } }) => {
        const [rows, ...rest] = inputs[0].shape;
        const isWhole = rest.length > 0 && axes.length === rest.length + 1;
        if (start === 0 && isWhole && countOf(inputs[0].shape, axes) > longestSum) {
          const each = reduce(inputs[0], { axes: rest.map((_, i) => i + 1) });
          return emit.lower(reshape(reduce(each), shape));
        }
        if (onnx !== "ReduceSum" || rest.length !== 1 || axes.join() !== "0")
          return emit(onnx, [x, emit.ints(axes)], { keepdims: keep ? 1 : 0 });
        // Summing the rows of a matrix, as the gradient of a bias does, is faster as a product.
        const ones = emit.constant(new Float32Array(rows).fill(1), [1, rows]);
        return emit("Reshape", [emit("MatMul", [ones, x]), emit.ints(shape)]);
      },
      shape: ([x], { axes, keep }) =>
        keep ? keptShape(x, axes) : x.filter((_, axis) => !axes.includes(axis)),
      kernel: (out, [x], { axes }) => {
        const strides = stridesOf(keptShape(x.shape, axes)).map((stride, axis) =>
          axes.includes(axis) ? 0 : stride,
        );
        const count = countOf(x.shape, axes);
        out.data.fill(start);
        forEachIndex(x.shape, (index, i) => {
          const target = offsetOf(index, strides);
          out.data[target] = fold(out.data[target], x.data[i], count);
        });
      },
      vjp: (dy, [x], { axes }, y) => {
        const kept = keptShape(x.shape, axes);
        return [vjp(reshape(dy, kept), x, reshape(y, kept), countOf(x.shape, axes))];
      },
    },
    (apply) =>
      (x, { axes = x.shape.map((_, axis) => axis), keep = false } = {}) => {
        const chosen = (typeof axes === "number" ? [axes] : axes).map((axis) =>
          normalizeAxis(name, axis, x.shape),
        );
        if (chosen.length === 0) return x;
        return apply([x], { axes: [...new Set(chosen)].sort((a, b) => a - b), keep });
      },
  );
  return reduce;
}

/** The runtime adds a whole array up number by number: 4 M of them keep 4 digits. Longer ones are folded row by row first. */
const longestSum = 2 ** 20;

const keptShape = (shape: Shape, axes: readonly number[]): Shape =>
  shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
const countOf = (shape: Shape, axes: readonly number[]): number =>
  axes.reduce((count, axis) => count * shape[axis], 1);

/** Sum over `axes`. */
export const sum: Reduction = reduction(
  "sum",
  "ReduceSum",
  0,
  (total, x) => total + x,
  (dy, x) => broadcastTo(dy, x.shape),
);
/** Mean over `axes`. */
export const mean: Reduction = reduction(
  "mean",
  "ReduceMean",
  0,
  (total, x, count) => total + x / count,
  (dy, x, _, count) => broadcastTo(mul(dy, 1 / count), x.shape),
);
/** Maximum over `axes`; equal maxima share the gradient, as PyTorch's amax. Over a set of points: a PointNet pooling. */
export const max: Reduction = reduction(
  "max",
  "ReduceMax",
  Number.NEGATIVE_INFINITY,
  (highest, x) => Math.max(highest, x),
  (dy, x, y) => {
    const winners = sub(1, greater(y, x));
    const axes = x.shape.map((_, axis) => axis).filter((axis) => y.shape[axis] === 1 && x.shape[axis] !== 1);
    return mul(winners, div(dy, sum(winners, { axes, keep: true })));
  },
);

/** Undoes broadcasting: sums `x` down to `shape`. */
export function sumTo(x: Value, shape: Shape): Value {
  if (sameShape(x.shape, shape)) return x;
  if (!sameShape(broadcastShapes("sumTo", [shape, x.shape]), x.shape))
    throw new ShapeError("sumTo", `a shape that ${showShape(shape)} stretches to`, [x.shape]);
  const missing = x.shape.length - shape.length;
  const axes = x.shape
    .map((_, axis) => axis)
    .filter((axis) => axis < missing || shape[axis - missing] !== x.shape[axis]);
  return reshape(sum(x, { axes, keep: true }), shape);
}

// ---------------------------------------------------------------------------------------------------------- shapes

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

type BroadcastTo = Op<(x: Value, shape: Shape) => Value>;
/** x stretched to `shape`: axes of size 1 repeat, missing leading axes are added. */
export const broadcastTo: BroadcastTo = defineOp<ShapeAttributes, (x: Value, shape: Shape) => Value>(
  {
    name: "broadcastTo",
    onnx: (emit, [x], { shape }) => emit("Expand", [x, emit.ints(shape)]),
    shape: ([x], { shape }) => {
      if (!sameShape(broadcastShapes("broadcastTo", [x, shape]), shape))
        throw new ShapeError("broadcastTo", `a shape that stretches to ${showShape(shape)}`, [x]);
      return shape;
    },
    kernel: (out, inputs) => broadcastInto(out, inputs, ([x]) => x),
    vjp: (dy, [x]) => [sumTo(dy, x.shape)],
  },
  (apply) => (x, shape) => (sameShape(x.shape, shape) ? x : apply([x], { shape })),
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

type Gather = Op<(table: Value, indices: Value) => Value>;
/**
 * Rows of a table of either type: an embedding. table: (n, ...row)   indices: int32 (...i) in [0, n)   y: (...i, ...row)
 * An index out of range fails when the graph runs. Indices that were themselves gathered reorder the table instead: a
 * loop that counts through an order of its own then finds the table in that order, and does no work on its counter.
 */
export const gather: Gather = defineOp<NoAttributes, (table: Value, indices: Value) => Value>(
  {
    name: "gather",
    onnx: (emit, [table, indices]) => emit("Gather", [table, indices], { axis: 0 }),
    dtypes: { inputs: ["any", "int32"], output: ([table]) => table },
    shape: ([table, indices]) => {
      if (table.length === 0)
        throw new ShapeError("gather", "table: (n, ...row) and indices: (...i)", [table, indices]);
      return [...indices, ...table.slice(1)];
    },
    kernel: (out, [table, indices]) => {
      const width = sizeOf(table.shape.slice(1));
      indices.data.forEach((row, i) => {
        if (!(row >= 0 && row < table.shape[0]))
          throw new UserError(`gather: index ${row} is outside the table's ${table.shape[0]} rows`);
        out.data.set(table.data.subarray(row * width, (row + 1) * width), i * width);
      });
    },
    vjp: (dy, [table, indices]) => [scatterAdd(indices, dy, table.shape[0]), null],
  },
  (apply) => (table, indices) =>
    indices.op === gather.record
      ? gather(gather(table, indices.inputs[0]), indices.inputs[1])
      : apply([table, indices], {}),
);

type ScatterAdd = Op<(indices: Value, rows: Value, count: number) => Value>;
/** Adds rows into a table of zeros: the transpose of gather. indices: int32 (...i)   rows: (...i, ...row)   y: (count, ...row) */
export const scatterAdd: ScatterAdd = defineOp<
  { readonly count: number },
  (indices: Value, rows: Value, count: number) => Value
>(
  {
    name: "scatterAdd",
    onnx: (emit, [indices, rows], { shape, inputs }) => {
      const wide = emit("Cast", [emit("Reshape", [indices, emit.ints([...inputs[0].shape, 1])])], { to: 7 });
      const zeros = emit("Expand", [emit.float(0), emit.ints(shape)]);
      return emit("ScatterND", [zeros, wide, rows], { reduction: "add" });
    },
    dtypes: { inputs: ["int32", "float32"], output: "float32" },
    shape: ([indices, rows], { count }) => {
      if (!sameShape(rows.slice(0, indices.length), indices))
        throw new ShapeError("scatterAdd", "indices: (...i) and rows: (...i, ...row)", [indices, rows]);
      return [count, ...rows.slice(indices.length)];
    },
    kernel: (out, [indices, rows]) => {
      const width = sizeOf(out.shape.slice(1));
      indices.data.forEach((row, i) => {
        for (let j = 0; j < width; j++) out.data[row * width + j] += rows.data[i * width + j];
      });
    },
    vjp: (dy, [indices]) => [null, gather(dy, indices)],
  },
  (apply) => (indices, rows, count) => apply([indices, rows], { count }),
);

// -------------------------------------------------------------------------------------------------------- products

type Matmul = Op<(a: Value, b: Value) => Value>;
/** Matrix product.   a: (...batch, m, k)   b: (...batch, k, n), or (k, n) for every batch   y: (...batch, m, n) */
export const matmul: Matmul = defineOp<NoAttributes, (a: Value, b: Value) => Value>(
  {
    name: "matmul",
    onnx: (emit, [a, b], { inputs, shape }) => {
      const isTransposed = ({ op, shape }: Value) => op === transpose.record && shape.length === 2;
      if (inputs[1].shape.length > 2 || !inputs.some(isTransposed)) return emit("MatMul", [a, b]);
      const [left, right] = inputs.map((x) => emit.lower(isTransposed(x) ? x.inputs[0] : x));
      const [transA, transB] = inputs.map((x) => (isTransposed(x) ? 1 : 0));
      if (shape.length === 2) return emit("Gemm", [left, right], { transA, transB });
      const rows = emit("Reshape", [left, emit.ints([-1, inputs[0].shape.at(-1) as number])]);
      return emit("Reshape", [emit("Gemm", [rows, right], { transA, transB }), emit.ints(shape)]);
    },
    shape: ([a, b]) => {
      const batch = a.slice(0, -2);
      if (a.length < 2 || !(b.length === 2 || sameShape(batch, b.slice(0, -2))) || a.at(-1) !== b.at(-2))
        throw new ShapeError("matmul", "a: (...batch, m, k) and b: (...batch, k, n) or (k, n)", [a, b]);
      return [...a.slice(0, -1), b.at(-1) as number];
    },
    kernel: (out, [a, b]) => {
      const [k, n] = b.shape.slice(-2);
      const rows = out.shape.at(-2) as number;
      for (let row = 0; row * n < out.data.length; row++) {
        const start = b.shape.length === 2 ? 0 : Math.floor(row / rows) * k * n;
        for (let inner = 0; inner < k; inner++) {
          const left = a.data[row * k + inner];
          for (let column = 0; column < n; column++)
            out.data[row * n + column] += left * b.data[start + inner * n + column];
        }
      }
    },
    vjp: (dy, [a, b]) => [
      matmul(dy, transpose(b)),
      b.shape.length === 2 ? matmul(transpose(asRows(a)), asRows(dy)) : matmul(transpose(a), dy),
    ],
  },
  (apply) => (a, b) => apply([a, b], {}),
);

/** x as a matrix: its last axis and all before it. */
const asRows = (x: Value): Value => reshape(x, [sizeOf(x.shape.slice(0, -1)), x.shape.at(-1) ?? 1]);

type Affine = Op<(x: Value, weight: Value, bias: Value) => Value>;
/** x · weight + bias over the last axis.   x: (..., k)   weight: (k, n)   bias: (n,)   y: (..., n) */
export const affine: Affine = defineOp<NoAttributes, (x: Value, weight: Value, bias: Value) => Value>(
  {
    name: "affine",
    onnx: (emit, [x, weight, bias]) => emit("Gemm", [x, weight, bias]),
    shape: ([x, weight]) => [x[0], weight[1]],
    kernel: (out, [x, weight, bias]) => {
      matmul.record.kernel(out, [x, weight], undefined as never);
      for (let i = 0; i < out.data.length; i++) out.data[i] += bias.data[i % bias.data.length];
    },
    vjp: (dy, [x, weight]) => [matmul(dy, transpose(weight)), matmul(transpose(x), dy), sum(dy, { axes: 0 })],
  },
  (apply) => (x, weight, bias) => {
    const shapes = [x.shape, weight.shape, bias.shape];
    const [k, n] = weight.shape;
    if (weight.shape.length !== 2 || x.shape.at(-1) !== k || !sameShape(bias.shape, [n]))
      throw new ShapeError("affine", "x: (..., k), weight: (k, n) and bias: (n,)", shapes);
    return reshape(apply([asRows(x), weight, bias], {}), [...x.shape.slice(0, -1), n]);
  },
);
