/** @file A command's configuration: defaults, below a preset, below a file, below flags. */
import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Command, Option } from "commander";
import type { z } from "zod";
import { editDistance, lookup, UserError } from "../base/index.ts";
import { readText } from "../platform/index.ts";
import {
  type Field,
  fieldsOf,
  isTree,
  jsonSchema,
  nameOf,
  objectDefaults,
  overlay,
  snake,
  type Tree,
  toFileSpelling,
  toSchemaSpelling,
  treeOf,
} from "./flags.ts";
import { renameOf, renameText } from "./renames.ts";
import { UsageError } from "./usage-error.ts";
import { parseYaml } from "./yaml.ts";

export interface Configuration<T> {
  readonly config: T;
  /** The part that was asked for, spelt as in files. */
  readonly overrides: Tree;
  /** The file that was read, if any. */
  readonly file: string | undefined;
  /** `config`, or another of its kind, spelt as in files: what a run keeps as `config.json`. */
  spelt(config: T): Tree;
  /** The result of `check`, or its promise; a UserError becomes a UsageError, in the spelling of flags. */
  checked<R>(check: () => R): R;
}

/** A kind of configuration that a command may have: its schema, and named parts of it. */
interface Configurable<Schema extends z.ZodObject> {
  readonly schema: Schema;
  readonly presets?: Readonly<Record<string, Partial<z.input<Schema>>>>;
}

/**
 * Gives `command` a flag for every value of the schema, `--preset` if there are any, `--config_path` and `--json`. Returns
 * what reads them once the command runs; it throws UsageError for what the schema refuses.
 * configPath: read where no --config_path is given
 */
export function configured<Schema extends z.ZodObject>(
  command: Command,
  { schema, presets = {} }: Configurable<Schema>,
): (configPath?: string) => Promise<Configuration<z.output<Schema>>> {
  const shape = jsonSchema(schema);
  const fields = fieldsOf(shape);
  const byName = new Map(fields.map((field) => [field.name, field]));
  const given = new Map<string, readonly string[]>();
  const own = (name: string, value: string, description: string) =>
    addFlag(command, name, value, description, (text) => given.set(name, [...(given.get(name) ?? []), text]));

  if (fields.length > 0)
    own("config_path", "<file>", "YAML or JSON with these values, or the folder of a run");
  if (Object.keys(presets).length > 0)
    own(
      "preset",
      "<name>",
      `values that go together (choices: ${Object.keys(presets)
        .map((name) => `"${name}"`)
        .join(", ")})`,
    );
  for (const { name, placeholder, description } of fields) own(name, placeholder, description);
  command.option("--json", "print one JSON document");
  suggestFullNames(command);
  command.configureHelp({ ...command.configureHelp(), optionDescription: (option) => option.description });

  return async (configPath) => {
    const path = given.get("config_path")?.at(-1) ?? configPath;
    const preset = given.get("preset")?.at(-1);
    const flags = [...given].flatMap(([name, texts]) => {
      const field = byName.get(name);
      return field ? [{ field, value: together(texts.map(field.read)) }] : [];
    });
    const file = path === undefined ? undefined : await findConfigFile(path);
    const fromFile = file === undefined ? {} : await readConfigFile(file, shape, fields, wordsOf(command));
    const asked = [
      preset === undefined ? {} : (asUsage(() => lookup(presets, preset, "preset")) as Tree),
      fromFile,
      flags.reduce<Tree>((tree, { field, value }) => overlay(tree, treeOf(field.path, value)), {}),
    ].reduce(overlay);
    const whole = overlay(objectDefaults(shape), asked);
    const { data, error } = schema.safeParse(whole);
    if (error) {
      const source = (name: string) =>
        file !== undefined && !given.has(name) ? `${file}: ${name}` : `--${name}`;
      throw new UsageError(sentence(error.issues[0], whole, byName, source));
    }
    return {
      config: data,
      overrides: toFileSpelling(shape, asked) as Tree,
      file,
      spelt: (config) => toFileSpelling(shape, config) as Tree,
      checked: (check) => asUsage(check, (message) => inFlags(message, fields)),
    };
  };
}

/** An option, spelt with "_" or with "-". */
export function addFlag(
  command: Command,
  name: string,
  value: string,
  description: string,
  onGiven: (text: string) => void = () => {},
): void {
  const add = (spelling: string, hidden: boolean) => {
    const option = new Option(`--${spelling} ${value}`, description).hideHelp(hidden).argParser((text) => {
      onGiven(text);
      return text;
    });
    if (value.startsWith("[")) {
      option.preset("true");
      standAlone(command, `--${spelling}`);
    }
    command.addOption(option);
  };
  add(name, false);
  if (name.includes("_")) add(name.replaceAll("_", "-"), true);
}

/** Makes a flag without a value mean true before the argument of a command that has any: only true and false are its values. */
function standAlone(command: Command, flag: string): void {
  const parseOptions = command.parseOptions.bind(command);
  const isValue = (word: string | undefined) => word === "true" || word === "false";
  command.parseOptions = (words) => {
    const hasArguments = command.registeredArguments.length > 0;
    const isAlone = (i: number) => hasArguments && words[i] === flag && !isValue(words[i + 1]);
    return parseOptions(words.map((word, i) => (isAlone(i) ? `${flag}=true` : word)));
  };
}

/** The value of a flag that was given several times: the last, but lists are joined. */
function together(values: readonly unknown[]): unknown {
  return values.every(Array.isArray) ? values.flat() : values.at(-1);
}

/** `read()`; its UserError becomes a UsageError. */
function asUsage<R>(read: () => R, spelt: (message: string) => string = (message) => message): R {
  const refuse = (error: unknown): never => {
    throw error instanceof UserError ? new UsageError(spelt(error.message)) : error;
  };
  try {
    const result = read();
    return result instanceof Promise ? (result.catch(refuse) as R) : result;
  } catch (error) {
    return refuse(error);
  }
}

/** Keys that a message calls as the schema spells them, as flags. */
function inFlags(message: string, fields: readonly Field[]): string {
  return message.replace(/\b[a-z]+(?:[A-Z][a-z]*)+\b/g, (word) => {
    const field = fields.find(({ path }) => path.at(-1) === word);
    return field ? `--${field.name}` : word;
  });
}

/** A file with a configuration, or that of the run in a folder. Throws UsageError if there is none. */
async function findConfigFile(path: string): Promise<string> {
  if (!existsSync(path)) throw new UsageError(`--config_path: there is no ${path}.`);
  if (!(await stat(path)).isDirectory()) return path;
  const file = join(path, "config.json");
  if (!existsSync(file)) throw new UsageError(`--config_path: the folder ${path} has no config.json.`);
  return file;
}

/** The values of a file, with the schema's spelling. Throws UsageError. */
async function readConfigFile(
  file: string,
  shape: ReturnType<typeof jsonSchema>,
  fields: readonly Field[],
  command: string,
): Promise<Tree> {
  const values = parseFile(await readText(file), file);
  const unknown: string[] = [];
  const read = toSchemaSpelling(shape, values, (name) => unknown.push(name)) as Tree;
  if (unknown.length === 0) return read;
  const known = fields.map((field) => field.name);
  const renamed = unknown.map((name) => [name, renameOf(name, command, known)] as const);
  const stranger = renamed.find(([, rename]) => rename === undefined)?.[0];
  if (stranger !== undefined) {
    const near = nearestName(stranger, known);
    throw new UsageError(
      `${file}: unknown key ${stranger}.${near === undefined ? "" : ` Did you mean ${near}?`}`,
    );
  }
  const changes = renamed.map(([name, rename]) => rename && renameText(name, rename));
  const run = existsSync(join(dirname(file), "run.json"))
    ? "the run goes on with sodp 0.1 only, another can be started with the new names"
    : "use the new names";
  throw new UsageError(`${file} is of sodp 0.1: ${changes.join(", ")}; ${run}.`);
}

function parseFile(text: string, file: string): unknown {
  const values = asUsage(() => parseYaml(text, file)) ?? {};
  if (isTree(values)) return values;
  throw new UsageError(`${file}: expected keys with values, got ${JSON.stringify(values)}.`);
}

/** Fault in a sentence: what was expected, and what came.   source: what to call a dotted name */
function sentence(
  issue: z.core.$ZodIssue,
  whole: Tree,
  fields: ReadonlyMap<string, Field>,
  source: (name: string) => string,
): string {
  const depth = issue.path.findIndex((_, i) => fields.has(nameOf(issue.path.slice(0, i + 1))));
  const path = depth === -1 ? issue.path : issue.path.slice(0, depth + 1);
  const name = nameOf(path);
  const at = (keys: readonly PropertyKey[]) =>
    keys.reduce<unknown>((below, key) => (below as Tree | undefined)?.[String(key)], whole);
  const value = at(path);
  if (issue.code === "unrecognized_keys") {
    const inside = [name, ...issue.path.slice(path.length).map(String)].join("."); // a record's names as they are
    const kind = at([...issue.path, "kind"]);
    return `${source(`${inside}.${snake(issue.keys[0])}`)} means nothing where ${inside}.kind is ${kind}.`;
  }
  if (issue.code === "custom") return `${source(name)}: ${issue.message}.`;
  const field = fields.get(name);
  if (value === undefined) {
    const what = field?.description.replace(/ ?\([^)]*\)$/, "");
    return `--${name} is required${what ? `: ${what}` : ""}.`;
  }
  const expected = field?.accepts(at([...path.slice(0, -1), "kind"])) ?? "keys with values";
  return `${source(name)}: expected ${expected}, got ${JSON.stringify(value)}.`;
}

/** A command's words, without those of the program. */
function wordsOf(command: Command): string {
  const above = command.parent?.parent ? `${wordsOf(command.parent)} ` : "";
  return `${above}${command.name()}`;
}

/** Makes commander's message about an unknown flag name its new name, or the flag that ends alike. */
function suggestFullNames(command: Command): void {
  command.configureOutput({
    outputError: (text, write) => {
      const unknown = /unknown option '--([^'=]+)/.exec(text)?.[1];
      const visible = command.options
        .filter(({ hidden }) => !hidden)
        .map(({ long }) => String(long).slice(2));
      if (unknown === undefined) return write(text);
      const name = unknown.replaceAll("-", "_");
      const rename = renameOf(name, wordsOf(command), visible);
      if (rename) return write(`error: ${renameText(name, rename, "--")}\n`);
      const near = nearestName(name, visible);
      write(near === undefined ? text : `error: unknown option '--${unknown}'\n(Did you mean --${near}?)\n`);
    },
  });
}

/** The one of `names` that is most like `name`, or ends most like it, if any does. */
function nearestName(name: string, names: readonly string[]): string | undefined {
  const ends = names.flatMap((whole) => {
    const parts = whole.split(".");
    return parts.map((_, i) => ({ whole, end: parts.slice(i).join(".") }));
  });
  const [nearest] = ends
    .map(({ whole, end }) => ({
      whole,
      likeness: 1 - editDistance(name, end) / Math.max(name.length, end.length),
    }))
    .sort((a, b) => b.likeness - a.likeness);
  return nearest !== undefined && nearest.likeness > 0.4 ? nearest.whole : undefined;
}
