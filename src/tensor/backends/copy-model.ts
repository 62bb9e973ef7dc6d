/** @file The smallest ONNX model, by which runtimes move arrays between memories. */
import { graphProto, modelProto, valueInfo } from "./protobuf.ts";

/** ONNX model of y = x for float32 arrays of any shape. */
export function copyModel(): Uint8Array {
  const nodes = [{ op: "Identity", inputs: ["x"], outputs: ["y"], attributes: {} }];
  const ends = { inputs: [valueInfo("x", "float32", null)], outputs: [valueInfo("y", "float32", null)] };
  return modelProto(graphProto("copy", { nodes, ...ends }, []));
}
