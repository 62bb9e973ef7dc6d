export { editDistance, lookup, refuseRepeated, UserError } from "./errors.ts";
export { type Mt19937State, NumpyGenerator, NumpyRandomState, type Pcg64State } from "./numpy-random.ts";
export { Random, type RandomState } from "./random.ts";
export { locateTensors, readTensors, writeTensors } from "./safetensors.ts";
export type { Dtype, Entry as TensorPlace, StoredTensor, StoredTensors } from "./safetensors-header.ts";
export { parse, spaceSchema, spacesSchema } from "./schema.ts";
export {
  describeSpace,
  differenceOfSpaces,
  type Part,
  partsOf,
  placesOf,
  requireSameSpaces,
  type Space,
  type Spaces,
  sizeOfPart,
  sizeOfSpace,
  vectorSpace,
} from "./space.ts";
export {
  type Interval,
  interquartileMean,
  interquartileMeanOfRuns,
  mean,
  probabilityOfImprovement,
  quantile,
  stratifiedBootstrap,
} from "./statistics.ts";
export { startThread } from "./thread.ts";
export { wilsonInterval } from "./wilson.ts";
