/** @file Functions of each element by itself. */
import { UserError } from "../../base/index.ts";
import { defineOp, type Op, type Value } from "../graph.ts";
import { add, div, greater, mul, neg, sub, sumTo, unary } from "./arithmetic.ts";
import { broadcastInto, broadcastShapes } from "./broadcast.ts";
import { type Operand, toValue } from "./source.ts";

type Unary = Op<(x: Value) => Value>;
type NoAttributes = Record<string, never>;

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
