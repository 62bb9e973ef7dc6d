/**
 * @file Convolution over time, as a matrix product of windows.
 *
 * Layout: sequences are (B, T, C). A window is the k steps that one output sees, side by side: (B, T', k C). With the
 * weight as a (k C, O) matrix a convolution is one product, which is what processors are fastest at; ONNX's own Conv
 * collapses at the short sequences inside a U-Net, and its gradients are slower still.
 */
import { defineOp, type Op, type Shape, ShapeError, type Value } from "../graph.ts";
import { add, sum } from "./arithmetic.ts";
import { affine, gather, matmul } from "./products.ts";
import { recompute } from "./recompute.ts";
import { concat, pad, reshape, slice, transpose } from "./shapes.ts";
import { constant } from "./source.ts";

interface WindowAttributes {
  /** Steps in a window, k. */
  readonly kernel: number;
  /** Steps from one window to the next. */
  readonly stride: number;
  /** Zeros before the first step and after the last. */
  readonly before: number;
  readonly after: number;
}

/** Number of windows in `time` steps, T'. */
const windowCount = (time: number, { kernel, stride, before, after }: WindowAttributes): number =>
  Math.floor((time + before + after - kernel) / stride) + 1;

type Windows = Op<(x: Value, attributes: WindowAttributes) => Value>;
/** Each window's steps side by side (im2col).   x: (B, T, C)   y: (B, T', k C) */
export const windows: Windows = defineOp<WindowAttributes, (x: Value, attributes: WindowAttributes) => Value>(
  {
    name: "windows",
    onnx: (emit, _, { inputs: [x], attributes: { kernel, stride, before, after }, shape }) => {
      const starts = Array.from({ length: shape[1] }, (_, t) => t * stride);
      const steps = Int32Array.from(
        starts.flatMap((start) => Array.from({ length: kernel }, (_, j) => start + j)),
      );
      const padded = emit.lower(pad(x, 1, before, after));
      const gathered = emit("Gather", [padded, emit.constant(steps, [shape[1], kernel])], { axis: 1 });
      return emit("Reshape", [gathered, emit.ints(shape)]);
    },
    shape: ([x], attributes) => {
      const count = x.length === 3 ? windowCount(x[1], attributes) : 0;
      if (count < 1)
        throw new ShapeError("windows", `x: (B, T, C) with at least ${attributes.kernel} steps`, [x]);
      return [x[0], count, attributes.kernel * x[2]];
    },
    kernel: (out, [x], attributes) => {
      forEachTap(x.shape, attributes, (step, tap) => {
        out.data[tap] = x.data[step];
      });
    },
    vjp: (dy, [x], attributes) => [foldWindows(dy, x.shape[1], attributes)],
  },
  (apply) => (x, attributes) => apply([x], attributes),
);

type FoldWindows = Op<(y: Value, time: number, attributes: WindowAttributes) => Value>;
/** Adds windows up where they overlap (col2im), the transpose of `windows`.   y: (B, T', k C)   x: (B, time, C) */
export const foldWindows: FoldWindows = defineOp<
  WindowAttributes & { readonly time: number },
  (y: Value, time: number, attributes: WindowAttributes) => Value
>(
  {
    name: "foldWindows",
    // Cut each window into runs of `stride` steps: run q of window t covers the steps of block t + q. So the result, in
    // blocks of `stride` steps, is the sum of the runs, each shifted by its q.
    onnx: (
      emit,
      _,
      { inputs: [y], attributes: { kernel, stride, before, time }, shape: [batch, , channels] },
    ) => {
      const count = y.shape[1];
      const runs = Math.ceil(kernel / stride);
      const blocks = Math.max(count + runs - 1, Math.ceil((before + time) / stride));
      const whole = pad(y, 2, 0, (runs * stride - kernel) * channels);
      const shifted = Array.from({ length: runs }, (_, q) =>
        pad(slice(whole, 2, q * stride * channels, (q + 1) * stride * channels), 1, q, blocks - count - q),
      );
      const steps = reshape(shifted.reduce(add), [batch, blocks * stride, channels]);
      return emit.lower(slice(steps, 1, before, before + time));
    },
    shape: ([y], { kernel, time, ...rest }) => {
      const channels = y[2] / kernel;
      if (y.length !== 3 || !Number.isInteger(channels) || windowCount(time, { kernel, ...rest }) !== y[1])
        throw new ShapeError("foldWindows", `y: (B, T', ${kernel} C), the windows of ${time} steps`, [y]);
      return [y[0], time, channels];
    },
    kernel: (out, [y], attributes) => {
      forEachTap(out.shape, attributes, (step, tap) => {
        out.data[step] += y.data[tap];
      });
    },
    vjp: (dx, _, attributes) => [windows(dx, attributes)],
  },
  (apply) => (y, time, attributes) => apply([y], { ...attributes, time }),
);

/** Visits every element of every window that is no padding: its offset in x (B, T, C) and in y (B, T', k C). */
function forEachTap(
  [batch, time, channels]: readonly number[],
  attributes: WindowAttributes,
  visit: (step: number, tap: number) => void,
): void {
  const { kernel, stride, before } = attributes;
  const count = windowCount(time, attributes);
  for (let b = 0; b < batch; b++)
    for (let window = 0; window < count; window++)
      for (let tap = 0; tap < kernel; tap++) {
        const t = window * stride + tap - before;
        if (t < 0 || t >= time) continue;
        for (let c = 0; c < channels; c++)
          visit((b * time + t) * channels + c, ((b * count + window) * kernel + tap) * channels + c);
      }
}

export interface ConvOptions {
  /** Default 1. */
  readonly stride?: number;
  /** Zeros on each side. Default 0. */
  readonly padding?: number;
}
type Conv = (x: Value, weight: Value, bias: Value, options?: ConvOptions) => Value;

/**
 * Convolution (cross-correlation, as in PyTorch's Conv1d).   x: (B, T, C)   weight: (k, C, O)   bias: (O,)
 * y: (B, T', O) with T' = floor((T + 2 padding - k) / stride) + 1
 */
export const conv1d: Op<Conv> = defineOp<Required<ConvOptions>, Conv>(
  {
    name: "conv1d",
    onnx: (emit, _, { inputs: [x, weight, bias], attributes }) => {
      const [kernel, channels, out] = weight.shape;
      const flat = reshape(weight, [kernel * channels, out]);
      const seen = windowsOf(kernel, attributes);
      return emit.lower(
        inParts([x], seen, out, (part) => affine(windows(part, seen), flat, bias), concatBatch),
      );
    },
    shape: ([x, weight, bias], attributes) => {
      checkConv("conv1d", x, weight, bias);
      const count = windowCount(x[1], windowsOf(weight[0], attributes));
      if (count < 1)
        throw new ShapeError("conv1d", `x: (B, T, C) with at least ${weight[0]} steps, padding included`, [
          x,
        ]);
      return [x[0], count, weight[2]];
    },
    kernel: (out, [x, weight, bias], attributes) => {
      const [kernel, channels, outputs] = weight.shape;
      for (let i = 0; i < out.data.length; i++) out.data[i] = bias.data[i % outputs];
      forEachTap(x.shape, windowsOf(kernel, attributes), (step, tap) => {
        const row = Math.floor(tap / (kernel * channels)) * outputs;
        const column = (tap % (kernel * channels)) * outputs;
        for (let o = 0; o < outputs; o++) out.data[row + o] += x.data[step] * weight.data[column + o];
      });
    },
    vjp: (dy, [x, weight], attributes) => {
      const [kernel, channels, outputs] = weight.shape;
      const seen = windowsOf(kernel, attributes);
      const flat = reshape(weight, [kernel * channels, outputs]);
      return [
        attributes.stride === 1 && 2 * outputs < dy.shape[0] * dy.shape[1]
          ? convolveBack(dy, weight, x.shape[1], attributes.padding)
          : foldWindows(matmul(dy, transpose(flat)), x.shape[1], seen),
        reshape(
          inParts([x, dy], seen, outputs, (part, dyPart) => weightGradient(part, dyPart, seen), addAll),
          weight.shape,
        ),
        sum(reshape(dy, [-1, outputs]), { axes: 0 }),
      ];
    },
  },
  (apply) =>
    (x, weight, bias, { stride = 1, padding = 0 } = {}) =>
      apply([x, weight, bias], { stride, padding }),
);

const windowsOf = (kernel: number, { stride, padding }: Required<ConvOptions>): WindowAttributes => ({
  kernel,
  stride,
  before: padding,
  after: padding,
});

/** Bytes of windows that stay in a processor's cache between being written and being multiplied. */
const cacheBytes = 8 * 2 ** 20;

/**
 * f of parts of the batch, joined, where the windows of all of it would leave the cache. A part's windows are at least
 * four times the weight, which is read anew for each. values: (B, ...) each, the first of them what windows are taken of
 */
function inParts(
  values: readonly Value[],
  seen: WindowAttributes,
  outputs: number,
  f: (...parts: Value[]) => Value,
  join: (parts: readonly Value[]) => Value,
): Value {
  const [batch, time, channels] = values[0].shape;
  const windowBytes = 4 * seen.kernel * channels;
  const sampleBytes = windowCount(time, seen) * windowBytes;
  const partBytes = Math.max(cacheBytes, 4 * windowBytes * outputs);
  const count = Math.ceil(batch / Math.max(1, Math.floor(partBytes / sampleBytes)));
  const starts = Array.from({ length: count }, (_, part) => Math.floor((part * batch) / count));
  const parts = starts.map((start, part) =>
    f(...values.map((value) => slice(value, 0, start, starts[part + 1]))),
  );
  return parts.length === 1 ? parts[0] : join(parts);
}

const concatBatch = (parts: readonly Value[]): Value => concat(parts, 0);
const addAll = (parts: readonly Value[]): Value => parts.reduce((total, part) => add(total, part));

/** Gradient of a convolution with respect to its weight. x: (B, T, C)   dy: (B, T', O)   returns: (k C, O) */
function weightGradient(x: Value, dy: Value, seen: WindowAttributes): Value {
  const again = recompute([x], (x) => windows(x, seen));
  return matmul(transpose(reshape(again, [-1, again.shape[2]])), reshape(dy, [-1, dy.shape[2]]));
}

/**
 * Gradient of a convolution of stride 1 with respect to its input: dy convolved with the weight turned around. Moves
 * fewer numbers than folding windows does, as long as the weight, which must be turned around, is small beside dy.
 */
function convolveBack(dy: Value, weight: Value, time: number, padding: number): Value {
  const [kernel, channels, outputs] = weight.shape;
  const reversed = gather(
    weight,
    constant(Int32Array.from({ length: kernel }, (_, tap) => kernel - 1 - tap)),
  );
  const flat = reshape(transpose(reversed, [0, 2, 1]), [kernel * outputs, channels]);
  const before = kernel - 1 - padding;
  const seen = { kernel, stride: 1, before, after: time + kernel - 1 - before - dy.shape[1] };
  return inParts([dy], seen, channels, (part) => matmul(windows(part, seen), flat), concatBatch);
}

/**
 * Transposed convolution, as PyTorch's ConvTranspose1d.   x: (B, T, C)   weight: (k, C, O)   bias: (O,)
 * y: (B, T', O) with T' = (T - 1) stride - 2 padding + k
 */
export function convTranspose1d(
  x: Value,
  weight: Value,
  bias: Value,
  { stride = 1, padding = 0 }: ConvOptions = {},
): Value {
  checkConv("convTranspose1d", x.shape, weight.shape, bias.shape);
  const [kernel, channels, out] = weight.shape;
  const time = (x.shape[1] - 1) * stride - 2 * padding + kernel;
  const flat = reshape(transpose(weight, [1, 0, 2]), [channels, kernel * out]);
  return add(foldWindows(matmul(x, flat), time, windowsOf(kernel, { stride, padding })), bias);
}

function checkConv(name: string, x: Shape, weight: Shape, bias: Shape): void {
  const fits = x.length === 3 && weight.length === 3 && bias.length === 1;
  if (!fits || x[2] !== weight[1] || bias[0] !== weight[2])
    throw new ShapeError(name, "x: (B, T, C), weight: (k, C, O) and bias: (O,)", [x, weight, bias]);
}
