/**
 * @file ONNX Runtime for Node, loaded when a first program is opened: who simulates or reads data has no use for it, and need
 * not install it.
 */
import { UserError } from "../base/index.ts";

type Runtime = typeof import("onnxruntime-node");

/** The runtime. Throws UserError if it is not installed. */
export async function loadRuntime(): Promise<Runtime> {
  try {
    return await import("onnxruntime-node");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_MODULE_NOT_FOUND") throw new UserError(absent);
    throw error;
  }
}

const absent =
  'Networks need the package onnxruntime-node, which is not installed: type "npm install onnxruntime-node", or, where its install ' +
  'script cannot download the CUDA libraries that sodp does not use, "npm install --ignore-scripts onnxruntime-node".';
