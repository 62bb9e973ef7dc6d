/** @file Turns a function of values into a program of a device: trace it, write it as ONNX, open a session. */
import { type InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { UserError } from "../base/index.ts";
import { toOnnx } from "./backends/onnx.ts";
import { cpu, type Device, DeviceArray, openSession } from "./device.ts";
import { sameShape, showShape, sizeOf, type Value } from "./graph.ts";
import { input, type Spec } from "./ops/source.ts";

/** Numbers on this side of the device, row-major: int32 inputs as Int32Array, all else as Float32Array. */
export type Numbers = Float32Array | Int32Array;

type Specs<Names extends string> = Readonly<Record<Names, Spec>>;

export interface CompileOptions<OnDevice extends string = never> {
  /** Default: `cpu()`. */
  readonly device?: Device;
  /** Outputs that stay in the memory of a graphics card, to be given to a later run. */
  readonly onDevice?: readonly OnDevice[];
}

/** What a run returns: arrays here, or on the device for those compiled so. */
type Results<Outputs extends string, OnDevice extends string> = Record<
  Exclude<Outputs, OnDevice>,
  Float32Array
> &
  Record<OnDevice, DeviceArray>;

/** A graph written for one set of shapes, and the ONNX model that says it. */
export interface Traced<Inputs extends string, Outputs extends string> {
  readonly inputs: Specs<Inputs>;
  readonly outputs: Specs<Outputs>;
  readonly onnx: Uint8Array;
}

/**
 * Traces `f` over inputs of the given shapes and types, and writes its results as one ONNX model. Names are letters,
 * digits and underscores, or several such words with dots between; an output may not bear an input's name. `metadata` is stored in the model.
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
    if (!/^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/.test(name))
      throw new UserError(`"${name}": expected a name of letters, digits and underscores`);
    if (names.indexOf(name) !== i)
      throw new UserError(`"${name}" names two inputs or outputs; each needs its own name`);
  }
  const specs = Object.entries<Value>(outputs).map(([name, { shape, dtype }]) => [name, { shape, dtype }]);
  return { inputs, outputs: Object.fromEntries(specs), onnx: toOnnx(values, outputs, metadata) };
}

/** `trace`, and a session of the device that runs it. Dispose it to free the device's memory. */
export async function compile<Inputs extends string, Outputs extends string, OnDevice extends string = never>(
  inputs: Specs<Inputs>,
  f: (values: Readonly<Record<Inputs, Value>>) => Readonly<Record<Outputs, Value>>,
  { device = cpu(), onDevice = [] }: CompileOptions<OnDevice> = {},
): Promise<Program<Inputs, Outputs, OnDevice>> {
  if (device.kind === "cpu" && onDevice.length > 0)
    throw new UserError(`"${onDevice[0]}" cannot stay on device cpu: its memory is this process's own`);
  const traced = trace(inputs, f);
  return new Program(traced, device, await openSession(traced.onnx, device, onDevice));
}

/** A compiled function. One run at a time. */
export class Program<Inputs extends string, Outputs extends string, OnDevice extends string = never> {
  readonly inputs: Specs<Inputs>;
  readonly outputs: Specs<Outputs>;
  readonly device: Device;
  readonly #session: InferenceSession;
  /** Arrays handed over before, with the runtime's name for them. */
  readonly #wrapped = new WeakMap<Numbers, OrtTensor>();

  constructor(
    { inputs, outputs }: Pick<Traced<Inputs, Outputs>, "inputs" | "outputs">,
    device: Device,
    session: InferenceSession,
  ) {
    this.inputs = inputs;
    this.outputs = outputs;
    this.device = device;
    this.#session = session;
  }

  /**
   * Computes the outputs. Inputs are read in place, without a copy. Outputs named in `into` are written there; the
   * others arrive in fresh arrays, or stay on the device if compiled so. Throws UserError if an input is missing, of
   * another type or length, or if an array of `into` shares memory with another.
   */
  async run(
    inputs: Readonly<Record<Inputs, Numbers | DeviceArray>>,
    into: { readonly [Name in Outputs]?: Float32Array } = {},
  ): Promise<Results<Outputs, OnDevice>> {
    const feeds: Record<string, OrtTensor> = {};
    for (const name of Object.keys(this.inputs) as Inputs[])
      feeds[name] = this.#wrap(name, this.inputs[name], inputs[name]);
    const fetches: Record<string, OrtTensor | null> = {};
    for (const name of Object.keys(this.outputs) as Outputs[]) {
      const target = into[name];
      fetches[name] = target === undefined ? null : this.#wrap(name, this.outputs[name], target);
    }
    refuseOverlaps(into, inputs);
    const results = await this.#session.run(feeds, fetches);
    const arrays: Record<string, Float32Array | DeviceArray> = {};
    for (const [name, result] of Object.entries(results))
      arrays[name] =
        result.location === "cpu"
          ? (into[name as Outputs] ?? (result.data as Float32Array))
          : new DeviceArray(result);
    return arrays as Results<Outputs, OnDevice>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.release();
  }

  /** The runtime's name for an array, once it is known to fit. */
  #wrap(name: string, { shape, dtype }: Spec, given: Numbers | DeviceArray | undefined): OrtTensor {
    const Expected = dtype === "int32" ? Int32Array : Float32Array;
    const fits = given instanceof Expected || (given instanceof DeviceArray && dtype === "float32");
    if (!fits)
      throw new UserError(
        `"${name}": expected ${Expected.name} of shape ${showShape(shape)}, got ${describe(given)}`,
      );
    const length = given instanceof DeviceArray ? sizeOf(given.shape) : given.length;
    if (length !== sizeOf(shape))
      throw new UserError(
        `"${name}": shape ${showShape(shape)} holds ${sizeOf(shape)} numbers, got ${length}`,
      );
    if (given instanceof DeviceArray) {
      if (this.device.kind === "cpu")
        throw new UserError(`"${name}" lies on device webgpu; download it for device cpu`);
      return given.tensor;
    }
    let wrapped = this.#wrapped.get(given);
    if (wrapped === undefined || !sameShape(wrapped.dims, shape)) {
      wrapped = new OrtTensor(dtype, given, shape);
      this.#wrapped.set(given, wrapped);
    }
    return wrapped;
  }
}

/** Outputs are written while inputs are still read, so nothing else may lie where they go. */
function refuseOverlaps(into: object, inputs: object): void {
  const targets = Object.entries(into);
  for (const [i, [name, target]] of targets.entries())
    for (const [other, array] of [...targets.slice(i + 1), ...Object.entries(inputs)])
      if (overlap(target, array)) throw new UserError(`"${name}" would be written where "${other}" lies`);
}

function overlap(a: Numbers, b: Numbers | DeviceArray): boolean {
  return (
    "buffer" in b &&
    a.buffer === b.buffer &&
    a.byteOffset < b.byteOffset + b.byteLength &&
    b.byteOffset < a.byteOffset + a.byteLength
  );
}

function describe(value: unknown): string {
  return value === undefined ? "nothing" : ((value as object)?.constructor?.name ?? String(value));
}
