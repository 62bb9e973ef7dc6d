/** @file Sessions of ONNX Runtime, whichever of its packages runs them. */
import {
  type Device,
  type DeviceArray,
  type Model,
  type Numbers,
  type Session,
  type Shape,
  type Spec,
  sameShape,
} from "../tensor/index.ts";

/** The part of ONNX Runtime's tensors used here. */
export interface OrtTensor {
  readonly dims: readonly number[];
  readonly location: string;
  readonly data: unknown;
  dispose(): void;
}

/** The part of ONNX Runtime's sessions used here. */
export interface OrtInferenceSession {
  run(
    feeds: Readonly<Record<string, OrtTensor>>,
    fetches: Readonly<Record<string, OrtTensor | null>>,
  ): Promise<Readonly<Record<string, OrtTensor>>>;
  release(): Promise<void>;
}

/** Differences between the runtime's packages. */
export interface OrtRuntime {
  readonly Tensor: new (type: "float32" | "int32", data: Numbers, dims: readonly number[]) => OrtTensor;
  /** True: a run writes an output into the tensor that it is given for it; false: it always makes a new one. */
  readonly writesInto: boolean;
  /** An output that stayed in the device's own memory. Absent if none can. */
  readonly arrayOf?: (tensor: OrtTensor) => OrtArray;
}

/** A tensor in a device's own memory. */
export class OrtArray implements DeviceArray {
  readonly device: Device;
  readonly tensor: OrtTensor;
  readonly #download: (tensor: OrtTensor) => Promise<Float32Array>;

  constructor(device: Device, tensor: OrtTensor, download: (tensor: OrtTensor) => Promise<Float32Array>) {
    this.device = device;
    this.tensor = tensor;
    this.#download = download;
  }

  get shape(): Shape {
    return this.tensor.dims;
  }

  download(): Promise<Float32Array> {
    return this.#download(this.tensor);
  }

  /** The same as its disposal, for who has no `using`. */
  close(): void {
    this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.tensor.dispose();
  }
}

export class OrtSession implements Session {
  readonly #runtime: OrtRuntime;
  readonly #model: Model;
  readonly #session: OrtInferenceSession;
  /** Tensors of the arrays that earlier runs were given. */
  readonly #tensors = new WeakMap<Numbers, OrtTensor>();

  constructor(runtime: OrtRuntime, model: Model, session: OrtInferenceSession) {
    this.#runtime = runtime;
    this.#model = model;
    this.#session = session;
  }

  async run(
    inputs: Readonly<Record<string, Numbers | DeviceArray>>,
    into: Readonly<Record<string, Float32Array>>,
  ): Promise<Record<string, Float32Array | DeviceArray>> {
    const feeds: Record<string, OrtTensor> = {};
    for (const [name, spec] of Object.entries(this.#model.inputs))
      feeds[name] = this.#tensorOf(inputs[name], spec);
    const { writesInto, arrayOf } = this.#runtime;
    const fetches: Record<string, OrtTensor | null> = {};
    for (const [name, spec] of Object.entries(this.#model.outputs))
      fetches[name] = writesInto && into[name] ? this.#tensorOf(into[name], spec) : null;
    const results = await this.#session.run(feeds, fetches);
    const arrays: Record<string, Float32Array | DeviceArray> = {};
    for (const [name, tensor] of Object.entries(results)) {
      if (tensor.location !== "cpu") arrays[name] = (arrayOf as NonNullable<typeof arrayOf>)(tensor);
      else if (into[name] === undefined) arrays[name] = tensor.data as Float32Array;
      else {
        if (!writesInto) into[name].set(tensor.data as Float32Array);
        arrays[name] = into[name];
      }
    }
    return arrays;
  }

  release(): Promise<void> {
    return this.#session.release();
  }

  #tensorOf(given: Numbers | DeviceArray, { shape, dtype }: Spec): OrtTensor {
    if (given instanceof OrtArray) return given.tensor;
    const numbers = given as Numbers;
    let tensor = this.#tensors.get(numbers);
    if (tensor === undefined || !sameShape(tensor.dims, shape)) {
      tensor = new this.#runtime.Tensor(dtype, numbers, shape);
      this.#tensors.set(numbers, tensor);
    }
    return tensor;
  }
}
