/** @file Where programs run, and arrays that live there. */
import { availableParallelism } from "node:os";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { UserError } from "../base/index.ts";
import { graphProto, modelProto, valueInfo } from "./backends/protobuf.ts";
import { type Shape, showShape, sizeOf } from "./graph.ts";

/** The processor, with so many threads, or a graphics card through WebGPU. */
export type Device = CpuDevice | { readonly kind: "webgpu" };

export interface CpuDevice {
  readonly kind: "cpu";
  /** Threads that share each operation. Results are bit-identical for a fixed number, and differ by rounding otherwise. */
  readonly threads: number;
  /**
   * Whether threads wait busily for the next operation: about 1.3 times faster at two threads on cores of one's own, up
   * to twice slower on cores that others use as well.
   */
  readonly spin: boolean;
}

/** The processor. Default: every core, waiting quietly. Throws UserError if `threads` is not a positive whole number. */
export function cpu({
  threads = availableParallelism(),
  spin = false,
}: Partial<Omit<CpuDevice, "kind">> = {}): CpuDevice {
  if (!Number.isInteger(threads) || threads < 1)
    throw new UserError(`threads: expected a whole number from 1, got ${threads}`);
  return { kind: "cpu", threads, spin };
}

/**
 * The graphics card that WebGPU finds (through Vulkan, Metal or Direct3D 12). Use it from one thread of a process. It
 * differs from the processor in what it need not promise: relu, clip and softmax may lose a NaN, an index out of range
 * gives zeros, and rows scattered to one place are added in any order.
 */
export const webgpu: Device = { kind: "webgpu" };

/**
 * Opens a session for `model`. Results named in `onDevice` stay in a graphics card's memory. Throws UserError if there is
 * no such device here.
 */
export async function openSession(
  model: Uint8Array,
  device: Device,
  onDevice: readonly string[] = [],
): Promise<InferenceSession> {
  if (device.kind === "webgpu") await graphicsCard();
  return createSession(model, device, onDevice);
}

function createSession(
  model: Uint8Array,
  device: Device,
  onDevice: readonly string[],
): Promise<InferenceSession> {
  // Graphs run as they are written. The runtime's rewriting brings no speed, and it fuses x · (1 / y) into x / y where
  // nothing else reads 1 / y: a network would round differently with its gradient than without.
  const common = {
    graphOptimizationLevel: "disabled",
    logSeverityLevel: 4, // errors are thrown, not printed as well
    enableMemPattern: false,
  } as const;
  if (device.kind === "cpu")
    return InferenceSession.create(model, {
      ...common,
      executionProviders: ["cpu"],
      intraOpNumThreads: device.threads,
      interOpNumThreads: 1,
      extra: { session: { intra_op: { allow_spinning: device.spin ? "1" : "0" } } },
    });
  return InferenceSession.create(model, {
    ...common,
    executionProviders: ["webgpu"],
    preferredOutputLocation: Object.fromEntries(onDevice.map((name) => [name, "gpu-buffer"])),
  });
}

/** An array in a graphics card's memory, which no garbage collector sees: dispose it when it is done with. */
export class DeviceArray implements Disposable {
  readonly tensor: OrtTensor;

  constructor(tensor: OrtTensor) {
    this.tensor = tensor;
  }

  get shape(): Shape {
    return this.tensor.dims;
  }

  /** A copy on this side of the device. */
  async download(): Promise<Float32Array> {
    const { download } = await graphicsCard();
    const { y } = await download.run({ x: this.tensor });
    return y.data as Float32Array;
  }

  /** A copy of `numbers` in the graphics card's memory. Throws UserError if they do not fill `shape`. */
  static async upload(numbers: Float32Array, shape: Shape): Promise<DeviceArray> {
    if (numbers.length !== sizeOf(shape))
      throw new UserError(
        `upload: shape ${showShape(shape)} holds ${sizeOf(shape)} numbers, got ${numbers.length}`,
      );
    const { upload } = await graphicsCard();
    const { y } = await upload.run({ x: new OrtTensor("float32", numbers, shape) });
    return new DeviceArray(y);
  }

  [Symbol.dispose](): void {
    this.tensor.dispose();
  }
}

interface GraphicsCard {
  readonly upload: InferenceSession;
  readonly download: InferenceSession;
}

let card: Promise<GraphicsCard> | undefined;

/**
 * The process's hold on the card: two sessions that copy arrays to it and from it. They are never released, because the
 * runtime ends its device with its last session, and an array that outlives the device crashes the process.
 */
function graphicsCard(): Promise<GraphicsCard> {
  card ??= openGraphicsCard();
  return card;
}

async function openGraphicsCard(): Promise<GraphicsCard> {
  const nodes = [{ op: "Identity", inputs: ["x"], outputs: ["y"], attributes: {} }];
  const ends = { inputs: [valueInfo("x", "float32", null)], outputs: [valueInfo("y", "float32", null)] };
  const copy = modelProto(graphProto("copy", { nodes, ...ends }, []));
  try {
    const upload = await createSession(copy, webgpu, ["y"]);
    return { upload, download: await createSession(copy, webgpu, []) };
  } catch (error) {
    const reason = String(error instanceof Error ? error.message : error);
    if (/WebGPU adapter/.test(reason))
      throw new UserError(
        "device webgpu: no graphics adapter was found. It needs a driver for Vulkan, Metal or Direct3D 12; use device cpu.",
      );
    throw new UserError(
      `device webgpu cannot be used here (${reason.trim().split("\n").at(-1)}); use device cpu.`,
    );
  }
}
