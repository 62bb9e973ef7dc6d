/** @file The table of environment families, and tasks in it by name. */
import { z } from "zod";
import { editDistance, UserError } from "../base/index.ts";
import type { OpenEnv } from "./env.ts";
import type { EnvConfig, Family, Host } from "./family.ts";
import { metaworld } from "./metaworld/family.ts";
import { python } from "./python-family.ts";
import { toy } from "./toy/family.ts";

/** The families by name. An own one from a user's module is put beside them where it is passed as `own`. */
export const families: Readonly<Record<string, Family>> = { metaworld, python, toy };

/** Tasks by suite, with the families' names before them: "mt10", "hard", "toy", ... */
export const suites: Readonly<Record<string, readonly string[]>> = suitesOf(Object.values(families));

/** A task that was found by name. */
export interface FoundEnv {
  /** "metaworld/drawer-open" */
  readonly name: string;
  readonly family: Family;
  /** "drawer-open" */
  readonly task: string;
}

/**
 * The task of a name: "metaworld/drawer-open", or as 0.1 spelled it, "drawer-open", "drawer-open-v3" and
 * "metaworld/drawer-open-v3". Throws UserError that lists what exists, the nearest first.
 */
export function findEnv(name: string, own?: Family): FoundEnv {
  const found = seek(name.trim(), own);
  if (found !== undefined) return found;
  const known = withOwn(own).flatMap((family) => family.tasks.map((task) => `${family.name}/${task}`));
  throw new UserError(`Unknown task "${name}". Known: ${nearest(name, known)}.`);
}

/** The name of a task as it is spelled today: of one that episodes were recorded in. Unknown names stay as they are. */
export const canonicalTask = (name: string): string => seek(name)?.name ?? name;

/** Names of tasks, each once; a suite stands for its own. Throws UserError for a name that is neither. */
export function envsNamed(names: readonly string[], own?: Family): string[] {
  const table = suitesOf(withOwn(own));
  const all = names.flatMap((given) => {
    const name = given.trim();
    const suite = table[hyphenated(taskless(name, own))];
    if (suite !== undefined) return suite;
    const found = seek(name, own);
    if (found !== undefined) return [found.name];
    const known = withOwn(own).flatMap((family) => family.tasks.map((task) => `${family.name}/${task}`));
    throw new UserError(
      `Unknown task or suite "${given}". Known: ${nearest(name, [...Object.keys(table), ...known])}.`,
    );
  });
  return [...new Set(all)];
}

/** A new environment. Throws UserError for an unknown task or option. own: the family of the config's module */
export async function makeEnvOn(host: Host, config: EnvConfig, own?: Family): Promise<OpenEnv> {
  const { family, task } = findEnv(config.env, own);
  const env = await family.make(task, optionsOf(family, config), host);
  return Object.assign(env, { close: () => env[Symbol.dispose]() });
}

/** The family's options in a config, checked, with their defaults; undefined ones are ignored. Throws UserError. */
export function optionsOf(
  family: Family,
  { env: _, module: __, ...options }: EnvConfig,
): Record<string, unknown> {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const { data, error } = family.options.safeParse(given);
  if (error === undefined) return data;
  const [{ path, message, code }] = error.issues;
  if (code === "unrecognized_keys") {
    const [{ keys }] = error.issues as readonly { readonly keys: readonly string[] }[];
    const known = Object.keys(family.options.shape).join(", ");
    throw new UserError(`${family.name} has no option ${keys[0]}. Its options: ${known}.`);
  }
  throw new UserError(`Option ${path.join(".")} of ${family.name}: ${message}, got ${valueAt(given, path)}.`);
}

const valueAt = (given: unknown, path: readonly PropertyKey[]): string =>
  JSON.stringify(path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown>)?.[key], given));

/**
 * The options of all families in one schema, none required: what a command that takes any task has flags for. What a
 * family does not know is refused when its environment is made.
 */
export const EnvOptions = z.strictObject(optionsOfAll());

function optionsOfAll(): Record<string, z.ZodType> {
  const names = [...new Set(Object.values(families).flatMap(({ options }) => Object.keys(options.shape)))];
  return Object.fromEntries(
    names.map((name) => {
      const having = Object.values(families).filter(({ options }) => name in options.shape);
      const schema = having[0].options.shape[name] as z.ZodType;
      const inner = schema instanceof z.ZodDefault ? (schema.unwrap() as z.ZodType) : schema;
      const notes = having.map((family) => noteOn(family, name)).join(", ");
      return [name, inner.optional().describe(`${schema.description} (${notes})`)];
    }),
  );
}

/** "metaworld: 500", or the family's name alone where the option has no default. */
function noteOn({ name, options }: Family, option: string): string {
  const schema = options.shape[option];
  return schema instanceof z.ZodDefault ? `${name}: ${JSON.stringify(schema.def.defaultValue)}` : name;
}

const withOwn = (own?: Family): readonly Family[] => [...(own ? [own] : []), ...Object.values(families)];

function suitesOf(all: readonly Family[]): Record<string, readonly string[]> {
  const qualified = (family: Family) =>
    Object.entries(family.suites).map(
      ([suite, tasks]) => [suite, tasks.map((task) => `${family.name}/${task}`)] as const,
    );
  return Object.fromEntries(all.flatMap(qualified));
}

/** The task, with the family's name before it or, where only one has it, without. */
function seek(name: string, own?: Family): FoundEnv | undefined {
  const all = withOwn(own);
  const named = all.find((family) => name.startsWith(`${family.name}/`));
  if (named !== undefined) {
    const task = within(named, name.slice(named.name.length + 1));
    return (
      task ?? (named.openTasks === undefined ? undefined : found(named, name.slice(named.name.length + 1)))
    );
  }
  for (const family of all) {
    const task = within(family, name);
    if (task !== undefined) return task;
  }
  return undefined;
}

function within(family: Family, task: string): FoundEnv | undefined {
  const canonical = family.tasks.includes(task) ? task : (family.canonical?.(task) ?? task);
  return family.tasks.includes(canonical) ? found(family, canonical) : undefined;
}

const found = (family: Family, task: string): FoundEnv => ({ name: `${family.name}/${task}`, family, task });

/** "mt10" of "metaworld/mt10". */
function taskless(name: string, own?: Family): string {
  const family = withOwn(own).find((each) => name.startsWith(`${each.name}/`));
  return family === undefined ? name : name.slice(family.name.length + 1);
}

/** 0.1 wrote "very hard" in some places. */
const hyphenated = (name: string): string => name.toLowerCase().replace(/[ _]/g, "-");

/** Known names in an error message. */
const listed = 12;

/** `names`, the nearest first, with or without their families' names. */
function nearest(name: string, names: readonly string[]): string {
  const distance = (known: string) =>
    Math.min(editDistance(name, known), editDistance(name, known.slice(known.indexOf("/") + 1)));
  const sorted = names
    .map((known) => ({ known, distance: distance(known) }))
    .sort((a, b) => a.distance - b.distance)
    .map(({ known }) => known);
  const rest = sorted.length > listed ? ` and ${sorted.length - listed} more` : "";
  return sorted.slice(0, listed).join(", ") + rest;
}
