export * from "./activations.ts";
export * from "./convolution.ts";
export * from "./convolution-2d.ts";
export * from "./loop.ts";
export * from "./normalization.ts";
export * from "./primitives.ts";
export * from "./recompute.ts";
export * from "./source.ts";
