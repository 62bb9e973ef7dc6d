/** @file Versioned JSON formats: what is written has a name and a version, and older versions are still read. */
import type { z } from "zod";
import { UserError } from "./errors.ts";

/** A JSON format. Its files have the fields `format` and `version`, which `schema` describes among the others. */
export interface FileFormat<T> {
  /** The field `format`, such as "sodp run". */
  readonly format: string;
  /** The version that is written, and that `schema` describes. */
  readonly version: number;
  readonly schema: z.ZodType<T>;
  /** By a version: turns a file of it into the next version. A version without an entry is refused. */
  readonly upgrades?: Readonly<Record<number, (old: Readonly<Record<string, unknown>>) => unknown>>;
  /** Version from which on files carry the digest of their content: see `replaceSealed` of platform. By default none do. */
  readonly sealedSince?: number;
}

/** Lists and objects inside each other: what walks through a value calls itself as often. */
const deepest = 100;

/**
 * The value of JSON text. name: of its file, for messages   revive: as JSON.parse has it
 * Throws UserError if it is not JSON, or nested deeper than 100 levels.
 */
export function parseJson(
  text: string,
  name: string,
  revive?: (key: string, value: unknown) => unknown,
): unknown {
  if (isDeep(text)) throw new UserError(`${name} is nested deeper than ${deepest} levels.`);
  try {
    return JSON.parse(text, revive);
  } catch {
    throw new UserError(`${name} is damaged: it is not JSON.`);
  }
}

const [quote, backslash] = ['"', "\\"].map((letter) => letter.charCodeAt(0));
const [openings, closings] = ["[{", "]}"].map((letters) => [...letters].map((each) => each.charCodeAt(0)));

/** True if brackets outside of strings are nested too deep. */
function isDeep(text: string): boolean {
  let depth = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) isQuoted = !isQuoted;
    else if (isQuoted) at += Number(code === backslash);
    else if (openings.includes(code)) depth++;
    else if (closings.includes(code)) depth--;
    if (depth > deepest) return true;
  }
  return false;
}

/** Throws UserError if lists and objects of a value that no JSON text was read of are nested too deep, or hold themselves. */
export function requireShallow(value: unknown, name: string): void {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > deepest) throw new UserError(`${name} is nested deeper than ${deepest} levels.`);
    level = level.flatMap((each) => (typeof each === "object" && each !== null ? Object.values(each) : []));
  }
}

/**
 * The content of a file of `format`, upgraded if it is older. value: its JSON   name: of the file, for messages
 * Throws UserError if it is damaged, of another format, of a newer version, or of one that is no longer read.
 */
export function parseVersioned<T>(value: unknown, name: string, format: FileFormat<T>): T {
  const { data, error } = format.schema.safeParse(upgraded(value, name, format));
  if (error === undefined) return data;
  const [{ path, message }] = error.issues;
  throw new UserError(`${name} is damaged: ${path.join(".") || "the whole"}: ${message}.`);
}

function upgraded(value: unknown, name: string, format: FileFormat<unknown>): unknown {
  const { format: found, version } = (value ?? {}) as Partial<Record<string, unknown>>;
  if (found !== format.format)
    throw new UserError(
      `${name}: expected a file of format "${format.format}", got ${JSON.stringify(found) ?? "none"}.`,
    );
  if (typeof version !== "number" || version === format.version) return value; // the schema checks
  if (version > format.version)
    throw new UserError(
      `${name} is of format version ${version}; this sodp reads versions up to ${format.version}. Update it.`,
    );
  const upgrade = format.upgrades?.[version];
  if (upgrade === undefined)
    throw new UserError(
      `${name} is of format version ${version}, which this sodp no longer reads; it reads versions ${readable(format)}.`,
    );
  return upgraded(upgrade(value as Record<string, unknown>), name, format);
}

/** The versions that are read, as a list for messages. */
function readable({ version, upgrades = {} }: FileFormat<unknown>): string {
  return [...Object.keys(upgrades), version].join(", ");
}
