/** @file Normalisation by the statistics of each sample. */
import type { Emit } from "../backends/onnx.ts";
import { defineOp, type Op, type Shape, ShapeError, type Tensor, type Value } from "../graph.ts";
import { add, div, mean, mul, sub, sum } from "./arithmetic.ts";
import { sqrt, square } from "./elementwise.ts";
import { matmul } from "./products.ts";
import { constant } from "./source.ts";

interface GroupNormAttributes {
  readonly groups: number;
  readonly epsilon: number;
}
type GroupNorm = (x: Value, scale: Value, shift: Value, groups: number, epsilon?: number) => Value;

/**
 * Group normalisation of sequences: mean 0 and variance 1 over time and the channels of a group, then scale and shift
 * per channel.   x: (B, T, C)   scale, shift: (C,)   groups divides C.
 * Source: Wu and He 2018, arXiv:1803.08494. ONNX's GroupNormalization is expanded into 29 nodes by the runtime.
 */
export const groupNorm: Op<GroupNorm> = defineOp<GroupNormAttributes, GroupNorm>(
  {
    name: "groupNorm",
    onnx: (emit, _, { inputs: [x, scale, shift], attributes }) => {
      const { centerd, deviation } = groupStatistics(x, attributes);
      return emit.lower(add(mul(centerd, div(scale, deviation)), shift));
    },
    shape: ([x, scale, shift], { groups }) => {
      const [, , channels] = x;
      if (
        x.length !== 3 ||
        channels % groups !== 0 ||
        [scale, shift].some((s) => s.length !== 1 || s[0] !== channels)
      )
        throw new ShapeError(
          "groupNorm",
          `x: (B, T, C), scale: (C,) and shift: (C,), C divisible by ${groups}`,
          [x, scale, shift],
        );
      return x;
    },
    kernel: (out, [x, scale, shift], { groups, epsilon }) => {
      const [batch, time, channels] = x.shape;
      const width = channels / groups;
      for (let b = 0; b < batch; b++)
        for (let group = 0; group < groups; group++) {
          const at: number[] = [];
          for (let t = 0; t < time; t++)
            for (let c = group * width; c < (group + 1) * width; c++) at.push((b * time + t) * channels + c);
          const average = at.reduce((total, i) => total + x.data[i], 0) / at.length;
          const variance = at.reduce((total, i) => total + (x.data[i] - average) ** 2, 0) / at.length;
          for (const i of at)
            out.data[i] =
              ((x.data[i] - average) / Math.sqrt(variance + epsilon)) * scale.data[i % channels] +
              shift.data[i % channels];
        }
    },
    vjp: (dy, [x, scale], attributes) => {
      const { centerd, deviation } = groupStatistics(x, attributes);
      const overTime = { axes: 1, keep: true };
      const dySum = sum(dy, overTime); // (B, 1, C)
      const dyCenterd = sum(mul(dy, centerd), overTime);
      // dx = (scale dy - mean(scale dy) - centred mean(scale dy centred) / variance) / deviation, means over a group
      const slope = div(scale, deviation);
      const time = x.shape[1];
      const dyMean = averageGroups(mul(mul(slope, dySum), 1 / time), attributes.groups);
      const correlation = div(
        averageGroups(mul(mul(slope, dyCenterd), 1 / time), attributes.groups),
        square(deviation),
      );
      return [
        sub(sub(mul(dy, slope), mul(centerd, correlation)), dyMean),
        sum(div(dyCenterd, deviation), { axes: [0, 1] }),
        sum(dySum, { axes: [0, 1] }),
      ];
    },
  },
  (apply) =>
    (x, scale, shift, groups, epsilon = 1e-5) =>
      apply([x, scale, shift], { groups, epsilon }),
);

/** x minus its group's mean (B, T, C), and its group's standard deviation (B, 1, C). */
function groupStatistics(
  x: Value,
  { groups, epsilon }: GroupNormAttributes,
): { centerd: Value; deviation: Value } {
  const overTime = { axes: 1, keep: true };
  const centerd = sub(x, averageGroups(mean(x, overTime), groups));
  const variance = averageGroups(mean(square(centerd), overTime), groups);
  return { centerd, deviation: sqrt(add(variance, epsilon)) };
}

/**
 * Each channel's mean over its group, for every channel. x: (B, 1, C). A product with a constant matrix: fewer nodes
 * than reshaping, which is what counts at small batches; for wide layers in two thin factors.
 */
function averageGroups(x: Value, groups: number): Value {
  const channels = x.shape[2];
  const share = groups / channels; // one over the channels of a group
  if (channels <= 128) return matmul(x, sameGroup(channels, channels, groups, share));
  return matmul(
    matmul(x, sameGroup(channels, groups, groups, share)),
    sameGroup(groups, channels, groups, 1),
  );
}

/** Matrices made before: a network asks for the same few hundreds of times. */
const matrices = new Map<string, Value>();

/** A matrix with `entry` where row and column are of one group, else 0; `groups` divides both sizes. */
function sameGroup(rows: number, columns: number, groups: number, entry: number): Value {
  const key = `${rows} ${columns} ${groups} ${entry}`;
  const known = matrices.get(key);
  if (known !== undefined) return known;
  const matrix = new Float64Array(rows * columns);
  const [height, width] = [rows / groups, columns / groups];
  for (let row = 0; row < rows; row++) {
    const start = row * columns + Math.floor(row / height) * width;
    matrix.fill(entry, start, start + width);
  }
  const made = constant(matrix, [rows, columns]);
  matrices.set(key, made);
  return made;
}

type LayerNorm = (x: Value, scale: Value, shift: Value, epsilon?: number) => Value;

/**
 * Layer normalisation: mean 0 and variance 1 over the last axis, then scale and shift.   x: (..., C)   scale, shift:
 * (C,)   epsilon: added to the variance. Source: Ba et al. 2016, arXiv:1607.06450; by default 1e-5, as PyTorch.
 */
export const layerNorm: LayerNorm = (x, scale, shift, epsilon) => {
  const width = x.shape.at(-1);
  if ([scale, shift].some(({ shape }) => shape.length !== 1 || shape[0] !== width))
    throw new ShapeError("layerNorm", "x: (..., C), scale: (C,) and shift: (C,)", [
      x.shape,
      scale.shape,
      shift.shape,
    ]);
  return add(mul(standardize(x, epsilon), scale), shift);
};

interface RowAttributes {
  /** Added to the variance. */
  readonly epsilon: number;
}
type OverRows = Op<(x: Value, epsilon?: number) => Value>;

/** (x - mean) / deviation over the last axis. */
export const standardize: OverRows = defineOp<RowAttributes, (x: Value, epsilon?: number) => Value>(
  {
    name: "standardize",
    onnx: (emit, [x], { shape, attributes }) => layerNormalization(emit, x, shape, attributes)[0],
    shape: ([x]) => rowsShape("standardize", x),
    kernel: (out, [x], attributes) =>
      forEachRow(x, attributes, (row, start, { average, deviation }) => {
        row.forEach((value, i) => {
          out.data[start + i] = (value - average) / deviation;
        });
      }),
    vjp: (dy, [x], { epsilon }, y) => {
      const overRow = { axes: -1, keep: true };
      const inner = sub(sub(dy, mean(dy, overRow)), mul(y, mean(mul(dy, y), overRow)));
      return [mul(inner, inverseDeviation(x, epsilon))];
    },
  },
  (apply) =>
    (x, epsilon = 1e-5) =>
      apply([x], { epsilon }),
);

/** 1 / deviation over the last axis, which keeps size 1: the second result of `standardise`, for its gradient. */
export const inverseDeviation: OverRows = defineOp<RowAttributes, (x: Value, epsilon?: number) => Value>(
  {
    name: "inverseDeviation",
    onnx: (emit, [x], { inputs, attributes }) => layerNormalization(emit, x, inputs[0].shape, attributes)[2],
    shape: ([x]) => rowsShape("inverseDeviation", x).with(-1, 1),
    kernel: (out, [x], attributes) =>
      forEachRow(x, attributes, (row, start, { deviation }) => {
        out.data[start / row.length] = 1 / deviation;
      }),
  },
  (apply) =>
    (x, epsilon = 1e-5) =>
      apply([x], { epsilon }),
);

/** `x`, which must have a last axis. */
function rowsShape(op: string, x: Shape): Shape {
  if (x.length === 0) throw new ShapeError(op, "x: (..., C)", [x]);
  return x;
}

/** Results: standardised, mean, inverse deviation. */
function layerNormalization(
  emit: Emit,
  x: string,
  shape: Shape,
  { epsilon }: RowAttributes,
): readonly string[] {
  const width = shape.at(-1) as number;
  const ones = emit.constant(new Float32Array(width).fill(1), [width]);
  const attributes = epsilon === 1e-5 ? {} : { epsilon: { float: epsilon } }; // the operator's own default
  return emit.several("LayerNormalization", [x, ones], 3, attributes);
}

function forEachRow(
  x: Tensor,
  { epsilon }: RowAttributes,
  visit: (row: Float64Array, start: number, statistics: { average: number; deviation: number }) => void,
): void {
  const width = x.shape.at(-1) as number;
  for (let start = 0; start < x.data.length; start += width) {
    const row = x.data.subarray(start, start + width);
    const average = row.reduce((total, value) => total + value, 0) / width;
    const variance = row.reduce((total, value) => total + (value - average) ** 2, 0) / width;
    visit(row, start, { average, deviation: Math.sqrt(variance + epsilon) });
  }
}
