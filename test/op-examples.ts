/**
 * @file Example calls of every operation, and calls that each of them refuses: what the tests of operations run through.
 *
 * The table's keys are the exports of ops/index.ts, so an operation without examples fails the type check.
 */
import type { Value } from "../src/tensor/index.ts";
import * as ops from "../src/tensor/ops/index.ts";
import {
  alongAxis,
  broadcasting,
  elementwise,
  example,
  folding,
  i,
  indices,
  nonzero,
  normal,
  type OpExamples,
  positive,
  truth,
  wide,
  x,
} from "./op-suite.ts";

/** Exports that are no operations, but where values come from. */
export const sources = [
  "constant",
  "constantOp",
  "float32",
  "input",
  "inputOp",
  "int32",
  "toValue",
  "unary",
] as const;

type Operation = Exclude<keyof typeof ops, (typeof sources)[number]>;

// ------------------------------------------------------------------------------------------------------- the table

export const opExamples: Record<Operation, OpExamples> = {
  add: broadcasting(ops.add, "add"),
  sub: broadcasting(ops.sub, "sub"),
  mul: broadcasting(ops.mul, "mul"),
  div: broadcasting(ops.div, "div", nonzero),
  maximum: broadcasting(ops.maximum, "maximum"),
  minimum: broadcasting(ops.minimum, "minimum"),
  greater: broadcasting(ops.greater, "greater"),

  neg: elementwise(ops.neg, "neg"),
  exp: elementwise(ops.exp, "exp"),
  log: elementwise(ops.log, "log", positive),
  sqrt: elementwise(ops.sqrt, "sqrt", positive),
  abs: elementwise(ops.abs, "abs"),
  square: elementwise(ops.square, "square"),
  tanh: elementwise(ops.tanh, "tanh"),
  sigmoid: elementwise(ops.sigmoid, "sigmoid"),
  relu: elementwise(ops.relu, "relu"),
  erf: elementwise(ops.erf, "erf"),
  mish: elementwise(ops.mish, "mish"),
  silu: elementwise(ops.silu, "sigmoid"),
  gelu: elementwise(ops.gelu, "mul"),
  softplus: elementwise(ops.softplus, "maximum"),
  huber: {
    examples: [
      example((x) => ops.huber(x), normal(7)),
      example((x) => ops.huber(x), wide(3, 5)),
      example((x) => ops.huber(x, 0.5), normal(2, 3)),
      example((x) => ops.huber(x, 2), normal()),
    ],
    refuses: [[() => ops.huber(i(2)), "abs: expected input 1 of type float32, got int32"]],
  },
  stopGradient: { ...elementwise(ops.stopGradient, "stopGradient"), gradient: "stopped" },
  toInt32: { ...elementwise(ops.toInt32, "toInt32", wide), gradient: "absent" },
  clip: {
    examples: [
      example((x) => ops.clip(x, -0.5, 0.75), normal(2, 9)),
      example((x) => ops.clip(x, -1, Number.POSITIVE_INFINITY), normal(7)),
      example((x) => ops.clip(x, 0.1, 0.2), normal()),
    ],
    refuses: [
      [() => ops.clip(i(2), 0, 1), "clip: expected input 1 of type float32, got int32"],
      [() => ops.clip(x(2), 1, 0), "clip: expected low <= high, got 1 and 0"],
    ],
  },
  where: {
    examples: [
      example(ops.where, truth(2, 3, 4), normal(2, 3, 4), normal(2, 3, 4)),
      example(ops.where, truth(3, 1), normal(4), normal(2, 3, 4)),
      example(ops.where, truth(2, 3), normal(), normal(1, 3)),
      example(ops.where, truth(), normal(5), normal(5)),
      example(ops.where, normal(2, 3), normal(2, 3), normal(3)),
      example((condition, a) => ops.where(condition, a, 0), truth(7), normal(7)),
      example((condition, b) => ops.where(condition, -1, b), truth(1, 3), normal(2, 1)),
      example((a, b) => ops.where(ops.greater(a, b), a, ops.mul(2, b)), normal(5), normal(5)),
    ],
    refuses: [
      [
        () => ops.where(x(2), x(3), 0),
        "where: expected shapes that broadcast (equal axes, counted from the last, or 1), got (2) and (3) and ()",
      ],
      [() => ops.where(i(2), 0, 1), "where: expected input 1 of type float32, got int32"],
    ],
  },

  sum: folding(ops.sum, "sum"),
  mean: folding(ops.mean, "mean"),
  max: folding(ops.max, "max"),
  sumTo: {
    examples: [
      example((x) => ops.sumTo(x, [4]), normal(2, 3, 4)),
      example((x) => ops.sumTo(x, [3, 1]), normal(2, 3, 4)),
      example((x) => ops.sumTo(x, [1, 1]), normal(2, 3)),
      example((x) => ops.sumTo(x, []), normal(2, 3)),
      example((x) => ops.sumTo(x, [2, 3]), normal(2, 3)),
    ],
    refuses: [
      [
        () => ops.sumTo(x(2, 3), [2]),
        "sumTo: expected shapes that broadcast (equal axes, counted from the last, or 1), got (2) and (2, 3)",
      ],
      [() => ops.sumTo(x(1, 3), [2, 3]), "sumTo: expected a shape that (2, 3) stretches to, got (1, 3)"],
    ],
  },
  logSumExp: {
    ...alongAxis(ops.logSumExp, "max"),
    examples: [
      ...alongAxis(ops.logSumExp, "max").examples,
      example((x) => ops.logSumExp(x, 1, true), normal(2, 3, 4)),
    ],
  },
  softmax: alongAxis(ops.softmax, "softmax"),
  logSoftmax: alongAxis(ops.logSoftmax, "logSoftmax"),

  reshape: {
    examples: [
      example((x) => ops.reshape(x, [4, 6]), normal(2, 3, 4)),
      example((x) => ops.reshape(x, [-1]), normal(2, 3)),
      example((x) => ops.reshape(x, [3, -1, 2]), normal(2, 15)),
      example((x) => ops.reshape(x, []), normal(1, 1)),
      example((x) => ops.reshape(x, [1, 1]), normal()),
      example((x) => ops.reshape(x, [2, 3]), normal(2, 3)),
      example((x) => ops.reshape(ops.reshape(x, [3, 4]), [2, 6]), normal(12)),
    ],
    refuses: [
      [() => ops.reshape(x(2, 3), [4, 2]), "reshape: expected (4, 2)'s 8 elements, got (2, 3)"],
      [
        () => ops.reshape(x(7), [2, -1]),
        "reshape: expected whole, positive axes in the result (2, 3.5), got (7)",
      ],
      [
        () => ops.reshape(x(1), [-1, -1]),
        "reshape: expected whole, positive axes in the result (-1, -1), got (1)",
      ],
    ],
  },
  transpose: {
    examples: [
      example((x) => ops.transpose(x), normal(3, 4)),
      example((x) => ops.transpose(x), normal(2, 3, 4)),
      example((x) => ops.transpose(x, [2, 0, 1]), normal(2, 3, 4)),
      example((x) => ops.transpose(x, [3, 1, 0, 2]), normal(2, 3, 1, 5)),
      example((x) => ops.transpose(x, [0, 1]), normal(2, 3)),
      example((x) => ops.transpose(x), normal(5)),
      example((x) => ops.transpose(x), normal()),
    ],
    refuses: [
      [
        () => ops.transpose(x(2, 3), [1, 0, 2]),
        "transpose: expected as many axes as the order (1, 0, 2) names, each once, got (2, 3)",
      ],
      [
        () => ops.transpose(x(2, 3), [1, 1]),
        "transpose: expected as many axes as the order (1, 1) names, each once, got (2, 3)",
      ],
    ],
  },
  broadcastTo: {
    examples: [
      example((x) => ops.broadcastTo(x, [2, 3]), normal(3)),
      example((x) => ops.broadcastTo(x, [4, 2, 3]), normal(2, 1)),
      example((x) => ops.broadcastTo(x, [5]), normal()),
      example((x) => ops.broadcastTo(x, [2, 3]), normal(2, 3)),
      example((x) => ops.broadcastTo(ops.broadcastTo(x, [2, 3]), [4, 2, 3]), normal(2, 1)),
    ],
    refuses: [
      [
        () => ops.broadcastTo(x(2), [3]),
        "broadcastTo: expected shapes that broadcast (equal axes, counted from the last, or 1), got (2) and (3)",
      ],
      [
        () => ops.broadcastTo(x(2, 3), [3]),
        "broadcastTo: expected a shape that stretches to (3), got (2, 3)",
      ],
    ],
  },
  concat: {
    examples: [
      example((a, b, c) => ops.concat([a, b, c], 1), normal(2, 3, 4), normal(2, 1, 4), normal(2, 2, 4)),
      example((a, b) => ops.concat([a, b], 0), normal(3), normal(1)),
      example((a, b) => ops.concat([a, b], -1), normal(2, 3), normal(2, 5)),
      example((a) => ops.concat([a], 0), normal(2, 3)),
      example((a) => ops.concat([a, a], 0), normal(2, 3)),
    ],
    refuses: [
      [() => ops.concat([], 0), "concat: expected at least one part, got none"],
      [
        () => ops.concat([x(2, 3), x(3, 3)], 1),
        "concat: expected shapes that differ in axis 1 alone, got (2, 3) and (3, 3)",
      ],
      [
        () => ops.concat([x(2, 3), x(2)], 1),
        "concat: expected shapes that differ in axis 1 alone, got (2, 3) and (2)",
      ],
      [
        () => ops.concat([x(2), x(2, 3)], 0),
        "concat: expected shapes that differ in axis 0 alone, got (2) and (2, 3)",
      ],
      [() => ops.concat([x(2), x(2)], 1), "concat: expected an axis from -1 to 0, not 1, got (2)"],
      [() => ops.concat([x(2), i(2)], 0), "concat: expected input 2 of type float32, got int32"],
    ],
  },
  slice: {
    examples: [
      example((x) => ops.slice(x, 1, 1, 4), normal(3, 6, 2)),
      example((x) => ops.slice(x, -1, 2), normal(2, 7)),
      example((x) => ops.slice(x, 0, -2), normal(5)),
      example((x) => ops.slice(x, 0, 1, -1), normal(5, 2)),
      example((x) => ops.slice(x, 1, 0, 3), normal(2, 3)),
      example((x) => ops.slice(x, 0, 0, 1), normal(4, 1)),
    ],
    refuses: [
      [
        () => ops.slice(x(2, 3), 1, 2, 4),
        "slice: expected positions among the 3 of axis 1, not 2 to 4, got (2, 3)",
      ],
      [
        () => ops.slice(x(5), 0, 3, 3),
        "slice: expected positions among the 5 of axis 0, not 3 to 3, got (5)",
      ],
      [() => ops.slice(x(5), 0, -6), "slice: expected positions among the 5 of axis 0, not -6 to 5, got (5)"],
      [
        () => ops.slice(x(5), 0, 0.5, 1.5),
        "slice: expected positions among the 5 of axis 0, not 0.5 to 1.5, got (5)",
      ],
      [() => ops.slice(x(2), 1, 0, 1), "slice: expected an axis from -1 to 0, not 1, got (2)"],
    ],
  },
  pad: {
    examples: [
      example((x) => ops.pad(x, 1, 2, 1), normal(2, 3, 2)),
      example((x) => ops.pad(x, -1, 0, 3), normal(2, 3)),
      example((x) => ops.pad(x, 0, 1, 0), normal(1)),
      example((x) => ops.pad(x, 0, 0, 0), normal(3)),
    ],
    refuses: [
      [() => ops.pad(x(3), 0, -1, 0), "pad: expected whole amounts >= 0, got -1 and 0"],
      [() => ops.pad(x(3), 0, 0.5, 0.5), "pad: expected whole amounts >= 0, got 0.5 and 0.5"],
      [() => ops.pad(x(3), 1, 1, 1), "pad: expected an axis from -1 to 0, not 1, got (3)"],
    ],
  },
  split: {
    examples: [
      example((x) => ops.split(x, [2, 1, 3], 2), normal(2, 3, 6)),
      example((x) => ops.split(x, [1, 2], -2), normal(3, 2)),
      example((x) => ops.split(x, [3], 0), normal(3)),
    ],
    refuses: [
      [() => ops.split(x(2, 6), [2, 3], 1), "split: expected axis 1 of size 2 + 3, got (2, 6)"],
      [() => ops.split(x(2, 6), [2, 4], 2), "split: expected an axis from -2 to 1, not 2, got (2, 6)"],
    ],
  },
  gather: {
    examples: [
      example(ops.gather, normal(7, 3), indices(7, 2, 5)),
      example(ops.gather, normal(2, 3), indices(2, 9)),
      example(ops.gather, normal(5), indices(5, 4)),
      example(ops.gather, normal(4, 2, 3), indices(4)),
      example(ops.gather, normal(1, 3), indices(1, 2)),
      example(
        (table, order, k) => ops.gather(table, ops.gather(order, k)),
        normal(4, 3),
        indices(4, 6),
        indices(6, 2, 3),
      ),
    ],
    refuses: [
      [
        () => ops.gather(x(), i(2)),
        "gather: expected table: (n, ...row) and indices: (...i), got () and (2)",
      ],
      [() => ops.gather(x(3), x(2)), "gather: expected input 2 of type int32, got float32"],
    ],
  },
  scatterAdd: {
    examples: [
      example((at, rows) => ops.scatterAdd(at, rows, 7), indices(7, 2, 5), normal(2, 5, 3)),
      example((at, rows) => ops.scatterAdd(at, rows, 2), indices(2, 9), normal(9)),
      example((at, rows) => ops.scatterAdd(at, rows, 3), indices(3), normal(2, 3)),
      example((at, rows) => ops.scatterAdd(at, rows, 1), indices(1, 4), normal(4, 2)),
    ],
    refuses: [
      [
        () => ops.scatterAdd(i(2), x(3, 4), 5),
        "scatterAdd: expected indices: (...i) and rows: (...i, ...row), got (2) and (3, 4)",
      ],
      [() => ops.scatterAdd(x(2), x(2), 5), "scatterAdd: expected input 1 of type int32, got float32"],
    ],
  },

  matmul: {
    examples: [
      example(ops.matmul, normal(5, 7), normal(7, 3)),
      example(ops.matmul, normal(1, 4), normal(4, 1)),
      example(ops.matmul, normal(3, 1), normal(1, 3)),
      example(ops.matmul, normal(2, 3, 4, 5), normal(2, 3, 5, 6)),
      example(ops.matmul, normal(2, 3, 4), normal(4, 5)),
      example(ops.matmul, normal(1, 3, 4), normal(1, 4, 2)),
      example((a, b) => ops.matmul(ops.transpose(a), b), normal(4, 3), normal(4, 5)),
      example((a, b) => ops.matmul(a, ops.transpose(b)), normal(3, 4), normal(5, 4)),
      example((a, b) => ops.matmul(a, ops.transpose(b)), normal(2, 3, 4), normal(5, 4)),
      example((a, b) => ops.matmul(a, ops.transpose(b)), normal(2, 3, 4), normal(2, 5, 4)),
      example((a, b) => ops.matmul(ops.transpose(a, [0, 1]), b), normal(3, 3), normal(3, 3)),
      example((a) => ops.matmul(ops.transpose(a), a), normal(3, 4)),
    ],
    refuses: [
      [
        () => ops.matmul(x(2, 3), x(2, 3)),
        "matmul: expected a: (...batch, m, k) and b: (...batch, k, n) or (k, n), got (2, 3) and (2, 3)",
      ],
      [
        () => ops.matmul(x(2, 2, 3), x(4, 3, 2)),
        "matmul: expected a: (...batch, m, k) and b: (...batch, k, n) or (k, n), got (2, 2, 3) and (4, 3, 2)",
      ],
      [
        () => ops.matmul(x(3), x(3, 2)),
        "matmul: expected a: (...batch, m, k) and b: (...batch, k, n) or (k, n), got (3) and (3, 2)",
      ],
      [
        () => ops.matmul(x(2, 3), x(3)),
        "matmul: expected a: (...batch, m, k) and b: (...batch, k, n) or (k, n), got (2, 3) and (3)",
      ],
    ],
  },
  affine: {
    examples: [
      example(ops.affine, normal(6, 5), normal(5, 4), normal(4)),
      example(ops.affine, normal(2, 3, 5), normal(5, 4), normal(4)),
      example(ops.affine, normal(5), normal(5, 3), normal(3)),
      example(ops.affine, normal(1, 1), normal(1, 1), normal(1)),
    ],
    refuses: [
      [
        () => ops.affine(x(2, 3, 5), x(4, 4), x(4)),
        "affine: expected x: (..., k), weight: (k, n) and bias: (n,), got (2, 3, 5) and (4, 4) and (4)",
      ],
      [
        () => ops.affine(x(2, 4), x(4, 3), x(4)),
        "affine: expected x: (..., k), weight: (k, n) and bias: (n,), got (2, 4) and (4, 3) and (4)",
      ],
      [
        () => ops.affine(x(), x(1, 3), x(3)),
        "affine: expected x: (..., k), weight: (k, n) and bias: (n,), got () and (1, 3) and (3)",
      ],
    ],
  },

  windows: {
    examples: [
      example((x) => ops.windows(x, windows(3)), normal(2, 6, 2)),
      example((x) => ops.windows(x, windows(5, 1, 2, 2)), normal(1, 3, 2)),
      example((x) => ops.windows(x, windows(3, 2, 1, 1)), normal(2, 7, 3)),
      example((x) => ops.windows(x, windows(2, 3, 0, 1)), normal(2, 8, 1)),
      example((x) => ops.windows(x, windows(1)), normal(2, 5, 3)),
    ],
    refuses: [
      [
        () => ops.windows(x(2, 4, 3), windows(5)),
        "windows: expected x: (B, T, C) with at least 5 steps, got (2, 4, 3)",
      ],
      [
        () => ops.windows(x(4, 3), windows(2)),
        "windows: expected x: (B, T, C) with at least 2 steps, got (4, 3)",
      ],
    ],
  },
  foldWindows: {
    examples: [
      example((y) => ops.foldWindows(y, 6, windows(3)), normal(2, 4, 6)),
      example((y) => ops.foldWindows(y, 3, windows(5, 1, 2, 2)), normal(1, 3, 10)),
      example((y) => ops.foldWindows(y, 7, windows(3, 2, 1, 1)), normal(2, 4, 9)),
      example((y) => ops.foldWindows(y, 8, windows(2, 3, 0, 1)), normal(2, 3, 2)),
      example((y) => ops.foldWindows(y, 9, windows(2, 3)), normal(1, 3, 4)),
      example((y) => ops.foldWindows(y, 5, windows(1)), normal(2, 5, 3)),
    ],
    refuses: [
      [
        () => ops.foldWindows(x(2, 4, 6), 7, windows(3)),
        "foldWindows: expected y: (B, T', 3 C), the windows of 7 steps, got (2, 4, 6)",
      ],
      [
        () => ops.foldWindows(x(2, 4, 5), 6, windows(3)),
        "foldWindows: expected y: (B, T', 3 C), the windows of 6 steps, got (2, 4, 5)",
      ],
    ],
  },
  conv1d: {
    examples: [
      conv(5, 1, 2, [2, 8, 3], 4),
      conv(5, 1, 2, [1, 3, 2], 1),
      conv(3, 2, 1, [2, 7, 3], 4),
      conv(3, 2, 1, [2, 8, 1], 2),
      conv(3, 1, 1, [2, 6, 1], 5),
      conv(2, 3, 0, [2, 9, 2], 3),
      conv(4, 1, 3, [3, 5, 2], 1),
      conv(1, 1, 0, [2, 5, 3], 2),
      conv(3, 1, 0, [1, 3, 2], 2),
      example((x, weight, bias) => ops.conv1d(x, weight, bias), normal(2, 4, 3), normal(3, 3, 2), normal(2)),
    ],
    refuses: [
      [
        () => ops.conv1d(x(2, 8, 3), x(5, 4, 6), x(6)),
        "conv1d: expected x: (B, T, C), weight: (k, C, O) and bias: (O,), got (2, 8, 3) and (5, 4, 6) and (6)",
      ],
      [
        () => ops.conv1d(x(8, 3), x(5, 3, 6), x(6)),
        "conv1d: expected x: (B, T, C), weight: (k, C, O) and bias: (O,), got (8, 3) and (5, 3, 6) and (6)",
      ],
      [
        () => ops.conv1d(x(2, 3, 3), x(6, 3, 4), x(4), { padding: 1 }),
        "conv1d: expected x: (B, T, C) with at least 6 steps, padding included, got (2, 3, 3)",
      ],
    ],
  },
  patches: {
    examples: [
      example((x) => ops.patches(x, square(3)), normal(2, 4, 5, 3)),
      example((x) => ops.patches(x, square(3, 1, 2)), normal(1, 2, 3, 2)),
      example((x) => ops.patches(x, square(3, 2, 1)), normal(2, 6, 7, 3)),
      example((x) => ops.patches(x, square(2, 3)), normal(2, 7, 5, 1)),
      example((x) => ops.patches(x, square(1, 2)), normal(2, 5, 4, 3)),
      example((x) => ops.patches(x, { kernel: [1, 4], stride: 2, padding: 1 }), normal(2, 3, 6, 2)),
      example((x) => ops.patches(x, { kernel: [4, 2], stride: 3, padding: 0 }), normal(2, 8, 9, 2)),
    ],
    refuses: [
      [
        () => ops.patches(x(2, 4, 3, 1), square(4)),
        "patches: expected x: (B, H, W, C) of at least 4 x 4 pixels, padding included, got (2, 4, 3, 1)",
      ],
      [
        () => ops.patches(x(4, 4, 3), square(2)),
        "patches: expected x: (B, H, W, C) of at least 2 x 2 pixels, padding included, got (4, 4, 3)",
      ],
    ],
  },
  foldPatches: {
    examples: [
      example((y) => ops.foldPatches(y, [4, 5], square(3)), normal(2, 27, 6)),
      example((y) => ops.foldPatches(y, [2, 3], square(3, 1, 2)), normal(1, 18, 20)),
      example((y) => ops.foldPatches(y, [6, 7], square(3, 2, 1)), normal(2, 27, 12)),
      example((y) => ops.foldPatches(y, [7, 5], square(2, 3)), normal(2, 4, 4)),
      example((y) => ops.foldPatches(y, [5, 4], square(1, 2)), normal(2, 3, 6)),
      example((y) => ops.foldPatches(y, [3, 6], { kernel: [1, 4], stride: 2, padding: 1 }), normal(2, 8, 9)),
    ],
    refuses: [
      [
        () => ops.foldPatches(x(2, 27, 6), [4, 4], square(3)),
        "foldPatches: expected y: (B, 9 C, 4), the patches of 4 x 4 pixels, got (2, 27, 6)",
      ],
      [
        () => ops.foldPatches(x(2, 26, 4), [4, 4], square(3)),
        "foldPatches: expected y: (B, 9 C, 4), the patches of 4 x 4 pixels, got (2, 26, 4)",
      ],
    ],
  },
  conv2d: {
    examples: [
      conv2d(3, 1, 1, [2, 4, 5, 3], 4),
      conv2d(3, 2, 1, [2, 5, 6, 3], 2),
      conv2d(3, 2, 0, [2, 6, 6, 2], 3),
      conv2d(5, 1, 2, [1, 3, 4, 2], 1),
      conv2d(2, 3, 0, [3, 5, 7, 1], 2),
      conv2d(4, 1, 3, [1, 2, 2, 2], 2),
      conv2d(1, 1, 0, [2, 3, 2, 3], 2),
      conv2d(1, 2, 0, [2, 4, 3, 2], 2),
      example(
        (x, weight, bias) => ops.conv2d(x, weight, bias),
        normal(2, 3, 4, 2),
        normal(2, 3, 2, 2),
        normal(2),
      ),
    ],
    refuses: [
      [
        () => ops.conv2d(x(2, 8, 8, 3), x(3, 3, 4, 6), x(6)),
        "conv2d: expected x: (B, H, W, C), weight: (k, k', C, O) and bias: (O,), got (2, 8, 8, 3) and (3, 3, 4, 6) and (6)",
      ],
      [
        () => ops.conv2d(x(8, 8, 3), x(3, 3, 3, 6), x(6)),
        "conv2d: expected x: (B, H, W, C), weight: (k, k', C, O) and bias: (O,), got (8, 8, 3) and (3, 3, 3, 6) and (6)",
      ],
      [
        () => ops.conv2d(x(2, 3, 9, 3), x(6, 6, 3, 4), x(4), { padding: 1 }),
        "conv2d: expected x: (B, H, W, C) of at least 6 x 6 pixels, padding included, got (2, 3, 9, 3)",
      ],
    ],
  },
  convTranspose1d: {
    examples: [
      convTranspose(4, 2, 1, [2, 4, 3], 4),
      convTranspose(4, 2, 1, [2, 1, 3], 2),
      convTranspose(3, 1, 1, [1, 5, 2], 3),
      convTranspose(2, 3, 0, [2, 3, 2], 1),
      convTranspose(1, 1, 0, [1, 3, 2], 2),
      example(
        (x, weight, bias) => ops.convTranspose1d(x, weight, bias),
        normal(2, 4, 3),
        normal(3, 3, 2),
        normal(2),
      ),
    ],
    refuses: [
      [
        () => ops.convTranspose1d(x(2, 8, 3), x(5, 4, 6), x(6)),
        "convTranspose1d: expected x: (B, T, C), weight: (k, C, O) and bias: (O,), got (2, 8, 3) and (5, 4, 6) and (6)",
      ],
    ],
  },

  groupNorm: {
    examples: [
      groupNormalized(8, [2, 6, 32]),
      groupNormalized(4, [3, 5, 12]),
      groupNormalized(2, [2, 1, 8]),
      groupNormalized(1, [2, 3, 5]),
      groupNormalized(3, [1, 7, 3]),
      groupNormalized(8, [1, 2, 136]), // beyond 128 channels groups are averaged in two steps
      example(
        (x, scale, shift) => ops.groupNorm(x, scale, shift, 2, 0.1),
        normal(2, 3, 4),
        normal(4),
        normal(4),
      ),
    ],
    refuses: [
      [
        () => ops.groupNorm(x(2, 3, 6), x(6), x(6), 4),
        "groupNorm: expected x: (B, T, C), scale: (C,) and shift: (C,), C divisible by 4, got (2, 3, 6) and (6) and (6)",
      ],
      [
        () => ops.groupNorm(x(2, 3, 6), x(3), x(6), 2),
        "groupNorm: expected x: (B, T, C), scale: (C,) and shift: (C,), C divisible by 2, got (2, 3, 6) and (3) and (6)",
      ],
    ],
  },
  layerNorm: {
    examples: [
      example((x, scale, shift) => ops.layerNorm(x, scale, shift), normal(4, 10), normal(10), normal(10)),
      example((x, scale, shift) => ops.layerNorm(x, scale, shift), normal(2, 3, 7), normal(7), normal(7)),
      example((x, scale, shift) => ops.layerNorm(x, scale, shift), normal(5), normal(5), normal(5)),
      example((x, scale, shift) => ops.layerNorm(x, scale, shift), wide(3, 8), normal(8), normal(8)),
      example((x, scale, shift) => ops.layerNorm(x, scale, shift, 0.5), normal(3, 8), normal(8), normal(8)),
    ],
    refuses: [
      [
        () => ops.layerNorm(x(2, 3), x(2), x(3)),
        "layerNorm: expected x: (..., C), scale: (C,) and shift: (C,), got (2, 3) and (2) and (3)",
      ],
      [
        () => ops.layerNorm(x(), x(1), x(1)),
        "layerNorm: expected x: (..., C), scale: (C,) and shift: (C,), got () and (1) and (1)",
      ],
    ],
  },
  standardize: {
    examples: [
      example((x) => ops.standardize(x), normal(4, 10)),
      example((x) => ops.standardize(x), normal(2, 1, 3)),
    ],
    refuses: [
      [() => ops.standardize(x()), "standardize: expected x: (..., C), got ()"],
      [() => ops.standardize(i(2)), "standardize: expected input 1 of type float32, got int32"],
    ],
  },
  inverseDeviation: {
    examples: [
      example((x) => ops.inverseDeviation(x), normal(4, 10)),
      example((x) => ops.inverseDeviation(x), normal(5)),
    ],
    refuses: [[() => ops.inverseDeviation(x()), "inverseDeviation: expected x: (..., C), got ()"]],
    gradient: "absent",
  },
  recompute: {
    examples: [
      example((a, b) => ops.recompute([a, b], (a, b) => ops.exp(ops.add(a, b))), normal(2, 3), normal(3)),
      example((x) => ops.add(ops.exp(x), ops.recompute([x], ops.exp)), normal(4)),
    ],
    refuses: [
      [
        () => ops.recompute([x(2), x(3)], ops.add),
        "add: expected shapes that broadcast (equal axes, counted from the last, or 1), got (2) and (3)",
      ],
    ],
    gradient: "absent",
  },

  normalFromSeed: {
    examples: [
      example((seed, row) => ops.normalFromSeed(seed, row, [2, 3, 5], 0), indices(1000), indices(7)),
      example(
        (seed, row) => ops.normalFromSeed(seed, row, [4], 9),
        indices(2 ** 31 - 1),
        indices(2 ** 31 - 1),
      ),
      example((seed) => ops.normalFromSeed(seed, seed, [1], 1), indices(3)),
    ],
    refuses: [
      [
        () => ops.normalFromSeed(i(1), i(), [2], 0),
        "normalFromSeed: expected seed: () and row: (), got (1) and ()",
      ],
      [
        () => ops.normalFromSeed(x(), i(), [2], 0),
        "normalFromSeed: expected input 1 of type int32, got float32",
      ],
    ],
    gradient: "absent",
  },

  loop: {
    examples: [
      example(
        (x) => results(ops.loop(5, [x], (_, [x]) => ({ carry: [ops.tanh(ops.mul(x, 1.5))] }))),
        normal(2, 3),
      ),
      example(
        (x, y, scale, table) =>
          results(
            ops.loop(4, [x, y], (iteration, [x, y]) => ({
              carry: [ops.add(y, ops.gather(table, iteration)), ops.mul(x, scale)],
              records: [ops.sub(x, y), ops.gather(table, iteration)],
            })),
          ),
        normal(3),
        normal(3),
        normal(),
        normal(4, 3),
      ),
      example(
        (table) =>
          results(ops.loop(3, [], (iteration) => ({ carry: [], records: [ops.gather(table, iteration)] }))),
        normal(3, 2),
      ),
      example((x) => results(ops.loop(1, [x], (_, [x]) => ({ carry: [x], records: [x] }))), normal()),
    ],
    refuses: [
      [
        () => ops.loop(2, [x(2)], (_, [x]) => ({ carry: [ops.sum(x)] })),
        "loop: expected a body that hands on (2), got ()",
      ],
      [
        () => ops.loop(2, [x(2)], () => ({ carry: [] })),
        "loop: expected a body that hands on (2), got nothing",
      ],
      [() => ops.loop(0, [x(2)], (_, carry) => ({ carry })), "loop: expected at least one iteration, got 0"],
      [
        () => ops.loop(1.5, [x(2)], (_, carry) => ({ carry })),
        "loop: expected at least one iteration, got 1.5",
      ],
      [
        () => ops.loop(2, [i(2)], (_, carry) => ({ carry })),
        "loop: expected what is handed on and recorded to be of type float32, got int32",
      ],
      [
        () => ops.loop(2, [], (iteration) => ({ carry: [], records: [iteration] })),
        "loop: expected what is handed on and recorded to be of type float32, got int32",
      ],
    ],
    gradient: "absent",
  },
};

function windows(kernel: number, stride = 1, before = 0, after = 0) {
  return { kernel, stride, before, after };
}

function conv(kernel: number, stride: number, padding: number, shape: [number, number, number], out: number) {
  return example(
    (x, weight, bias) => ops.conv1d(x, weight, bias, { stride, padding }),
    normal(...shape),
    normal(kernel, shape[2], out),
    normal(out),
  );
}

/** A square kernel. */
function square(side: number, stride = 1, padding = 0) {
  return { kernel: [side, side] as const, stride, padding };
}

function conv2d(
  kernel: number,
  stride: number,
  padding: number,
  shape: [number, number, number, number],
  out: number,
) {
  return example(
    (x, weight, bias) => ops.conv2d(x, weight, bias, { stride, padding }),
    normal(...shape),
    normal(kernel, kernel, shape[3], out),
    normal(out),
  );
}

function convTranspose(
  kernel: number,
  stride: number,
  padding: number,
  shape: [number, number, number],
  out: number,
) {
  return example(
    (x, weight, bias) => ops.convTranspose1d(x, weight, bias, { stride, padding }),
    normal(...shape),
    normal(kernel, shape[2], out),
    normal(out),
  );
}

function groupNormalized(groups: number, shape: [number, number, number]) {
  const [, , channels] = shape;
  return example(
    (x, scale, shift) => ops.groupNorm(x, scale, shift, groups),
    normal(...shape),
    normal(channels),
    normal(channels),
  );
}

function results({ carry, records }: ReturnType<typeof ops.loop>): readonly Value[] {
  return [...carry, ...records];
}
