export { evaluate } from "./backends/reference.ts";
export { copyModel } from "./backends/copy-model.ts";
export { type CompileOptions, compile, Program, type Traced, trace } from "./compile.ts";
export type { Device, DeviceArray, Model, Numbers, Session } from "./device.ts";
export { grad, valueAndGrad } from "./grad.ts";
export { type DType, type Shape, ShapeError, showShape, sizeOf, type Tensor, type Value } from "./graph.ts";
export * from "./ops/index.ts";
export * from "./tree.ts";
