/** @file A planner on disk: a folder with the weights as safetensors and everything else as JSON. */
import { z } from "zod";
import { parse, Random } from "../../base/index.ts";
import { initPlanner, Normalizers, type Planner, PlannerConfig } from "../index.ts";
import { type ModelFormat, readModel, type StoredModel, saveModel } from "./model-folder.ts";
import { fromVersion1, nameInVersion1 } from "./planner-version-1.ts";

export const plannerFormat = {
  format: "sodp planner",
  version: 2,
  noun: "planner",
} as const satisfies ModelFormat;
const Saved = z.strictObject({
  format: z.literal(plannerFormat.format),
  version: z.literal(plannerFormat.version),
  planner: PlannerConfig,
  normalizers: Normalizers,
});

/** Writes `model.safetensors` and `config.json` into `folder`, which is made if need be. */
export async function savePlanner({ config, normalizers, network }: Planner, folder: string): Promise<void> {
  await saveModel(plannerFormat, folder, { planner: config, normalizers }, network);
}

/**
 * The planner in `folder`, bit for bit as it was saved, by sodp 0.1 or later. Throws UserError if a file is missing,
 * damaged, of a newer version, or not what the other file belongs to.
 */
export async function loadPlanner(folder: string): Promise<Planner> {
  const stored = await readModel(plannerFormat, folder);
  const { planner, normalizers, nameOf } = documentOf(stored);
  const { network, ...rest } = initPlanner(planner, normalizers, new Random(0));
  return { ...rest, network: stored.fill(network, nameOf) };
}

/** What is stored beside the weights, of whichever version. */
function documentOf({ document, path }: StoredModel) {
  const { version } = (document ?? {}) as { readonly version?: unknown };
  if (version === 1) return { ...fromVersion1(document, path), nameOf: nameInVersion1 };
  return { ...parse(Saved, document, path), nameOf: undefined };
}
