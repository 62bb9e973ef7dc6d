/**
 * @file ONNX Runtime for Node, loaded when a first program is opened: who simulates or reads data has no use for it, and need
 * not install it.
 */
import { optionalPackage } from "../base/index.ts";

type Runtime = typeof import("onnxruntime-node");

/** The runtime. Throws UserError if it is not installed. */
export const loadRuntime = (): Promise<Runtime> =>
  optionalPackage(
    () => import("onnxruntime-node"),
    "Networks run in the package onnxruntime-node",
    'type "npm install onnxruntime-node"; offline "npm install --ignore-scripts onnxruntime-node", without the CUDA libraries ' +
      "that its install script downloads and sodp does not use.",
  );
