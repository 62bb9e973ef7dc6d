export { lookup, UserError } from "./errors.ts";
export { type Mt19937State, NumpyGenerator, NumpyRandomState, type Pcg64State } from "./numpy-random.ts";
export { Random, type RandomState } from "./random.ts";
export { readTensors, writeTensors } from "./safetensors.ts";
export type { Dtype, StoredTensor, StoredTensors } from "./safetensors-header.ts";
export { wilsonInterval } from "./wilson.ts";
