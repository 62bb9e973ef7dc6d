/** @file Planners as they are stored, of this version and of earlier ones. */
import { z } from "zod";
import { parse, Random } from "../../base/index.ts";
import { type ModelFiles, type ModelFormat, parseModel, type StoredModel } from "../stored-model.ts";
import { initPlanner, Normalizers, type Planner } from "./planner.ts";
import { PlannerConfig } from "./planner-config.ts";
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

/** Bytes of a network beyond its stored weights, for which it is made and the weights that do not fit are told by name. */
const spareBytes = 2 ** 24;

/** The planner of a stored model, bit for bit as it was saved, by sodp 0.1 or later. Throws UserError if it is none. */
export function plannerOf(stored: StoredModel): Planner {
  const { planner, normalizers, nameOf } = documentOf(stored);
  const { network, ...rest } = initPlanner(planner, normalizers, new Random(0), stored.bytes + spareBytes);
  return { ...rest, network: stored.fill(network, nameOf) };
}

/** The planner of a folder's files, which a page has fetched. Throws UserError if one is damaged or not the other's. */
export async function parsePlanner(files: ModelFiles): Promise<Planner> {
  return plannerOf(await parseModel(plannerFormat, files));
}

/** Document beside the weights, of whichever version. */
function documentOf({ document, path }: StoredModel) {
  const { version } = (document ?? {}) as { readonly version?: unknown };
  if (version === 1) return { ...fromVersion1(document, path), nameOf: nameInVersion1 };
  return { ...parse(Saved, document, path), nameOf: undefined };
}
