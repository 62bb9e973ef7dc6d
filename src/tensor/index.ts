export { copyModel } from "./backends/copy-model.ts";
export type { Emit, LoopBody, ModelOptions } from "./backends/onnx.ts";
export type { OnnxAttribute } from "./backends/protobuf.ts";
export { evaluate } from "./backends/reference.ts";
export { type CompileOptions, compile, openProgram, type Program, type Traced, trace } from "./compile.ts";
export { fillNormalDraws } from "./counted-noise.ts";
export type { Device, DeviceArray, Model, Numbers, Session } from "./device.ts";
export { grad, valueAndGrad } from "./grad.ts";
export type { Attributes, Op, OpRecord } from "./graph.ts";
export {
  type DType,
  type Shape,
  ShapeError,
  sameShape,
  showShape,
  sizeOf,
  type Tensor,
  type Value,
} from "./graph.ts";
export * from "./ops/index.ts";
export * from "./tree.ts";
