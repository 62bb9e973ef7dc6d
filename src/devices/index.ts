export { type CpuDevice, type CpuOptions, cpu, defaultRuntime } from "./node-cpu.ts";
export { loadRuntime } from "./node-runtime.ts";
export { webgpu } from "./node-webgpu.ts";
