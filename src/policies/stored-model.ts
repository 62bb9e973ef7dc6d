/** @file A policy's model as it is stored: weights as safetensors and all else as JSON. Reading files is not done here. */
import {
  fromHalf,
  type Metadata,
  parseJson,
  parseTensors,
  type StoredTensors,
  UserError,
} from "../base/index.ts";
import { mapTree, type Parameter, showShape } from "../tensor/index.ts";

/** A kind of stored model. */
export interface ModelFormat {
  /** `format` in config.json, such as "sodp planner". */
  readonly format: string;
  /** Newest version that is read, and the one that is written. */
  readonly version: number;
  /** Name in messages: "planner". */
  readonly noun: string;
}

/** The two parts of a stored model, with what messages call them. */
export interface ModelParts {
  /** Content of config.json, parsed. */
  readonly config: { readonly name: string; readonly value: unknown };
  /** Content of model.safetensors. */
  readonly weights: { readonly name: string; readonly tensors: StoredTensors; readonly metadata: Metadata };
}

export interface StoredModel {
  /** Name of config.json, for messages. */
  readonly path: string;
  /** Of the stored tensors together. */
  readonly bytes: number;
  /** config.json, without the sha256 of the weights. */
  readonly document: unknown;
  /**
   * The stored tensors in the form of `network`, halves (F16) made wide. Throws UserError for one that is missing, or too many,
   * or of another shape.
   * nameOf: what the file calls a parameter; default: its path
   */
  fill<Network>(network: Network, nameOf?: (path: string) => string): Network;
}

/** A model of its parts. Throws UserError if one is of a newer version, or not what the other belongs to. */
export function storedModel(kind: ModelFormat, { config, weights }: ModelParts): StoredModel {
  const { format, version, sha256, ...rest } = (config.value ?? {}) as Readonly<Record<string, unknown>>;
  if (format === kind.format && typeof version === "number" && version > kind.version)
    throw new UserError(
      `${config.name} is of format version ${version}; this sodp reads versions up to ${kind.version}. Update it.`,
    );
  if (format === kind.format && typeof sha256 !== "string")
    throw new UserError(`${config.name} does not say which sha256 its weights have.`);
  const { metadata } = weights;
  if (format === kind.format && metadata.sha256 !== sha256)
    throw new UserError(
      `${weights.name} is not what ${config.name} was saved with: their sha256 are ${metadata.sha256} and ${sha256}.`,
    );
  return {
    path: config.name,
    bytes: Object.values(weights.tensors).reduce((sum, { data }) => sum + data.byteLength, 0),
    document:
      typeof config.value === "object" && config.value !== null ? { format, version, ...rest } : config.value,
    fill(network, nameOf = (path) => path) {
      return filled(network, nameOf, weights, `the ${kind.noun} of ${config.name}`);
    },
  };
}

/** Files of a model's folder, as a page fetches them. */
export interface ModelFiles {
  /** Text of config.json. */
  readonly config: string;
  /** Bytes of model.safetensors. */
  readonly weights: Uint8Array;
}

/** A model of its files. Throws UserError for what is damaged, and as `storedModel` does. */
export async function parseModel(kind: ModelFormat, { config, weights }: ModelFiles): Promise<StoredModel> {
  const [configName, weightsName] = ["config.json", "model.safetensors"];
  return storedModel(kind, {
    config: { name: configName, value: parseJson(config, configName) },
    weights: { name: weightsName, ...(await parseTensors(weights, weightsName)) },
  });
}

function filled<Network>(
  network: Network,
  nameOf: (path: string) => string,
  { tensors, name: path }: ModelParts["weights"],
  owner: string,
): Network {
  const unknown = new Set(Object.keys(tensors));
  const whole = mapTree(network, (leaf, at) => {
    const { shape } = leaf as Parameter;
    const name = nameOf(at);
    const tensor = tensors[name];
    if (tensor === undefined) throw new UserError(`${path} has no tensor "${name}", which ${owner} needs.`);
    const { dtype } = tensor;
    if ((dtype !== "F32" && dtype !== "F16") || showShape(tensor.shape) !== showShape(shape))
      throw new UserError(
        `${path}: tensor "${name}" is ${dtype} ${showShape(tensor.shape)}; ${owner} needs F32 ${showShape(shape)}.`,
      );
    unknown.delete(name);
    return { shape, data: dtype === "F16" ? fromHalf(tensor.data) : tensor.data };
  });
  for (const name of unknown) throw new UserError(`${path} has a tensor "${name}", which ${owner} has not.`);
  return whole as Network;
}
