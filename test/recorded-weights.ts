/** @file Weights that others recorded, as parameters of ours. */
import type { StoredTensors } from "../src/base/index.ts";
import type { Layout } from "../src/tensor/index.ts";

/** A recorded tensor that stands for a parameter, or for a part of one. */
export interface Recorded {
  readonly name: string;
  /** True for the weights of PyTorch's linear layers, which are (outputs, inputs). */
  readonly transposed?: boolean;
  /** Of such weights, the row of ours that an input of theirs is; none: another parameter has it. Default: the same. */
  readonly row?: (input: number) => number | undefined;
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
      const { shape, data } = this.#tensors[`${prefix}/${found.name}`];
      const values = data as Float32Array;
      if (!found.transposed) return Array.from(values, (value, i) => ({ place: offset + i, value }));
      const [outputs, inputs] = shape;
      const { row = (input) => input } = found;
      return Array.from(values, (value, i) => {
        const at = row(i % inputs);
        return at === undefined ? [] : { place: offset + at * outputs + Math.floor(i / inputs), value };
      }).flat();
    });
  }
}

/** A layer of PyTorch's `nn.Sequential`, or one like it, by our path of its weight or bias. */
export const torchLinear = (layer: string, path: string, row?: Recorded["row"]): Recorded =>
  path.endsWith("bias")
    ? { name: `${layer}.bias` }
    : { name: `${layer}.weight`, transposed: true, ...(row && { row }) };
