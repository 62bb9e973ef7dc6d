/** @file Settings of environments that a run fixed: who uses its policy later means the same task, and is told so. */
import { join } from "node:path";
import { z } from "zod";
import { canonicalTask } from "../envs/index.ts";
import { readJson } from "../platform/index.ts";
import { findPolicy } from "../runs/index.ts";
import { isTree, jsonSchema, type Tree, toFileSpelling, toSchemaSpelling } from "./flags.ts";
import { envOptions } from "./shared-flags.ts";
import { tell } from "./terminal.ts";

const shape = jsonSchema(z.strictObject(envOptions));
/** Of a task: "metaworld" of "metaworld/reach", of "reach" and of "mt10". */
const familyOf = (task: string) => {
  const name = canonicalTask(task);
  return name.includes("/") ? name.slice(0, name.indexOf("/")) : "metaworld";
};

/**
 * Options of the environments in which the policy's run was trained or watched: episode length, goals, the module of an own
 * family, ... None if the policy is of no run, or the run had no environments of the family of these tasks.
 * path: as of `findPolicy`   tasks: those in which it will act; undefined: any
 */
export async function carriedOptions(path: string, tasks?: readonly string[]): Promise<Tree> {
  const { task, num_envs: _, ...options } = await envOfRun(path);
  const known = namesOf(task).map(familyOf);
  const isForeign = (name: string) => known.length > 0 && !known.includes(familyOf(name));
  if (tasks?.some(isForeign)) return {};
  return toSchemaSpelling(shape, options, () => {}) as Tree;
}

/** Tasks of the policy's run, as it was given them; none if it is of no run, or the run had none. path: as of `findPolicy` */
export async function tasksOfRun(path: string): Promise<readonly string[]> {
  return namesOf((await envOfRun(path)).task);
}

const namesOf = (task: unknown = []): readonly string[] => [task].flat().map(String);

/** Flags of a run's environments as its file spells them. */
async function envOfRun(path: string): Promise<Tree> {
  const { runFolder } = await findPolicy(path);
  if (runFolder === null) return {};
  const { env } = (await readJson(join(runFolder, "config.json"))) as Tree;
  return isTree(env) ? env : {};
}

/** `given` with what the policy's run fixed where nothing was given; that is told. */
export async function withCarried<Env extends Tree>(
  given: Env,
  path: string | undefined,
  tasks: readonly string[],
): Promise<Env> {
  if (path === undefined) return given;
  const carried = Object.entries(await carriedOptions(path, tasks)).filter(
    ([key, value]) => given[key] === undefined && value !== undefined,
  );
  if (carried.length === 0) return given;
  const options = Object.fromEntries(carried);
  tell(`As in the policy's run: ${flagsText(options)}.`);
  return { ...given, ...options };
}

/** Options of environments as files spell them. */
export const optionFlags = (options: Tree): Tree => toFileSpelling(shape, options) as Tree;

/** Options of environments as flags. */
export function flagsText(options: Tree): string {
  return Object.entries(optionFlags(options))
    .map(([key, value]) => `--env.${key} ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" ");
}
