/** @file Turns a function of values into a program of a device: trace it, write it as ONNX, open a session. */
import { Tensor as DeviceArray, type InferenceSession } from "onnxruntime-node";
import { UserError } from "../base/index.ts";
import { toOnnx } from "./backends/onnx.ts";
import { cpu, type Device, openSession } from "./device.ts";
import { showShape, sizeOf, type Value } from "./graph.ts";
import { input, type Spec } from "./ops/source.ts";

/** Numbers on this side of the device, row-major: int32 inputs as Int32Array, all else as Float32Array. */
export type Numbers = Float32Array | Int32Array;

type Specs<Names extends string> = Readonly<Record<Names, Spec>>;

export interface CompileOptions {
  /** Default: `cpu()`. */
  readonly device?: Device;
  /** Outputs that stay in the device's memory, to be given to a later run as inputs. */
  readonly onDevice?: readonly string[];
}

/** A graph written for one set of shapes, and the ONNX model that says it. */
export interface Traced<Inputs extends string, Outputs extends string> {
  readonly inputs: Specs<Inputs>;
  readonly outputs: Readonly<Record<Outputs, Value>>;
  readonly onnx: Uint8Array;
}

/**
 * Traces `f` over inputs of the given shapes and types, and writes its results as one ONNX model. Names are letters,
 * digits and underscores; an output may not bear an input's name. `metadata` is stored in the model.
 */
export function trace<Inputs extends string, Outputs extends string>(
  inputs: Specs<Inputs>,
  f: (values: Readonly<Record<Inputs, Value>>) => Readonly<Record<Outputs, Value>>,
  metadata: Readonly<Record<string, string>> = {},
): Traced<Inputs, Outputs> {
  const entries = Object.entries<Spec>(inputs).map(([name, spec]) => [name, input(name, spec)] as const);
  const values = Object.fromEntries(entries) as Record<Inputs, Value>;
  const outputs = f(values);
  const names = [...Object.keys(inputs), ...Object.keys(outputs)];
  for (const [i, name] of names.entries()) {
    if (!/^[A-Za-z_]\w*$/.test(name))
      throw new UserError(`"${name}": expected a name of letters, digits and underscores`);
    if (names.indexOf(name) !== i)
      throw new UserError(`"${name}" names two inputs or outputs; each needs its own name`);
  }
  return { inputs, outputs, onnx: toOnnx(values, outputs, metadata) };
}

/** `trace`, and a session of the device that runs it. Dispose it to free the device's memory. */
export async function compile<Inputs extends string, Outputs extends string>(
  inputs: Specs<Inputs>,
  f: (values: Readonly<Record<Inputs, Value>>) => Readonly<Record<Outputs, Value>>,
  { device = cpu(), onDevice = [] }: CompileOptions = {},
): Promise<Program<Inputs, Outputs>> {
  const traced = trace(inputs, f);
  return new Program(traced, await openSession(traced.onnx, device, onDevice));
}

/** A compiled function. One run at a time. */
export class Program<Inputs extends string, Outputs extends string> {
  readonly inputs: Specs<Inputs>;
  readonly outputs: Specs<Outputs>;
  readonly #session: InferenceSession;
  /** Views handed over before: an array that comes again is not wrapped again. */
  readonly #wrapped = new WeakMap<Numbers, DeviceArray>();

  constructor(
    { inputs, outputs }: Pick<Traced<Inputs, Outputs>, "inputs" | "outputs">,
    session: InferenceSession,
  ) {
    this.inputs = inputs;
    this.outputs = outputs;
    this.#session = session;
  }

  /**
   * Computes the outputs. Inputs are read in place, without a copy. Outputs named in `into` are written there; the
   * others arrive in fresh arrays, or stay on the device if compiled so. Throws UserError if an input is missing, of
   * another type or length.
   */
  async run(
    inputs: Readonly<Record<Inputs, Numbers | DeviceArray>>,
    into: { readonly [Name in Outputs]?: Float32Array } = {},
  ): Promise<Record<Outputs, Float32Array> & { readonly onDevice: Readonly<Record<string, DeviceArray>> }> {
    const feeds: Record<string, DeviceArray> = {};
    for (const name of Object.keys(this.inputs) as Inputs[])
      feeds[name] = this.#wrap(name, this.inputs[name], inputs[name]);
    const fetches: Record<string, DeviceArray | null> = {};
    for (const name of Object.keys(this.outputs) as Outputs[]) {
      const target = into[name];
      fetches[name] = target === undefined ? null : this.#wrap(name, this.outputs[name], target);
    }
    const results = await this.#session.run(feeds, fetches);
    const arrays: Record<string, Float32Array> = {};
    const onDevice: Record<string, DeviceArray> = {};
    for (const [name, result] of Object.entries(results)) {
      if (result.location === "cpu") arrays[name] = into[name as Outputs] ?? (result.data as Float32Array);
      else onDevice[name] = result;
    }
    return Object.assign(arrays as Record<Outputs, Float32Array>, { onDevice });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.release();
  }

  #wrap(name: string, { shape, dtype }: Spec, numbers: Numbers | DeviceArray | undefined): DeviceArray {
    if (numbers instanceof DeviceArray) return numbers;
    const Expected = dtype === "int32" ? Int32Array : Float32Array;
    if (!(numbers instanceof Expected))
      throw new UserError(
        `input "${name}": expected ${Expected.name} of shape ${showShape(shape)}, got ${describe(numbers)}`,
      );
    if (numbers.length !== sizeOf(shape))
      throw new UserError(
        `"${name}": shape ${showShape(shape)} holds ${sizeOf(shape)} numbers, got ${numbers.length}`,
      );
    let wrapped = this.#wrapped.get(numbers);
    if (wrapped === undefined) {
      wrapped = new DeviceArray(dtype, numbers, shape);
      this.#wrapped.set(numbers, wrapped);
    }
    return wrapped;
  }
}

function describe(value: unknown): string {
  return value === undefined ? "nothing" : ((value as object)?.constructor?.name ?? String(value));
}
