/** @file The processor of a web page's visitor, through onnxruntime-web. */
import { env, InferenceSession, Tensor } from "onnxruntime-web/wasm";
import type { Device } from "../tensor/index.ts";
import { graphsAsWritten } from "./graphs-as-written.ts";
import { type OrtRuntime, OrtSession } from "./ort-session.ts";

export interface WebOptions {
  /**
   * onnxruntime-web/dist/ort-wasm-simd-threaded.wasm of the version that is installed (14 MB, 3.7 MB compressed): the URL
   * of a copy, or its bytes.
   */
  readonly wasm: string | URL | Uint8Array<ArrayBuffer>;
}

/** onnxruntime-web gives back an output's array without having written to it. */
const runtime: OrtRuntime = { Tensor, writesInto: false };

/**
 * The processor by WebAssembly, on one thread, in the page's or a worker's own. Results have the same bits in every
 * browser and in Node; those of device cpu differ by rounding. A page loads `wasm` once, for its first program.
 */
export function web({ wasm }: WebOptions): Device {
  return {
    kind: "web",
    async open(model) {
      env.wasm.numThreads = 1; // batches are small: more threads are slower
      if (wasm instanceof Uint8Array) env.wasm.wasmBinary = wasm;
      else env.wasm.wasmPaths = { wasm: String(wasm) };
      const session = await InferenceSession.create(model.onnx, {
        ...graphsAsWritten,
        executionProviders: ["wasm"],
      });
      return new OrtSession(runtime, model, session);
    },
  };
}
