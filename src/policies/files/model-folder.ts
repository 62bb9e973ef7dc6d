/** @file A policy's model on disk: a folder with the weights as safetensors and all else as JSON. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type StoredTensors, UserError } from "../../base/index.ts";
import { readTensors, writeTensors } from "../../platform/index.ts";
import { leavesOf, mapTree, type Parameter, showShape } from "../../tensor/index.ts";

const pathsIn = (folder: string) => ({
  weights: join(folder, "model.safetensors"),
  config: join(folder, "config.json"),
});

/** A kind of model folder. */
export interface ModelFormat {
  /** `format` in config.json, such as "sodp planner". */
  readonly format: string;
  /** Newest version that is read, and the one that is written. */
  readonly version: number;
  /** What messages call it: "planner". */
  readonly noun: string;
}

/**
 * Writes `model.safetensors` and `config.json` into `folder`, which is made if need be.
 * document: JSON beside the format's name and version   network: a tree of parameters, which give the tensors their names
 */
export async function saveModel(
  { format, version }: ModelFormat,
  folder: string,
  document: Readonly<Record<string, unknown>>,
  network: unknown,
): Promise<void> {
  const paths = pathsIn(folder);
  await mkdir(folder, { recursive: true });
  const tensors = leavesOf<Parameter>(network).map(
    ({ path, leaf: { shape, data } }) => [path, { dtype: "F32", shape, data }] as const,
  );
  const { sha256 } = await writeTensors(paths.weights, Object.fromEntries(tensors));
  const saved = { format, version, ...document, sha256 };
  await writeFile(paths.config, `${JSON.stringify(saved, null, 2)}\n`);
}

export interface StoredModel {
  /** Path of config.json, for messages. */
  readonly path: string;
  /** config.json, without the sha256 of the weights. */
  readonly document: unknown;
  /**
   * The stored tensors in the form of `network`. Throws UserError for one that is missing, or too many, or of another shape.
   * nameOf: what the file calls a parameter; default: its path
   */
  fill<Network>(network: Network, nameOf?: (path: string) => string): Network;
}

/**
 * What `folder` holds. Throws UserError if a file is missing, damaged, of a newer version, or not what the other file
 * belongs to.
 */
export async function readModel(kind: ModelFormat, folder: string): Promise<StoredModel> {
  const paths = pathsIn(folder);
  const found = await readJson(paths.config);
  const { format, version, sha256, ...rest } = (found ?? {}) as Readonly<Record<string, unknown>>;
  if (format === kind.format && typeof version === "number" && version > kind.version)
    throw new UserError(
      `${paths.config} is of format version ${version}; this sodp reads versions up to ${kind.version}. Update it.`,
    );
  if (format === kind.format && typeof sha256 !== "string")
    throw new UserError(`${paths.config} does not say which sha256 its weights have.`);
  const { tensors, metadata } = await readTensors(paths.weights);
  if (format === kind.format && metadata.sha256 !== sha256)
    throw new UserError(
      `${paths.weights} is not what ${paths.config} was saved with: their sha256 are ${metadata.sha256} and ${sha256}.`,
    );
  return {
    path: paths.config,
    document: typeof found === "object" && found !== null ? { format, version, ...rest } : found,
    fill(network, nameOf = (path) => path) {
      const owner = `the ${kind.noun} of ${paths.config}`;
      return filled(network, nameOf, { tensors, path: paths.weights, owner });
    },
  };
}

/** `format` in the config.json of `folder`. Throws UserError if there is none. */
export async function formatOf(folder: string): Promise<string> {
  const { config } = pathsIn(folder);
  const { format } = ((await readJson(config)) ?? {}) as { readonly format?: unknown };
  if (typeof format === "string") return format;
  throw new UserError(`${config} does not say of which format it is.`);
}

function filled<Network>(
  network: Network,
  nameOf: (path: string) => string,
  { tensors, path, owner }: { tensors: StoredTensors; path: string; owner: string },
): Network {
  const unknown = new Set(Object.keys(tensors));
  const whole = mapTree(network, (leaf, at) => {
    const { shape } = leaf as Parameter;
    const name = nameOf(at);
    const tensor = tensors[name];
    if (tensor === undefined) throw new UserError(`${path} has no tensor "${name}", which ${owner} needs.`);
    if (tensor.dtype !== "F32" || showShape(tensor.shape) !== showShape(shape))
      throw new UserError(
        `${path}: tensor "${name}" is ${tensor.dtype} ${showShape(tensor.shape)}; ${owner} needs F32 ${showShape(shape)}.`,
      );
    unknown.delete(name);
    return { shape, data: tensor.data };
  });
  for (const name of unknown) throw new UserError(`${path} has a tensor "${name}", which ${owner} has not.`);
  return whole as Network;
}

async function readJson(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT")
      throw new UserError(`No file ${path}.`);
    throw error;
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UserError(`${path} is no JSON: ${(error as Error).message}.`);
  }
}
