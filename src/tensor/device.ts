/** @file Where programs run. */
import { availableParallelism } from "node:os";
import { InferenceSession, listSupportedBackends } from "onnxruntime-node";
import { UserError } from "../base/index.ts";

/** The processor, with so many threads, or a graphics card through WebGPU. */
export type Device = CpuDevice | { readonly kind: "webgpu" };

export interface CpuDevice {
  readonly kind: "cpu";
  /** Threads that share each operation. */
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

/** The graphics card that WebGPU finds (Vulkan, Metal or Direct3D 12). */
export const webgpu: Device = { kind: "webgpu" };

/** Opens a session for `model` on `device`. Throws UserError if the device cannot be used here. */
export async function openSession(
  model: Uint8Array,
  device: Device,
  onDevice: readonly string[] = [],
): Promise<InferenceSession> {
  const common = { graphOptimizationLevel: "basic", logSeverityLevel: 3, enableMemPattern: false } as const;
  if (device.kind === "cpu")
    return InferenceSession.create(model, {
      ...common,
      executionProviders: ["cpu"],
      intraOpNumThreads: device.threads,
      interOpNumThreads: 1,
      extra: { session: { intra_op: { allow_spinning: device.spin ? "1" : "0" } } },
    });
  if (!listSupportedBackends().some(({ name }) => name === "webgpu"))
    throw new UserError(
      "device webgpu: this build of onnxruntime-node has no WebGPU provider here. Use device cpu.",
    );
  return InferenceSession.create(model, {
    ...common,
    executionProviders: ["webgpu"],
    preferredOutputLocation: Object.fromEntries(onDevice.map((name) => [name, "gpu-buffer"])),
  });
}
