/** @file Runs a traced function where users run it, and where the truth is. */

import { cpu } from "../src/devices/index.ts";
import { compile, evaluate, input, type Spec, sizeOf, type Value } from "../src/tensor/index.ts";

type Floats = Float32Array | Float64Array;
type Backend = <Inputs extends string, Outputs extends string>(
  specs: Readonly<Record<Inputs, Spec>>,
  f: (values: Readonly<Record<Inputs, Value>>) => Readonly<Record<Outputs, Value>>,
  numbers: Readonly<Record<Inputs, ArrayLike<number>>>,
) => Promise<Record<Outputs, Floats>>;

const compiled: Backend = async (specs, f, numbers) => {
  await using program = await compile(specs, f, { device: cpu({ threads: 1 }) });
  const entries = Object.entries<Spec>(specs).map(([name, { dtype }]) => {
    const given = numbers[name as keyof typeof numbers];
    return [name, dtype === "int32" ? Int32Array.from(given) : Float32Array.from(given)];
  });
  return await program.run(Object.fromEntries(entries));
};

const reference: Backend = async (specs, f, numbers) => {
  const entries = Object.entries<Spec>(specs).map(([name, spec]) => [name, input(name, spec)] as const);
  const known = new Map(
    entries.map(([name, value]) => {
      const data = Float64Array.from(numbers[name as keyof typeof numbers]);
      if (data.length !== sizeOf(value.shape)) throw new Error(`${name}: ${data.length} numbers`);
      return [value, { shape: value.shape, data }];
    }),
  );
  const outputs = f(Object.fromEntries(entries) as never);
  const tensors = evaluate(Object.values(outputs), known);
  return Object.fromEntries(Object.keys(outputs).map((name, i) => [name, tensors[i].data])) as never;
};

/** Each with the largest relative error that its number format excuses. */
export const backends: Readonly<Record<string, { readonly run: Backend; readonly tolerance: number }>> = {
  "on the processor, in float32": { run: compiled, tolerance: 1e-5 },
  "by the reference kernels, in float64": { run: reference, tolerance: 1e-6 },
};

/** Length of the difference over length of the truth. */
export function relativeError(found: ArrayLike<number>, truth: ArrayLike<number>): number {
  if (found.length !== truth.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let size = 0;
  for (let i = 0; i < truth.length; i++) {
    difference += (found[i] - truth[i]) ** 2;
    size += truth[i] ** 2;
  }
  return Math.sqrt(difference / size);
}
