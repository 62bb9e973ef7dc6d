/** @file Planners that come with the package: a folder each, with their cards. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type FileFormat, lookup, UserError } from "../base/index.ts";
import { readVersioned } from "../platform/index.ts";
import { PlannerCard } from "../wire/index.ts";

const root = fileURLToPath(new URL("../../assets/planners", import.meta.url));
const format: FileFormat<PlannerCard> = { format: "sodp planner card", version: 1, schema: PlannerCard };

export interface ReferencePlanner {
  /** The planner's, as `--policy.path` takes it. */
  readonly folder: string;
  readonly card: PlannerCard;
}

/** All, by name. */
export async function referencePlanners(): Promise<Readonly<Record<string, ReferencePlanner>>> {
  const names = (await readdir(root)).sort();
  const found = await Promise.all(
    names.map(async (name) => [name, await plannerIn(join(root, name))] as const),
  );
  return Object.fromEntries(found);
}

async function plannerIn(folder: string): Promise<ReferencePlanner> {
  const path = join(folder, "card.json");
  const card = await readVersioned(path, format);
  if (card === undefined) throw new UserError(`${path} is missing: install the package anew.`);
  return { folder, card };
}

/** A fine-tuned one, and the one that it was fine-tuned from. Throws UserError that lists those that there are. */
export async function demonstrated(name: string): Promise<{
  readonly before: ReferencePlanner;
  readonly after: ReferencePlanner & { readonly task: string };
}> {
  const all = await referencePlanners();
  const tuned = Object.fromEntries(Object.entries(all).filter(([, { card }]) => card.parent !== null));
  const after = lookup(tuned, name.slice(name.indexOf("/") + 1), "demo");
  const { task, parent } = after.card;
  return { before: all[String(parent)], after: { ...after, task: String(task) } };
}

/** Success of the stored weights in a task, in words; undefined if they were not evaluated in it. */
export function successText({ evaluations }: PlannerCard, task: string): string | undefined {
  const own = evaluations.find((each) => each.here && each.task === task);
  if (own === undefined) return undefined;
  const { successes, n, pc_success, ci95 } = own;
  const [low, high] = ci95.map((bound) => bound.toFixed(0));
  return `${pc_success.toFixed(0)} % (${low} to ${high}), ${successes} of ${n} unseen starts`;
}
