export type { AsyncClosable, Closable } from "./closable.ts";
export { editDistance, lookup, optionalPackage, printable, refuseRepeated, UserError } from "./errors.ts";
export { type FileFormat, parseJson, parseVersioned, requireShallow } from "./file-format.ts";
export { fromHalf, toHalf } from "./half.ts";
export { type Mt19937State, NumpyGenerator, NumpyRandomState, type Pcg64State } from "./numpy-random.ts";
export { Random, type RandomState } from "./random.ts";
export { bytesText, mostBytes, requireRoom } from "./room.ts";
export {
  bytesOf,
  type Dtype,
  encodeHeader,
  type Header,
  inFileOrder,
  type Metadata,
  parseTensors,
  readHeader,
  requireDigest,
  type StoredTensor,
  type StoredTensors,
  type TensorPlace,
  zeros,
} from "./safetensors.ts";
export { countTo, mostLayers, mostUnits, parse, spacesSchema } from "./schema.ts";
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
  vectorSpaces,
} from "./space.ts";
export {
  deviationOf,
  hierarchicalBootstrap,
  type Interval,
  interquartileMean,
  interquartileMeanOfRuns,
  type Moments,
  maximum,
  mean,
  minimum,
  momentsOf,
  probabilityOfImprovement,
  quantile,
  stratifiedBootstrap,
} from "./statistics.ts";
export { successKeys } from "./success-keys.ts";
export { wilsonInterval } from "./wilson.ts";
