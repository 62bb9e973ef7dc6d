/** @file Weights that others recorded, as parameters of ours. */
import type { StoredTensors } from "../src/base/index.ts";
import type { Layout } from "../src/tensor/index.ts";

/** A recorded tensor that stands for a parameter. */
export interface Recorded {
  readonly name: string;
  /** True for the weights of PyTorch's linear layers, which are (outputs, inputs). */
  readonly transposed?: boolean;
}

/** Parameters that a recording knows of: a network of ours may have more rows of a weight, which come last. */
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
    for (const { offset, values } of this.#entries(prefix)) vector.set(values, offset);
    return vector;
  }

  /** Numbers of `vector`, (P,), that were recorded. */
  known(vector: ArrayLike<number>, prefix: string): number[] {
    return this.#entries(prefix).flatMap(({ offset, values }) =>
      Array.from(values, (_, i) => vector[offset + i]),
    );
  }

  #entries(prefix: string): { readonly offset: number; readonly values: Float32Array }[] {
    return this.#layout.entries.flatMap(({ path, offset }) => {
      const found = this.#find(path);
      if (found === undefined) return [];
      const { shape, data } = this.#tensors[`${prefix}/${found.name}`];
      const values = data as Float32Array;
      if (!found.transposed) return [{ offset, values }];
      const [outputs, inputs] = shape;
      return [
        { offset, values: values.map((_, i) => values[(i % outputs) * inputs + Math.floor(i / outputs)]) },
      ];
    });
  }
}

/** A layer of PyTorch's `nn.Sequential`, or one like it, by our path of its weight or bias. */
export const torchLinear = (layer: string, path: string): Recorded =>
  path.endsWith("bias") ? { name: `${layer}.bias` } : { name: `${layer}.weight`, transposed: true };
