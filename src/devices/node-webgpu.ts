/** @file A graphics card, through the WebGPU of onnxruntime-node. */
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { UserError } from "../base/index.ts";
import { copyModel, type Device, type Model, type Shape, showShape, sizeOf } from "../tensor/index.ts";
import { graphsAsWritten } from "./graphs-as-written.ts";
import { loadRuntime } from "./node-runtime.ts";
import { OrtArray, OrtSession, type OrtTensor } from "./ort-session.ts";

/**
 * The graphics card that WebGPU finds (through Vulkan, Metal or Direct3D 12). Use it from one thread of a process. It
 * differs from the processor in what it need not promise: relu, clip and softmax may lose a NaN, an index out of range
 * gives zeros, and rows scattered to one place are added in any order.
 */
export const webgpu = {
  kind: "webgpu",
  async open(model: Model, keep: readonly string[]) {
    await copies();
    const { Tensor } = await loadRuntime();
    return new OrtSession(
      { Tensor, writesInto: true, arrayOf },
      model,
      await createSession(model.onnx, keep),
    );
  },
  async upload(numbers: Float32Array, shape: Shape): Promise<OrtArray> {
    if (numbers.length !== sizeOf(shape))
      throw new UserError(
        `upload: shape ${showShape(shape)} holds ${sizeOf(shape)} numbers, got ${numbers.length}`,
      );
    const { upload } = await copies();
    const { Tensor } = await loadRuntime();
    const { y } = await upload.run({ x: new Tensor("float32", numbers, shape) });
    return arrayOf(y);
  },
} as const satisfies Device;

function arrayOf(tensor: OrtTensor): OrtArray {
  return new OrtArray(webgpu, tensor, async (tensor) => {
    const { download } = await copies();
    const { y } = await download.run({ x: tensor as Tensor });
    return y.data as Float32Array;
  });
}

async function createSession(onnx: Uint8Array, keep: readonly string[]): Promise<InferenceSession> {
  const { InferenceSession } = await loadRuntime();
  return InferenceSession.create(onnx, {
    ...graphsAsWritten,
    executionProviders: ["webgpu"],
    preferredOutputLocation: Object.fromEntries(keep.map((name) => [name, "gpu-buffer"])),
  });
}

interface Copies {
  readonly upload: InferenceSession;
  readonly download: InferenceSession;
}

let opening: Promise<Copies> | undefined;

/**
 * Two sessions that copy arrays to the card and from it, shared by the process. They are never released, because the
 * runtime ends its device with its last session, and an array that outlives the device crashes the process.
 */
function copies(): Promise<Copies> {
  opening ??= openCopies();
  return opening;
}

async function openCopies(): Promise<Copies> {
  const copy = copyModel();
  try {
    return { upload: await createSession(copy, ["y"]), download: await createSession(copy, []) };
  } catch (error) {
    if (error instanceof UserError) throw error;
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
