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
}

/** The value of JSON text. name: of its file, for messages   Throws UserError if it is not JSON. */
export function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UserError(`${name} is damaged: it is not JSON.`);
  }
}

/**
 * The content of a file of `format`, upgraded if it is older. text: JSON   name: of the file, for messages
 * Throws UserError if it is damaged, of another format, of a newer version, or of one that is no longer read.
 */
export function parseVersioned<T>(text: string, name: string, format: FileFormat<T>): T {
  const { data, error } = format.schema.safeParse(upgraded(parseJson(text, name), name, format));
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
