/** @file Weights and gradients that other programs recorded, as vectors of our parameters. */
import { readTensors } from "../src/platform/index.ts";
import { type Layout, sizeOf } from "../src/tensor/index.ts";
import { relativeError } from "./both-backends.ts";

/** Tensors of a file, by name. */
export async function recordedTensors(path: string) {
  const { tensors } = await readTensors(path);
  const floats = (name: string): Float32Array => {
    const tensor = tensors[name];
    if (tensor === undefined) throw new Error(`${path} has no ${name}.`);
    return Float32Array.from(tensor.data as Float32Array);
  };
  return {
    floats,
    /** One of those that are stacked along the first axis. */
    one(name: string, index: number): Float32Array {
      const all = floats(name);
      const size = all.length / tensors[name].shape[0];
      return all.slice(index * size, (index + 1) * size);
    },
  };
}

/** PyTorch's weight, (outputs, inputs), as ours: (inputs, outputs). */
export function transposed(weight: Float32Array, outputs: number): Float32Array {
  const inputs = weight.length / outputs;
  return Float32Array.from(weight, (_, i) => weight[(i % outputs) * inputs + Math.floor(i / outputs)]);
}

/** Two matrices of as many rows, side by side. */
export function beside(left: Float32Array, right: Float32Array, rows: number): Float32Array {
  const [a, b] = [left.length / rows, right.length / rows];
  return Float32Array.from({ length: left.length + right.length }, (_, i) => {
    const [row, column] = [Math.floor(i / (a + b)), i % (a + b)];
    return column < a ? left[row * a + column] : right[row * b + column - a];
  });
}

/** The vector of a layout's parameters. numbers: of the parameter at a path */
export function vectorOf(layout: Layout<unknown>, numbers: (path: string) => Float32Array): Float32Array {
  const vector = new Float32Array(layout.size);
  for (const { path, shape, offset } of layout.entries) {
    const found = numbers(path);
    if (found.length !== sizeOf(shape)) throw new Error(`${path}: ${found.length} numbers for ${shape}`);
    vector.set(found, offset);
  }
  return vector;
}

/** Parameters in which a vector differs from the recorded one, with the relative errors; empty if all agree. */
export function disagreements(
  found: Float32Array | Float64Array,
  recorded: Float32Array,
  layout: Layout<unknown>,
  tolerance = 1e-5,
): [path: string, error: number][] {
  return layout.entries
    .map(({ path, shape, offset }): [string, number] => {
      const end = offset + sizeOf(shape);
      return [path, relativeError(found.subarray(offset, end), recorded.subarray(offset, end))];
    })
    .filter(([, error]) => !(error <= tolerance));
}
