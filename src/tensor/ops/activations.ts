/** @file Nonlinearities that cost more than one operation, written for the kernels that are fast. */
import { maximum as largest } from "../../base/index.ts";
import { defineOp, normalizeAxis, type Op, type Value } from "../graph.ts";
import { add, div, max, maximum, minimum, mul, neg, sub, sum } from "./arithmetic.ts";
import { abs, erf, exp, log, sigmoid, stopGradient } from "./elementwise.ts";
import { recompute } from "./recompute.ts";

type Unary = Op<(x: Value) => Value>;
type NoAttributes = Record<string, never>;

/** Largest exponent that mish takes. */
const limit = 20;

/**
 * x · tanh(softplus(x)), by e = exp(x): tanh(softplus(x)) = n / (n + 2) with n = e (e + 2).
 * Source: Misra 2019, arXiv:1908.08681. ONNX Runtime's own Mish and Softplus run element by element, ten times slower.
 */
export const mish: Unary = defineOp<NoAttributes, (x: Value) => Value>(
  {
    name: "mish",
    onnx: (emit, _, { inputs: [x] }) => {
      const e = exp(minimum(x, limit)); // beyond it mish(x) = x in float32, and n would overflow
      const n = mul(e, add(e, 2));
      return emit.lower(mul(x, div(n, add(n, 2))));
    },
    shape: ([x]) => x,
    kernel: (out, [x]) => {
      for (let i = 0; i < out.data.length; i++) {
        const softplus = Math.max(x.data[i], 0) + Math.log1p(Math.exp(-Math.abs(x.data[i])));
        out.data[i] = x.data[i] * Math.tanh(softplus);
      }
    },
    vjp: (dy, [x]) => [mul(dy, recompute([x], mishSlope))],
  },
  (apply) => (x) => apply([x], {}),
);

/** Derivative of mish: n r + 4 x e (e + 1) r² with r = 1 / (n + 2), where e (e + 1) = n - e. */
function mishSlope(x: Value): Value {
  const e = exp(minimum(x, limit));
  const n = mul(e, add(e, 2));
  const r = div(1, add(n, 2));
  return mul(add(n, mul(mul(mul(4, x), sub(n, e)), r)), r);
}

/** x · sigmoid(x), also called swish. */
export function silu(x: Value): Value {
  return mul(x, sigmoid(x));
}

/** x · Φ(x) with the normal distribution function, exact (not the tanh approximation). */
export function gelu(x: Value): Value {
  return mul(x, mul(0.5, add(1, erf(mul(x, Math.SQRT1_2)))));
}

/** log(1 + e^x), without overflow. */
export function softplus(x: Value): Value {
  return add(maximum(x, 0), log(add(1, exp(neg(abs(x))))));
}

/** Huber loss of each element: x²/2 up to |x| = delta, then delta (|x| - delta/2). */
export function huber(x: Value, delta = 1): Value {
  const near = minimum(abs(x), delta);
  return mul(near, sub(abs(x), mul(0.5, near)));
}

interface AxisAttributes {
  readonly axis: number;
}
type AlongAxis = Op<(x: Value, axis?: number) => Value>;

/** e^x / sum of e^x along `axis` (default: the last). */
export const softmax: AlongAxis = defineOp<AxisAttributes, (x: Value, axis?: number) => Value>(
  {
    name: "softmax",
    onnx: (emit, [x], { attributes: { axis } }) => emit("Softmax", [x], { axis }),
    shape: ([x]) => x,
    kernel: (out, [x], { axis }) =>
      alongAxis(x.shape, axis, (at) => {
        const highest = largest(at.map((i) => x.data[i]));
        const total = at.reduce((sum, i) => sum + Math.exp(x.data[i] - highest), 0);
        for (const i of at) out.data[i] = Math.exp(x.data[i] - highest) / total;
      }),
    vjp: (dy, _, { axis }, y) => [mul(y, sub(dy, sum(mul(dy, y), { axes: axis, keep: true })))],
  },
  (apply) =>
    (x, axis = -1) =>
      apply([x], { axis: normalizeAxis("softmax", axis, x.shape) }),
);

/** Logarithm of softmax along `axis` (default: the last). */
export const logSoftmax: AlongAxis = defineOp<AxisAttributes, (x: Value, axis?: number) => Value>(
  {
    name: "logSoftmax",
    onnx: (emit, [x], { attributes: { axis } }) => emit("LogSoftmax", [x], { axis }),
    shape: ([x]) => x,
    kernel: (out, [x], { axis }) =>
      alongAxis(x.shape, axis, (at) => {
        const highest = largest(at.map((i) => x.data[i]));
        const total = at.reduce((sum, i) => sum + Math.exp(x.data[i] - highest), 0);
        for (const i of at) out.data[i] = x.data[i] - highest - Math.log(total);
      }),
    vjp: (dy, _, { axis }, y) => [sub(dy, mul(exp(y), sum(dy, { axes: axis, keep: true })))],
  },
  (apply) =>
    (x, axis = -1) =>
      apply([x], { axis: normalizeAxis("logSoftmax", axis, x.shape) }),
);

/** log of the sum of e^x along `axis`, which is dropped unless `keep`; without overflow. */
export function logSumExp(x: Value, axis = -1, keep = false): Value {
  const highest = stopGradient(max(x, { axes: axis, keep: true }));
  const total = sum(exp(sub(x, highest)), { axes: axis, keep: true });
  const y = add(log(total), highest);
  return keep ? y : sum(y, { axes: axis });
}

/** Visits every line along `axis`, as the offsets of its elements. */
function alongAxis(shape: readonly number[], axis: number, visit: (offsets: number[]) => void): void {
  const inner = shape.slice(axis + 1).reduce((product, size) => product * size, 1);
  const outer = shape.slice(0, axis).reduce((product, size) => product * size, 1);
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++)
      visit(Array.from({ length: shape[axis] }, (_, step) => (o * shape[axis] + step) * inner + i));
}
