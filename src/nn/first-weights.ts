/** @file First values of linear maps beside PyTorch's: those of Xavier, and orthogonal ones. Biases are zero. */
import type { Random } from "../base/index.ts";
import type { Parameter } from "../tensor/index.ts";
import { type Dense, filled } from "./linear.ts";

/** Uniform in ±√(6 / (inputs + outputs)). Source: Glorot and Bengio 2010; torch.nn.init.xavier_uniform_ and Flax's. */
export function initXavier(inputs: number, outputs: number, random: Random): Dense<Parameter> {
  const weight = filled([inputs, outputs], 0);
  const bound = Math.sqrt(6 / (inputs + outputs));
  random.fillUniform(weight.data);
  for (let i = 0; i < weight.data.length; i++) weight.data[i] = bound * (2 * weight.data[i] - 1);
  return { weight, bias: filled([outputs], 0) };
}

/**
 * Orthogonal rows or columns, whichever are fewer, each of length `gain`.
 * Source: Saxe et al. 2013, arXiv:1312.6120; torch.nn.init.orthogonal_.
 */
export const initOrthogonal =
  (gain: number) =>
  (inputs: number, outputs: number, random: Random): Dense<Parameter> => {
    const [vectors, size] = [Math.min(inputs, outputs), Math.max(inputs, outputs)];
    const basis = orthonormal(vectors, size, random);
    const weight = filled([inputs, outputs], 0);
    for (let v = 0; v < vectors; v++)
      for (let i = 0; i < size; i++)
        weight.data[inputs < outputs ? v * outputs + i : i * outputs + v] = gain * basis[v][i];
    return { weight, bias: filled([outputs], 0) };
  };

/** Normal vectors made orthonormal one after another; twice, for one pass leaves rounding errors that grow. */
function orthonormal(vectors: number, size: number, random: Random): readonly Float64Array[] {
  const basis: Float64Array[] = [];
  for (let v = 0; v < vectors; v++) {
    const vector = Float64Array.from({ length: size }, () => random.normal());
    for (let pass = 0; pass < 2; pass++)
      for (const other of basis) {
        let product = 0;
        for (let i = 0; i < size; i++) product += vector[i] * other[i];
        for (let i = 0; i < size; i++) vector[i] -= product * other[i];
      }
    const length = Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0));
    basis.push(vector.map((x) => x / length));
  }
  return basis;
}
