/** @file Weights that others recorded, as parameters of ours. */
import type { StoredTensors } from "../src/base/index.ts";
import { type Layout, sizeOf } from "../src/tensor/index.ts";
import { relativeError } from "./both-backends.ts";

/** A recorded tensor that stands for a parameter, or for a part of one. */
export interface Recorded {
  readonly name: string;
  /** True for the weights of PyTorch's linear layers, which are (outputs, inputs). */
  readonly transposed?: boolean;
  /** Of such weights, the row of ours that an input of theirs is; none: another parameter has it. Default: the same. */
  readonly row?: (input: number) => number | undefined;
  /** Which of several that are stacked along a first axis. */
  readonly index?: number;
  /** Another one, whose outputs come behind. */
  readonly beside?: Recorded;
}

/** A number that was recorded, and its place among our parameters. */
interface Entry {
  readonly place: number;
  readonly value: number;
}

/** Parameters that a recording knows of: a network of ours may have more. */
export class RecordedWeights {
  readonly #layout: Layout<unknown>;
  readonly #tensors: StoredTensors;
  readonly #find: (path: string) => Recorded | undefined;

  /** find: the recorded tensor of a parameter, by its path; undefined: there is none */
  constructor(layout: Layout<unknown>, tensors: StoredTensors, find: (path: string) => Recorded | undefined) {
    this.#layout = layout;
    this.#tensors = tensors;
    this.#find = find;
  }

  /** All parameters; those that were not recorded are 0. (P,) */
  vector(prefix: string): Float32Array {
    const vector = new Float32Array(this.#layout.size);
    for (const { place, value } of this.#entries(prefix)) vector[place] = value;
    return vector;
  }

  /** The recorded numbers, and those of `vector`, (P,), in their places. */
  pairs(vector: ArrayLike<number>, prefix: string): [found: number[], truth: number[]] {
    const entries = this.#entries(prefix);
    return [entries.map(({ place }) => vector[place]), entries.map(({ value }) => value)];
  }

  #entries(prefix: string): Entry[] {
    return this.#layout.entries.flatMap(({ path, offset }) => {
      const found = this.#find(path);
      if (found === undefined) return [];
      const values = this.#values(prefix, found);
      const outputs = this.#tensors[`${prefix}/${found.name}`].shape[0];
      const { row } = found;
      return Array.from(values, (value, i) => {
        if (row === undefined) return { place: offset + i, value };
        const at = row(Math.floor(i / outputs));
        return at === undefined ? [] : { place: offset + at * outputs + (i % outputs), value };
      }).flat();
    });
  }

  #values(prefix: string, { name, transposed, index, beside }: Recorded): Float32Array {
    const { shape: whole, data } = this.#tensors[`${prefix}/${name}`];
    const shape = index === undefined ? whole : whole.slice(1);
    const at = (index ?? 0) * sizeOf(shape);
    const own = (data as Float32Array).slice(at, at + sizeOf(shape));
    const [outputs, inputs] = shape;
    const values = transposed
      ? own.map((_, i) => own[(i % outputs) * inputs + Math.floor(i / outputs)])
      : own;
    if (beside === undefined) return values;
    const rows = shape.length === 1 ? 1 : transposed ? inputs : outputs;
    return sideBySide(values, this.#values(prefix, beside), rows);
  }
}

/** Two matrices of as many rows, one behind the other in each row. */
function sideBySide(left: Float32Array, right: Float32Array, rows: number): Float32Array {
  const [a, b] = [left.length / rows, right.length / rows];
  const row = (i: number) => [...left.subarray(i * a, (i + 1) * a), ...right.subarray(i * b, (i + 1) * b)];
  return Float32Array.from(Array.from({ length: rows }, (_, i) => row(i)).flat());
}

/** A layer of PyTorch's `nn.Sequential`, or one like it, by our path of its weight or bias. */
export const torchLinear = (layer: string, path: string, row?: Recorded["row"]): Recorded =>
  path.endsWith("bias")
    ? { name: `${layer}.bias` }
    : { name: `${layer}.weight`, transposed: true, ...(row && { row }) };

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

/** The state of an optimizer that has made no step, as tensors of a training's state. */
export function firstState(name: string, theta: Float32Array, ema?: Float32Array): StoredTensors {
  const zeros = new Float32Array(theta.length);
  const arrays = { theta, firstMoment: zeros, secondMoment: zeros, ...(ema && { ema }) };
  return Object.fromEntries(
    Object.entries(arrays).map(([array, data]) => [
      `${name}.${array}`,
      { dtype: "F32", shape: [data.length], data } as const,
    ]),
  );
}

/** Weights after Adam's first step along a gradient: both moments are then its own. */
export const adamStep = (theta: Float32Array, gradient: Float32Array, learningRate: number): Float32Array =>
  theta.map((x, i) => x - (learningRate * gradient[i]) / (Math.abs(gradient[i]) + 1e-8));
