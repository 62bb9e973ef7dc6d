/** @file The truth that tests compare with: results by the float64 kernels, gradients by differences of them. */
import { evaluate, input, type Numbers, type Spec, type Tensor, type Value } from "../src/tensor/index.ts";

export type Specs = Readonly<Record<string, Spec>>;
/** A function of named values, as `compile` takes it. */
export type Traceable = (values: Readonly<Record<string, Value>>) => Readonly<Record<string, Value>>;
export type NamedNumbers = Readonly<Record<string, Numbers>>;

/** The results of `f` in float64. */
export function truthOf(inputs: Specs, f: Traceable, numbers: NamedNumbers): Record<string, Float64Array> {
  const values = inputsOf(inputs);
  const outputs = Object.entries(f(values));
  const tensors = evaluate(
    outputs.map(([, value]) => value),
    tensorsOf(inputs, values, numbers),
  );
  return Object.fromEntries(outputs.map(([name], i) => [name, tensors[i].data]));
}

/** The derivative of the scalar `loss` with respect to the input `name`, by the five-point formula. */
export function differencesOf(
  inputs: Specs,
  loss: (values: Readonly<Record<string, Value>>) => Value,
  numbers: NamedNumbers,
  name: string,
  step = 1e-4,
): Float64Array {
  const values = inputsOf(inputs);
  const result = loss(values);
  const known = tensorsOf(inputs, values, numbers);
  const { data } = known.get(values[name]) as Tensor;
  return data.map((center, i) => {
    const at = (offset: number) => {
      data[i] = center + offset;
      const [tensor] = evaluate([result], known);
      data[i] = center;
      return tensor.data[0];
    };
    return (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * step);
  });
}

/** Distance of `found` from `truth` over the length of `truth`; 0 if both are all zeros. */
export function relativeError(found: ArrayLike<number>, truth: ArrayLike<number>): number {
  if (found.length !== truth.length) return Number.NaN;
  let distance = 0;
  let length = 0;
  for (let i = 0; i < truth.length; i++) {
    distance += (found[i] - truth[i]) ** 2;
    length += truth[i] ** 2;
  }
  return distance === 0 ? 0 : Math.sqrt(distance / length);
}

const inputsOf = (inputs: Specs): Record<string, Value> =>
  Object.fromEntries(Object.entries(inputs).map(([name, spec]) => [name, input(name, spec)]));

const tensorsOf = (
  inputs: Specs,
  values: Readonly<Record<string, Value>>,
  numbers: NamedNumbers,
): Map<Value, Tensor> =>
  new Map(
    Object.entries(inputs).map(([name, { shape }]) => [
      values[name],
      { shape, data: Float64Array.from(numbers[name]) },
    ]),
  );
