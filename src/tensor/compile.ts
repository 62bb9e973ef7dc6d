/** @file Turns a function of values into a program of a device: trace it, write it as ONNX, open a session. */
import { requireRoom, UserError } from "../base/index.ts";
import { type ModelOptions, toOnnx } from "./backends/onnx.ts";
import type { Device, DeviceArray, Numbers, Session } from "./device.ts";
import { showShape, sizeOf, type Value } from "./graph.ts";
import { input, type Spec } from "./ops/source.ts";

type Specs<Names extends string> = Readonly<Record<Names, Spec>>;

export interface CompileOptions<OnDevice extends string = never> {
  readonly device: Device;
  /** Outputs that stay in the device's own memory, to be given to a later run. */
  readonly onDevice?: readonly OnDevice[];
}

/** Results of a run: arrays here, or on the device for those compiled so. */
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
 * digits and underscores, or several such words with dots between; an output may not bear an input's name.
 */
export function trace<Inputs extends string, Outputs extends string>(
  inputs: Specs<Inputs>,
  f: (values: Readonly<Record<Inputs, Value>>) => Readonly<Record<Outputs, Value>>,
  options: ModelOptions = {},
): Traced<Inputs, Outputs> {
  for (const [name, { shape }] of Object.entries<Spec>(inputs))
    requireRoom(`The input ${name} ${showShape(shape)}`, 4 * sizeOf(shape));
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
  return { inputs, outputs: Object.fromEntries(specs), onnx: toOnnx(values, outputs, options) };
}

/** `trace`, then `openProgram`. */
export async function compile<Inputs extends string, Outputs extends string, OnDevice extends string = never>(
  inputs: Specs<Inputs>,
  f: (values: Readonly<Record<Inputs, Value>>) => Readonly<Record<Outputs, Value>>,
  options: CompileOptions<OnDevice>,
): Promise<Program<Inputs, Outputs, OnDevice>> {
  return openProgram(trace(inputs, f), options);
}

/** A traced function as a program of a device. Dispose it to free the device's memory. */
export async function openProgram<
  Inputs extends string,
  Outputs extends string,
  OnDevice extends string = never,
>(
  traced: Traced<Inputs, Outputs>,
  { device, onDevice = [] }: CompileOptions<OnDevice>,
): Promise<Program<Inputs, Outputs, OnDevice>> {
  if (device.upload === undefined && onDevice.length > 0)
    throw new UserError(
      `"${onDevice[0]}" cannot stay on device ${device.kind}: its memory is this process's own`,
    );
  return new Program(traced, device, await device.open(traced, onDevice));
}

/** A compiled function. One run at a time. */
export class Program<Inputs extends string, Outputs extends string, OnDevice extends string = never> {
  readonly inputs: Specs<Inputs>;
  readonly outputs: Specs<Outputs>;
  readonly device: Device;
  readonly #session: Session;

  constructor(
    { inputs, outputs }: Pick<Traced<Inputs, Outputs>, "inputs" | "outputs">,
    device: Device,
    session: Session,
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
    for (const name of Object.keys(this.inputs) as Inputs[])
      this.#requireFit(name, this.inputs[name], inputs[name]);
    for (const name of Object.keys(this.outputs) as Outputs[])
      if (into[name] !== undefined) this.#requireFit(name, this.outputs[name], into[name]);
    refuseOverlaps(into, inputs);
    return (await this.#session.run(inputs, into as Record<string, Float32Array>)) as never;
  }

  /** The same as its disposal, for who has no `await using`. */
  close(): Promise<void> {
    return this[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.release();
  }

  /** Throws UserError unless an array has the type and size that its input or output needs. */
  #requireFit(name: string, { shape, dtype }: Spec, given: Numbers | DeviceArray | undefined): void {
    const Expected = dtype === "int32" ? Int32Array : Float32Array;
    const onDevice = isDeviceArray(given);
    if (!(given instanceof Expected || (onDevice && dtype === "float32")))
      throw new UserError(
        `"${name}": expected ${Expected.name} of shape ${showShape(shape)}, got ${describe(given)}`,
      );
    const length = onDevice ? sizeOf(given.shape) : given.length;
    if (length !== sizeOf(shape))
      throw new UserError(
        `"${name}": shape ${showShape(shape)} holds ${sizeOf(shape)} numbers, got ${length}`,
      );
    if (onDevice && given.device !== this.device)
      throw new UserError(
        `"${name}" lies on device ${given.device.kind}; download it for device ${this.device.kind}`,
      );
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

function isDeviceArray(value: unknown): value is DeviceArray {
  return typeof value === "object" && value !== null && "download" in value;
}

function describe(value: unknown): string {
  return value === undefined ? "nothing" : ((value as object)?.constructor?.name ?? String(value));
}
