/** @file Matrix products, and rows of tables: products with a matrix of ones and zeros. */
import { UserError } from "../../base/index.ts";
import { defineOp, type Op, ShapeError, sameShape, sizeOf, type Value } from "../graph.ts";
import { sum } from "./arithmetic.ts";
import { reshape, transpose } from "./shapes.ts";

type NoAttributes = Record<string, never>;

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
      const [count, width] = [sizeOf(inputs[0].shape), sizeOf(shape.slice(1))];
      const matrix = emit.ints([count, width]);
      const targets = emit("Expand", [emit("Reshape", [indices, emit.ints([count, 1])]), matrix]);
      const zeros = emit("Expand", [emit.float(0), emit.ints([shape[0], width])]);
      // One row after another: ScatterND adds in parallel, and loses rows of an index that repeats.
      const attributes = { axis: 0, reduction: "add" };
      const added = emit("ScatterElements", [zeros, targets, emit("Reshape", [rows, matrix])], attributes);
      return emit("Reshape", [added, emit.ints(shape)]);
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
