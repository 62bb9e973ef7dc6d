/**
 * @file A schema's values as flags and as keys of a file. Schemas spell `learningRate`; flags and files spell
 * `learning_rate`, and `network.width` where an object holds it. The schema is read as JSON Schema, which zod makes of it.
 */
import { z } from "zod";
import { parseYaml } from "./yaml.ts";

/** As much of a JSON Schema as is looked at. */
interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  /** Name of a value in help, from `.meta({ placeholder: "folder" })`. */
  readonly placeholder?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  /** Of a record: schema of the value of every name. */
  readonly additionalProperties?: JsonSchema | boolean;
  readonly required?: readonly string[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly items?: JsonSchema | boolean;
  readonly prefixItems?: readonly JsonSchema[];
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly exclusiveMaximum?: number;
  readonly multipleOf?: number;
}
/** Schemas of a value, of which one must fit. */
type Alternatives = readonly JsonSchema[];

/** An object with all its values. */
export type Tree = { readonly [key: string]: unknown };

/** A value that is no object, under its dotted name. */
export interface Field {
  /** "planner.n_action_steps" */
  readonly name: string;
  /** ["planner", "nActionSteps"] */
  readonly path: readonly string[];
  readonly description: string;
  /** "<n>"; "[true|false]" may be left away, and then means true. */
  readonly placeholder: string;
  /** "a whole number from 1". kind: of the object around it, if it has one */
  accepts(kind: unknown): string;
  /** Value of a text on a command line. A text that means no value stays text, for the schema to refuse. */
  read(text: string): unknown;
}

/** Place of a field: it has several where the objects of a union share it. */
interface Place {
  /** The union's kind that has the field. */
  readonly kind: string | undefined;
  /** Description of the object around it. */
  readonly about: string | undefined;
  readonly schema: JsonSchema;
  readonly fallback: unknown;
  readonly required: boolean;
}

export function jsonSchema(schema: z.ZodObject): Alternatives {
  return [z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as JsonSchema];
}

/** All values, in the schema's order. */
export function fieldsOf(schema: Alternatives): Field[] {
  const places = new Map<string, { path: readonly string[]; places: Place[] }>();
  const walk = (
    alternatives: Alternatives,
    path: readonly string[],
    inherited: unknown,
    about: string | undefined,
  ) => {
    for (const object of objectsIn(alternatives)) {
      const kind = object.properties?.kind?.const as string | undefined;
      for (const [key, entry] of Object.entries(object.properties ?? {})) {
        const own = [...path, key];
        const fallback = (inherited as Tree | undefined)?.[key] ?? entry.default;
        if (objectsIn(among(entry)).length > 0) {
          walk(among(entry), own, fallback, entry.description);
          continue;
        }
        const name = nameOf(own);
        const known = places.get(name) ?? { path: own, places: [] };
        const required = object.required?.includes(key) === true && fallback === undefined;
        known.places.push({ kind, about, schema: entry, fallback, required });
        places.set(name, known);
      }
    }
  };
  walk(schema, [], undefined, undefined);
  return [...places].map(([name, { path, places }]) => field(name, path, places));
}

function field(name: string, path: readonly string[], places: readonly Place[]): Field {
  const alternatives = places.flatMap(({ schema }) => among(schema));
  const isKind = path.at(-1) === "kind" && places.every(({ schema }) => "const" in schema);
  return {
    name,
    path,
    description: isKind
      ? kindsDescription(places)
      : places.map((place) => describe(place, places)).join("; "),
    placeholder: placeholder(alternatives),
    accepts(kind) {
      const own = places.filter((place) => place.kind === kind);
      return accepts((isKind || own.length === 0 ? places : own).flatMap(({ schema }) => among(schema)));
    },
    read: (text) => read(alternatives, text),
  };
}

/** A schema's key as flags and files spell it. */
export const snake = (key: string) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
/** Dotted, as flags and files spell it. */
export const nameOf = (path: readonly PropertyKey[]): string =>
  path.map((key) => snake(String(key))).join(".");

/** Alternatives of `schema`, its choices laid open. */
function among(schema: JsonSchema): Alternatives {
  return (schema.anyOf ?? schema.oneOf)?.flatMap(among) ?? [schema];
}

const objectsIn = (alternatives: Alternatives) =>
  alternatives.filter(({ properties }) => properties !== undefined);

/** Schemas of the values of records, whose own keys are names and are spelt as they are. */
const inRecords = (alternatives: Alternatives): Alternatives =>
  alternatives.flatMap(({ additionalProperties: values }) =>
    typeof values === "object" && Object.keys(values).length > 0 ? among(values) : [],
  );

/** The values that whole objects default to, and the objects that must be there. A union's kind is known no other way. */
export function objectDefaults(alternatives: Alternatives): Tree {
  const defaults: Record<string, unknown> = {};
  for (const { properties, required } of objectsIn(alternatives))
    for (const [key, entry] of Object.entries(properties ?? {})) {
      const inside = among(entry);
      if (objectsIn(inside).length === 0 || entry.default === null) continue;
      const own = inside.length === 1 ? objectDefaults(inside) : {};
      if (entry.default !== undefined || required?.includes(key))
        defaults[key] = overlay(own, (entry.default ?? {}) as Tree);
    }
  return defaults;
}

/** `base` with what `over` says in its place. An object of another kind replaces the one that was there. */
export function overlay(base: Tree, over: Tree): Tree {
  if (over.kind !== undefined && base.kind !== undefined && over.kind !== base.kind) return over;
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key];
    merged[key] = isTree(below) && isTree(value) ? overlay(below, value) : value;
  }
  return merged;
}

export function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `values` with the schema's spelling of keys. onUnknown: called with the dotted name of a key that the schema lacks */
export function toSchemaSpelling(
  alternatives: Alternatives,
  values: unknown,
  onUnknown: (name: string) => void,
  path: readonly string[] = [],
): unknown {
  const objects = objectsIn(alternatives);
  if (!isTree(values)) return values;
  if (objects.length === 0) return inRecordsOf(values, inRecords(alternatives), schemaKey);
  const entries = Object.entries(values).flatMap(([key, value]) => {
    const spelling = key.replaceAll("-", "_");
    const holders = objects.flatMap(({ properties = {} }) =>
      Object.entries(properties).filter(([known]) => snake(known) === spelling),
    );
    if (holders.length === 0) {
      onUnknown([...path, spelling].join("."));
      return [];
    }
    const below = holders.flatMap(([, schema]) => among(schema));
    return [[holders[0][0], toSchemaSpelling(below, value, onUnknown, [...path, spelling])]];
  });
  return Object.fromEntries(entries);
}

/** `values` with the spelling of keys that files and flags have. */
export function toFileSpelling(alternatives: Alternatives, values: unknown): unknown {
  const objects = objectsIn(alternatives);
  if (!isTree(values)) return values;
  if (objects.length === 0) return inRecordsOf(values, inRecords(alternatives), snake);
  const entries = Object.entries(values).map(([key, value]) => {
    const below = objects.flatMap(({ properties = {} }) => (key in properties ? among(properties[key]) : []));
    return [snake(key), toFileSpelling(below, value)];
  });
  return Object.fromEntries(entries);
}

/** A record with other keys in the objects that it holds.   schemas: of these objects   spelt: an object's key anew */
function inRecordsOf(
  record: Tree,
  schemas: Alternatives,
  spelt: (key: string, known: readonly string[]) => string,
): Tree {
  const known = objectsIn(schemas).flatMap(({ properties = {} }) => Object.keys(properties));
  if (known.length === 0) return record;
  const respelt = (value: unknown) =>
    isTree(value)
      ? Object.fromEntries(Object.entries(value).map(([key, inside]) => [spelt(key, known), inside]))
      : value;
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, respelt(value)]));
}

/** The schema's key that is meant; one that it lacks as it is, for the schema to refuse. */
const schemaKey = (key: string, known: readonly string[]): string =>
  known.find((each) => snake(each) === key.replaceAll("-", "_")) ?? key;

/** `value` at `path` of an object. */
export function treeOf(path: readonly string[], value: unknown): Tree {
  return path.reduceRight<unknown>((below, key) => ({ [key]: below }), value) as Tree;
}

function describe({ kind, schema, fallback, required }: Place, places: readonly Place[]): string {
  const notes = [
    choicesWorthListing(among(schema)),
    required && kind === undefined ? "required" : undefined,
    fallback === undefined ? undefined : `default: ${JSON.stringify(fallback)}`,
  ].filter((note) => note !== undefined);
  const text = [schema.description, notes.length > 0 ? `(${notes.join(", ")})` : undefined];
  const whole = text.filter((part) => part !== undefined).join(" ");
  return kind === undefined && places.length === 1 ? whole : `${kind}: ${whole}`;
}

function kindsDescription(places: readonly Place[]): string {
  const { about, fallback } = places[0];
  const choices = `choices: ${places.map(({ schema }) => JSON.stringify(schema.const)).join(", ")}`;
  const notes = `(${choices}${fallback === undefined ? "" : `, default: ${JSON.stringify(fallback)}`})`;
  return about === undefined ? notes : `${about} ${notes}`;
}

const choicesIn = (alternatives: Alternatives) =>
  alternatives.flatMap((schema) => schema.enum ?? ("const" in schema ? [schema.const] : []));

/** Choices longer than that do not fit beside a flag's name. */
const SHORT = 16;

function choicesWorthListing(alternatives: Alternatives): string | undefined {
  const choices = choicesIn(alternatives);
  if (choices.length === 0 || choices.join("|").length <= SHORT) return undefined;
  return `choices: ${choices.map((choice) => JSON.stringify(choice)).join(", ")}`;
}

function placeholder(alternatives: Alternatives): string {
  const named = alternatives.find((schema) => schema.placeholder !== undefined);
  if (named) return `<${named.placeholder}>`;
  const choices = choicesIn(alternatives).join("|");
  if (choices !== "") return choices.length <= SHORT ? `<${choices}>` : "<name>";
  const types = alternatives.map(({ type }) => type);
  if (types.includes("boolean")) return "[true|false]";
  if (types.includes("array")) return "<list>";
  if (types.includes("string")) return "<text>";
  if (types.includes("object")) return "<values>";
  return types.includes("integer") ? "<n>" : "<x>";
}

function read(alternatives: Alternatives, text: string): unknown {
  const types = alternatives.map(({ type }) => type);
  if (types.includes("null") && text === "null") return null;
  if (types.includes("string")) return text;
  try {
    const list = types.includes("array") && !text.trimStart().startsWith("[");
    const value = parseYaml(list ? `[${text}]` : text, "A flag's value");
    return isTree(value) ? inRecordsOf(value, inRecords(alternatives), schemaKey) : value;
  } catch {
    return text;
  }
}

function accepts(alternatives: Alternatives): string {
  const choices = choicesIn(alternatives);
  const others = alternatives.filter((schema) => schema.enum === undefined && !("const" in schema));
  const one = choices.length > 1 ? [`one of ${choices.join(", ")}`] : choices.map(String);
  return [...new Set([...one, ...others.map(acceptsOne)])].join(" or ");
}

function acceptsOne(schema: JsonSchema): string {
  const { type, items, prefixItems } = schema;
  if (type === "integer") return `a whole number${range(schema, 1)}`;
  if (type === "number") return `a number${range(schema, undefined)}`;
  if (type === "boolean") return "true or false";
  if (type === "string") return "a text";
  if (prefixItems) return `a list of ${prefixItems.length} values`;
  if (type === "array") return typeof items === "object" ? `a list, each ${accepts(among(items))}` : "a list";
  return type === undefined || type === "null" ? String(type) : "keys with values";
}

/** " from 0 to 1", " above 0, a multiple of 8". step: by which whole numbers lie apart */
function range(schema: JsonSchema, step: number | undefined): string {
  const { minimum, exclusiveMinimum, maximum, exclusiveMaximum, multipleOf } = schema;
  const least = step !== undefined && exclusiveMinimum !== undefined ? exclusiveMinimum + step : minimum;
  const bounds = [
    least === undefined || least === Number.MIN_SAFE_INTEGER ? "" : ` from ${least}`,
    step === undefined && exclusiveMinimum !== undefined ? ` above ${exclusiveMinimum}` : "",
    maximum === undefined || maximum === Number.MAX_SAFE_INTEGER
      ? ""
      : ` ${least === undefined ? "up" : ""} to ${maximum}`.replace("  ", " "),
    exclusiveMaximum === undefined ? "" : ` below ${exclusiveMaximum}`,
    multipleOf === undefined ? "" : `, a multiple of ${multipleOf}`,
  ];
  return bounds.join("");
}
