/** @file The WebAssembly kernels of assembly/optimizer.ts, which say what each one computes. */
import { optimizerWasm } from "./optimizer-wasm.ts";

/** Addresses are byte offsets into the memory the kernels were bound to; `vectors` counts groups of 4 floats. */
export interface OptimizerKernels {
  sumOfSquares(values: number, vectors: number): number;
  /** `ema` 0: none is kept. */
  updateAdamW(
    theta: number,
    gradient: number,
    firstMoment: number,
    secondMoment: number,
    ema: number,
    vectors: number,
    ...scalars: Coefficients
  ): void;
  /** mask: a byte for each vector   lanes: 16 vectors of all ones where a bit of their number is set */
  applyMask(theta: number, masked: number, mask: number, lanes: number, vectors: number): void;
  /** `updateAdamW` for a task, without an average. */
  updateMaskedAdamW(
    theta: number,
    gradient: number,
    firstMoment: number,
    secondMoment: number,
    mask: number,
    lanes: number,
    vectors: number,
    ...scalars: Coefficients
  ): void;
}

/**
 * The scalars of one update, in the kernel's order; it rounds each to float32. Per parameter, with gradient g, moments
 * m and v, and weight p:
 *   g <- g * gradientScale
 *   m <- m * firstDecay + g * firstRate
 *   v <- v * secondDecay + (g * secondRate) * g
 *   p <- p * keep - m * stepSize / (sqrt(v) * secondScale + epsilon)
 *   ema <- ema * emaDecay + p * emaRate
 */
export type Coefficients = readonly [
  gradientScale: number,
  firstDecay: number,
  firstRate: number,
  secondDecay: number,
  secondRate: number,
  keep: number,
  stepSize: number,
  secondScale: number,
  epsilon: number,
  emaDecay: number,
  emaRate: number,
];

/** The part of the WebAssembly interface used here: every runtime has it, the compiler's "es2023" library does not list it. */
declare const WebAssembly: {
  Memory: new (pages: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { readonly exports: unknown };
};

const pageBytes = 65536;
let compiled: object | undefined;

/** At most this many bytes fit one memory of 32-bit WebAssembly: 4 GiB. */
export const largestMemory = 65536 * pageBytes;

/**
 * Kernels bound to a new zeroed memory of at least `bytes`. It is not shared (onnxruntime-node refuses shared memory)
 * and never grows, so views of it stay valid.
 */
export function createKernels(bytes: number): { kernels: OptimizerKernels; buffer: ArrayBuffer } {
  compiled ??= new WebAssembly.Module(bytesOf(optimizerWasm));
  const pages = Math.ceil(bytes / pageBytes);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const instance = new WebAssembly.Instance(compiled, { env: { memory } });
  return { kernels: instance.exports as OptimizerKernels, buffer: memory.buffer };
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
