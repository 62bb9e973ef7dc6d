/** @file JSON as Python writes it: with Infinity and NaN, which the standard lacks. */
import { z } from "zod";
import { parse, parseJson as parseStandard } from "../../base/index.ts";
import { readText } from "../../platform/index.ts";

/** A number, or what `parseJson` makes of Python's other ones. */
export const PythonNumber = z.union([z.number(), z.enum(["Infinity", "-Infinity", "NaN"]).transform(Number)]);

/**
 * The value of Python's JSON text: bare Infinity, -Infinity and NaN become strings, which `PythonNumber` turns back.
 * name: of its file, for messages   Throws UserError if it is not JSON.
 */
export const parseJson = (text: string, name: string): unknown =>
  parseStandard(
    // A string without an end matches too: a search for the end from each quote anew would never finish.
    text.replace(
      /("[^"\\]*(?:\\.[^"\\]*)*"?)|-?\b(?:Infinity|NaN)\b/gs,
      (match, quoted) => quoted ?? `"${match}"`,
    ),
    name,
  );

/** JSON as Python reads it: numbers that are not finite are written bare. */
export const pythonJson = (value: unknown): string =>
  JSON.stringify(
    value,
    (_, item) => (typeof item === "number" && !Number.isFinite(item) ? `\u0000${item}` : item),
    4,
  ).replace(/"\\u0000(-?Infinity|NaN)"/g, "$1");

/** The file's content as `schema` has it. Throws UserError if it is missing, torn, or something else. */
export async function readJson<T extends z.ZodType>(path: string, schema: T): Promise<z.infer<T>> {
  return parse(schema, parseJson(await readText(path), path), path);
}
