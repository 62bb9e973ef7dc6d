/** @file A policy's model on disk: a folder with the weights as safetensors and all else as JSON. */
import { join } from "node:path";
import { type StoredTensor, toHalf, UserError } from "../../base/index.ts";
import { makeFolder, readJson, readTensors, replaceJson, writeTensors } from "../../platform/index.ts";
import { leavesOf, type Parameter } from "../../tensor/index.ts";
import { type ModelFormat, type StoredModel, storedModel } from "../stored-model.ts";

/** How the numbers of a stored model are written. */
export type WeightType = "F32" | "F16";

const pathsIn = (folder: string) => ({
  weights: join(folder, "model.safetensors"),
  config: join(folder, "config.json"),
});

/**
 * Writes `model.safetensors` and `config.json` into `folder`, which is made if need be.
 * document: JSON beside the format's name and version   network: a tree of parameters, which give the tensors their names
 * dtype: of the stored weights; F16 keeps 11 bits of 24, and half of the bytes
 */
export async function saveModel(
  { format, version }: ModelFormat,
  folder: string,
  document: Readonly<Record<string, unknown>>,
  network: unknown,
  dtype: WeightType = "F32",
): Promise<void> {
  const paths = pathsIn(folder);
  await makeFolder(folder);
  const tensors = leavesOf<Parameter>(network).map(
    ({ path, leaf: { shape, data } }): [string, StoredTensor] => [
      path,
      dtype === "F16" ? { dtype, shape, data: toHalf(data) } : { dtype, shape, data },
    ],
  );
  const { sha256 } = await writeTensors(paths.weights, Object.fromEntries(tensors));
  const saved = { format, version, ...document, sha256 };
  await replaceJson(paths.config, saved);
}

/**
 * Content of `folder`. Throws UserError if a file is missing, damaged, of a newer version, or not what the other file
 * belongs to.
 */
export async function readModel(kind: ModelFormat, folder: string): Promise<StoredModel> {
  const { config, weights } = pathsIn(folder);
  const value = await readJson(config);
  return storedModel(kind, {
    config: { name: config, value },
    weights: { name: weights, ...(await readTensors(weights)) },
  });
}

/** `format` in the config.json of `folder`. Throws UserError if there is none. */
export async function formatOf(folder: string): Promise<string> {
  const { config } = pathsIn(folder);
  const { format } = ((await readJson(config)) ?? {}) as { readonly format?: unknown };
  if (typeof format === "string") return format;
  throw new UserError(`${config} does not say of which format it is.`);
}
