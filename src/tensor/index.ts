export { evaluate } from "./backends/reference.ts";
export { type CompileOptions, compile, type Numbers, Program, type Traced, trace } from "./compile.ts";
export { type CpuDevice, cpu, type Device, DeviceArray, openSession, webgpu } from "./device.ts";
export { grad, valueAndGrad } from "./grad.ts";
export { type DType, type Shape, ShapeError, showShape, sizeOf, type Tensor, type Value } from "./graph.ts";
export * from "./ops/index.ts";
export * from "./tree.ts";
