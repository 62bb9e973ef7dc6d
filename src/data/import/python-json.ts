/** @file JSON as Python writes it: with Infinity and NaN, which the standard lacks. */
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { UserError } from "../../base/index.ts";

/** A number, or what `parseJson` makes of Python's other ones. */
export const PythonNumber = z.union([z.number(), z.enum(["Infinity", "-Infinity", "NaN"]).transform(Number)]);

/** Turns bare Infinity, -Infinity and NaN into strings; `PythonNumber` turns them back. */
export const parseJson = (text: string): unknown =>
  JSON.parse(
    text.replace(/("(?:[^"\\]|\\.)*")|-?\b(?:Infinity|NaN)\b/g, (match, quoted) => quoted ?? `"${match}"`),
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
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") throw new UserError(`No file ${path}.`);
    throw error;
  });
  let value: unknown;
  try {
    value = parseJson(text);
  } catch {
    throw new UserError(`${path} is torn, or no JSON.`);
  }
  const result = schema.safeParse(value);
  if (!result.success)
    throw new UserError(`${path} is not as expected. ${z.prettifyError(result.error).replaceAll("\n", " ")}`);
  return result.data;
}
