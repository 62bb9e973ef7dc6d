/**
 * @file Convolution over pictures.
 *
 * Layout: pictures are (B, H, W, C). The runtime's own Conv, which wants channels before pixels, is the fastest forward
 * pass even with a transposition on either side; its gradients are products of patches. A patch is what one output sees,
 * and patches are (B, C k k', H' W'): channels before pixels, so that making them copies runs of a row, not single pixels.
 */
import { defineOp, type Op, type Shape, ShapeError, sizeOf, type Value } from "../graph.ts";
import { add, broadcastTo, sum } from "./arithmetic.ts";
import type { ConvOptions } from "./convolution.ts";
import { matmul } from "./products.ts";
import { concat, pad, reshape, slice, transpose } from "./shapes.ts";

interface PatchAttributes {
  /** Rows and columns of a patch. */
  readonly kernel: readonly [rows: number, columns: number];
  /** Pixels from one patch to the next, in both directions. */
  readonly stride: number;
  /** Zeros on all four sides. */
  readonly padding: number;
}

/** Number of patches below and beside one another in a picture: H', W'. Below 1 if the kernel is larger. */
const patchCounts = ([, height, width]: Shape, { kernel, stride, padding }: PatchAttributes): Shape =>
  [height, width].map((size, axis) => Math.floor((size + 2 * padding - kernel[axis]) / stride) + 1);

type Patches = Op<(x: Value, attributes: PatchAttributes) => Value>;
/** Each patch as a column (im2col).   x: (B, H, W, C)   y: (B, C k k', H' W') */
export const patches: Patches = defineOp<PatchAttributes, (x: Value, attributes: PatchAttributes) => Value>(
  {
    name: "patches",
    // Pixels are cut into blocks of `stride` first: then what all patches have at one place of the kernel is a rectangle of
    // blocks, whose rows are copied whole.
    onnx: (emit, _, { inputs: [x], attributes, shape }) => {
      const { kernel, stride } = attributes;
      const channels = x.shape[3];
      const [below, beside] = patchCounts(x.shape, attributes);
      const blocks = emit.lower(blocksOf(x, attributes)); // (B, stride, C, blocks below, stride, blocks beside)
      const places = Array.from({ length: kernel[0] * kernel[1] }, (_, i) => {
        const [row, column] = [Math.floor(i / kernel[1]), i % kernel[1]];
        const from = [column % stride, Math.floor(row / stride), row % stride, Math.floor(column / stride)];
        const sizes = [1, below, 1, beside];
        const to = from.map((start, axis) => start + sizes[axis]);
        const seen = emit("Slice", [blocks, emit.ints(from), emit.ints(to), emit.ints([1, 3, 4, 5])]);
        return emit("Reshape", [seen, emit.ints([shape[0], channels, 1, shape[2]])]);
      });
      return emit("Reshape", [emit("Concat", places, { axis: 2 }), emit.ints(shape)]);
    },
    shape: ([x], attributes) => {
      const [rows, columns] = attributes.kernel;
      const counts = x.length === 4 ? patchCounts(x, attributes) : [0];
      if (counts.some((count) => count < 1))
        throw new ShapeError(
          "patches",
          `x: (B, H, W, C) of at least ${rows} x ${columns} pixels, padding included`,
          [x],
        );
      return [x[0], x[3] * rows * columns, sizeOf(counts)];
    },
    kernel: (out, [x], attributes) => {
      forEachTap(x.shape, attributes, (pixel, tap) => {
        out.data[tap] = x.data[pixel];
      });
    },
    vjp: (dy, [x], attributes) => [foldPatches(dy, x.shape.slice(1, 3), attributes)],
  },
  (apply) => (x, attributes) => apply([x], attributes),
);

/** x with its frame of zeros, cut to what patches see.   returns: (B, stride, C, blocks below, stride, blocks beside) */
function blocksOf(x: Value, attributes: PatchAttributes): Value {
  const { kernel, stride, padding } = attributes;
  const [batch, , , channels] = x.shape;
  const [below, beside] = patchCounts(x.shape, attributes).map(
    (count, axis) => count + Math.ceil(kernel[axis] / stride) - 1,
  );
  const framed = [below, beside].reduce((y, count, i) => {
    const [axis, end] = [i + 1, count * stride];
    const whole = pad(y, axis, padding, Math.max(0, end - padding - y.shape[axis]));
    return slice(whole, axis, 0, end);
  }, x);
  const lines = reshape(framed, [batch, below * stride, beside, stride * channels]);
  return reshape(transpose(lines, [0, 3, 1, 2]), [batch, stride, channels, below, stride, beside]);
}

type FoldPatches = Op<(y: Value, size: Shape, attributes: PatchAttributes) => Value>;
/** Adds patches up where they overlap (col2im), the transpose of `patches`.   y: (B, C k k', H' W')   x: (B, ...size, C) */
export const foldPatches: FoldPatches = defineOp<
  PatchAttributes & { readonly size: Shape },
  (y: Value, size: Shape, attributes: PatchAttributes) => Value
>(
  {
    name: "foldPatches",
    onnx: (emit, [y], { attributes: { kernel, stride, padding, size } }) => {
      const settings = { pads: [padding, padding, padding, padding], strides: [stride, stride] };
      return emit("Transpose", [emit("Col2Im", [y, emit.ints(size), emit.ints(kernel)], settings)], {
        perm: [0, 2, 3, 1],
      });
    },
    shape: ([y], { size, ...rest }) => {
      const [rows, columns] = rest.kernel;
      const channels = y[1] / (rows * columns);
      const [height, width] = size;
      const count = sizeOf(patchCounts([0, height, width], rest));
      if (y.length !== 3 || !Number.isInteger(channels) || y[2] !== count)
        throw new ShapeError(
          "foldPatches",
          `y: (B, ${rows * columns} C, ${count}), the patches of ${height} x ${width} pixels`,
          [y],
        );
      return [y[0], height, width, channels];
    },
    kernel: (out, [y], attributes) => {
      forEachTap(out.shape, attributes, (pixel, tap) => {
        out.data[pixel] += y.data[tap];
      });
    },
    vjp: (dx, _, attributes) => [patches(dx, attributes)],
  },
  (apply) => (y, size, attributes) => apply([y], { ...attributes, size }),
);

/** Visits every element of every patch that is no padding: its offset in x (B, H, W, C) and in y (B, C k k', H' W'). */
function forEachTap(
  shape: Shape,
  attributes: PatchAttributes,
  visit: (pixel: number, tap: number, place: readonly [batch: number, patch: number, row: number]) => void,
): void {
  const [batch, height, width, channels] = shape;
  const { kernel, stride, padding } = attributes;
  const [below, beside] = patchCounts(shape, attributes);
  const taps = kernel[0] * kernel[1];
  for (let b = 0; b < batch; b++)
    for (let patch = 0; patch < below * beside; patch++)
      for (let tap = 0; tap < taps; tap++) {
        const row = Math.floor(patch / beside) * stride + Math.floor(tap / kernel[1]) - padding;
        const column = (patch % beside) * stride + (tap % kernel[1]) - padding;
        if (row < 0 || row >= height || column < 0 || column >= width) continue;
        for (let c = 0; c < channels; c++)
          visit(
            ((b * height + row) * width + column) * channels + c,
            ((b * channels + c) * taps + tap) * below * beside + patch,
            [b, patch, tap * channels + c],
          );
      }
}

type Conv2d = (x: Value, weight: Value, bias: Value, options?: ConvOptions) => Value;

/**
 * Convolution of pictures (cross-correlation, as in PyTorch's Conv2d).   x: (B, H, W, C)   weight: (k, k', C, O)
 * bias: (O,)   y: (B, H', W', O) with H' = floor((H + 2 padding - k) / stride) + 1, W' likewise
 */
export const conv2d: Op<Conv2d> = defineOp<Required<ConvOptions>, Conv2d>(
  {
    name: "conv2d",
    onnx: (emit, [, , bias], { inputs: [x, weight], attributes: { stride, padding } }) => {
      const settings = {
        kernel_shape: weight.shape.slice(0, 2),
        strides: [stride, stride],
        pads: [padding, padding, padding, padding],
      };
      const filters = emit.lower(transpose(weight, [3, 2, 0, 1]));
      const convolved = emit("Conv", [emit.lower(transpose(x, [0, 3, 1, 2])), filters, bias], settings);
      return emit("Transpose", [convolved], { perm: [0, 2, 3, 1] });
    },
    shape: ([x, weight, bias], attributes) => {
      const fits = x.length === 4 && weight.length === 4 && bias.length === 1;
      if (!fits || x[3] !== weight[2] || bias[0] !== weight[3])
        throw new ShapeError("conv2d", "x: (B, H, W, C), weight: (k, k', C, O) and bias: (O,)", [
          x,
          weight,
          bias,
        ]);
      const counts = patchCounts(x, patchesOf(weight, attributes));
      if (counts.some((count) => count < 1))
        throw new ShapeError(
          "conv2d",
          `x: (B, H, W, C) of at least ${weight[0]} x ${weight[1]} pixels, padding included`,
          [x],
        );
      return [x[0], ...counts, weight[3]];
    },
    kernel: (out, [x, weight, bias], attributes) => {
      const outputs = bias.data.length;
      const perPicture = out.data.length / x.shape[0] / outputs;
      for (let i = 0; i < out.data.length; i++) out.data[i] = bias.data[i % outputs];
      forEachTap(x.shape, patchesOf(weight.shape, attributes), (pixel, _, [b, patch, row]) => {
        const first = (b * perPicture + patch) * outputs;
        for (let o = 0; o < outputs; o++)
          out.data[first + o] += x.data[pixel] * weight.data[row * outputs + o];
      });
    },
    vjp: (dy, [x, weight], attributes) => {
      const [rows, columns, channels, outputs] = weight.shape;
      const seen = patchesOf(weight.shape, attributes);
      const parts = partsOf(
        x.shape[0],
        4 * sizeOf(dy.shape.slice(1, 3)) * Math.max(outputs, rows * columns * channels),
      );
      const flat = reshape(transpose(weight, [2, 0, 1, 3]), [channels * rows * columns, outputs]);
      const slopes = parts.map(([from, to]) => {
        const dyPart = reshape(slice(dy, 0, from, to), [to - from, -1, outputs]); // (b, H' W', O)
        const column = matmul(broadcastTo(flat, [to - from, ...flat.shape]), transpose(dyPart));
        return {
          x: foldPatches(column, x.shape.slice(1, 3), seen),
          weight: sum(matmul(patches(slice(x, 0, from, to), seen), dyPart), { axes: 0 }),
        };
      });
      const dWeight = slopes.map((slope) => slope.weight).reduce((a, b) => add(a, b));
      return [
        concat(
          slopes.map((slope) => slope.x),
          0,
        ),
        transpose(reshape(dWeight, [channels, rows, columns, outputs]), [1, 2, 0, 3]),
        sum(reshape(dy, [-1, outputs]), { axes: 0 }),
      ];
    },
  },
  (apply) =>
    (x, weight, bias, { stride = 1, padding = 0 } = {}) =>
      apply([x, weight, bias], { stride, padding }),
);

const patchesOf = ([rows, columns]: Shape, { stride, padding }: Required<ConvOptions>): PatchAttributes => ({
  kernel: [rows, columns],
  stride,
  padding,
});

/** Bytes of patches, or of a result, that stay in a processor's cache from one product to the next. */
const cacheBytes = 2 ** 20;

/** Ranges of the batch, in each of which a picture's `bytes` fit the cache together. */
function partsOf(batch: number, bytes: number): readonly (readonly [from: number, to: number])[] {
  const count = Math.ceil(batch / Math.max(1, Math.floor(cacheBytes / bytes)));
  const start = (part: number) => Math.floor((part * batch) / count);
  return Array.from({ length: count }, (_, part) => [start(part), start(part + 1)] as const);
}
