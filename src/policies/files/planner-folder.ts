/** @file A planner on disk: a folder with the weights as safetensors and everything else as JSON. */
import { type Planner, plannerFormat, plannerOf } from "../index.ts";
import { readModel, saveModel, type WeightType } from "./model-folder.ts";

/** Writes `model.safetensors` and `config.json` into `folder`, which is made if need be. dtype: of the weights; default: F32 */
export async function savePlanner(
  { config, normalizers, network }: Planner,
  folder: string,
  dtype?: WeightType,
): Promise<void> {
  await saveModel(plannerFormat, folder, { planner: config, normalizers }, network, dtype);
}

/**
 * The planner in `folder`, bit for bit as it was saved, by sodp 0.1 or later; of weights stored as F16, their values. Throws UserError if a file is missing,
 * damaged, of a newer version, or not what the other file belongs to.
 */
export async function loadPlanner(folder: string): Promise<Planner> {
  return plannerOf(await readModel(plannerFormat, folder));
}
