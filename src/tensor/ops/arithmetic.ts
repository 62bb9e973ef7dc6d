/**
 * @file Arithmetic and reductions, whose gradients are written in terms of one another. Two-input arithmetic broadcasts as
 * in NumPy. Reductions fold `axes` (all, if absent) and drop them unless `keep`.
 */
import {
  defineOp,
  normalizeAxis,
  type Op,
  type OpRecord,
  type Shape,
  ShapeError,
  sameShape,
  showShape,
  stridesOf,
  type Value,
} from "../graph.ts";
import { broadcastInto, broadcastShapes, forEachIndex, offsetOf } from "./broadcast.ts";
import { reshape } from "./shapes.ts";
import { type Operand, toValue } from "./source.ts";

type Unary = Op<(x: Value) => Value>;
type Binary = Op<(a: Operand, b: Operand) => Value>;
type NoAttributes = Record<string, never>;

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

export interface ReduceOptions {
  /** Axes to fold; negative ones count from the last. Default: all. */
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

interface ShapeAttributes {
  readonly shape: Shape;
}
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
