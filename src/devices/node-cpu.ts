/** @file The processor, through onnxruntime-node. */
import { availableParallelism } from "node:os";
import { UserError } from "../base/index.ts";
import type { Device } from "../tensor/index.ts";
import { graphsAsWritten } from "./graphs-as-written.ts";
import { loadRuntime } from "./node-runtime.ts";
import { OrtSession } from "./ort-session.ts";

export interface CpuOptions {
  /** Threads that share each operation. Results are bit-identical for a fixed number, and differ by rounding otherwise. */
  readonly threads: number;
  /**
   * True: threads wait busily for the next operation, about 1.3 times faster at two threads on cores of one's own, up
   * to twice slower on cores that others use as well.
   */
  readonly spin: boolean;
}

/** The processor as a device. Programs read and write this process's memory in place. */
export interface CpuDevice extends Device, CpuOptions {
  readonly kind: "cpu";
}

/** The processor. Default: every core, waiting quietly. Throws UserError if `threads` is not a positive whole number. */
export function cpu({ threads = availableParallelism(), spin = false }: Partial<CpuOptions> = {}): CpuDevice {
  if (!Number.isInteger(threads) || threads < 1)
    throw new UserError(`threads: expected a whole number from 1, got ${threads}`);
  return {
    kind: "cpu",
    threads,
    spin,
    async open(model) {
      const { InferenceSession, Tensor } = await loadRuntime();
      const session = await InferenceSession.create(model.onnx, {
        ...graphsAsWritten,
        executionProviders: ["cpu"],
        intraOpNumThreads: threads,
        interOpNumThreads: 1,
        extra: { session: { intra_op: { allow_spinning: spin ? "1" : "0" } } },
      });
      return new OrtSession({ Tensor, writesInto: true }, model, session);
    },
  };
}

/** ONNX Runtime as it comes, with all its own defaults: what other programs make of a model that is handed to them. */
export const defaultRuntime: Device = {
  kind: "onnxruntime",
  async open(model) {
    const { InferenceSession, Tensor } = await loadRuntime();
    const session = await InferenceSession.create(model.onnx, { logSeverityLevel: 3 });
    return new OrtSession({ Tensor, writesInto: true }, model, session);
  },
};
