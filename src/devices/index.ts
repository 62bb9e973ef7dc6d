export { type CpuDevice, type CpuOptions, cpu, defaultRuntime } from "./node-cpu.ts";
export { webgpu } from "./node-webgpu.ts";
