/** @file A planner on disk: a folder with the weights as safetensors and everything else as JSON. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { parse, Random, UserError } from "../base/index.ts";
import { readTensors, writeTensors } from "../platform/index.ts";
import { leavesOf, mapTree, type Parameter, showShape } from "../tensor/index.ts";
import { initPlanner, Normalizers, type Planner, PlannerConfig } from "./planner.ts";

const version = 1;
const Saved = z.strictObject({
  format: z.literal("sodp planner"),
  version: z.literal(version),
  planner: PlannerConfig,
  normalizers: Normalizers,
  /** Of the data section of the weights' file. */
  sha256: z.string(),
});

const pathsIn = (folder: string) => ({
  weights: join(folder, "model.safetensors"),
  config: join(folder, "config.json"),
});

/** Writes `model.safetensors` and `config.json` into `folder`, which is made if need be. */
export async function savePlanner(planner: Planner, folder: string): Promise<void> {
  const paths = pathsIn(folder);
  await mkdir(folder, { recursive: true });
  const tensors = leavesOf<Parameter>(planner.network).map(
    ({ path, leaf: { shape, data } }) => [path, { dtype: "F32", shape, data }] as const,
  );
  const { sha256 } = await writeTensors(paths.weights, Object.fromEntries(tensors));
  const { config, normalizers } = planner;
  const saved = { format: "sodp planner", version, planner: config, normalizers, sha256 };
  await writeFile(paths.config, `${JSON.stringify(saved, null, 2)}\n`);
}

/**
 * The planner in `folder`, bit for bit as it was saved. Throws UserError if a file is missing, damaged, of a newer
 * version, or not what the other file belongs to.
 */
export async function loadPlanner(folder: string): Promise<Planner> {
  const paths = pathsIn(folder);
  const saved = await readConfig(paths.config);
  const { tensors, metadata } = await readTensors(paths.weights);
  if (metadata.sha256 !== saved.sha256)
    throw new UserError(
      `${paths.weights} is not what ${paths.config} was saved with: their sha256 are ${metadata.sha256} and ${saved.sha256}.`,
    );
  const planner = initPlanner(saved.planner, saved.normalizers, new Random(0));
  const unknown = new Set(Object.keys(tensors));
  const network = mapTree(planner.network, ({ shape }, path): Parameter => {
    const tensor = tensors[path];
    if (tensor === undefined)
      throw new UserError(
        `${paths.weights} has no tensor "${path}", which the planner of ${paths.config} needs.`,
      );
    if (tensor.dtype !== "F32" || showShape(tensor.shape) !== showShape(shape))
      throw new UserError(
        `${paths.weights}: tensor "${path}" is ${tensor.dtype} ${showShape(tensor.shape)}; the planner of ` +
          `${paths.config} needs F32 ${showShape(shape)}.`,
      );
    unknown.delete(path);
    return { shape, data: tensor.data };
  });
  for (const path of unknown)
    throw new UserError(
      `${paths.weights} has a tensor "${path}", which the planner of ${paths.config} has not.`,
    );
  return { ...planner, network: network as Planner["network"] };
}

async function readConfig(path: string): Promise<z.infer<typeof Saved>> {
  const found = await readJson(path);
  const { format, version: foundVersion } = (found ?? {}) as Partial<Record<string, unknown>>;
  if (format === "sodp planner" && typeof foundVersion === "number" && foundVersion > version)
    throw new UserError(
      `${path} is of format version ${foundVersion}; this sodp reads versions up to ${version}. Update it.`,
    );
  return parse(Saved, found, path);
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
