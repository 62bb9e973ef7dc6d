/** @file Schemas of what comes from outside: how they are read, and those of spaces. */
import { z } from "zod";
import { UserError } from "./errors.ts";
import type { Space, Spaces } from "./space.ts";

/** Numbers of an axis, and things one after another, that a configuration may ask for: each takes memory. */
export const mostUnits = 2 ** 16;
export const mostLayers = 1000;

/** A whole number from 1 to `most`. */
export const countTo = (most: number): z.ZodInt => z.int().positive().max(most);

/** `input` as `schema` has it. Throws UserError that names `what` and the first fault. */
export function parse<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
  what: string,
): z.infer<Schema> {
  const { success, data, error } = schema.safeParse(input);
  if (success) return data;
  const [{ path, message }] = error.issues;
  throw new UserError(`${[what, path.join(".")].filter((part) => part !== "").join(": ")}: ${message}.`);
}

const partSchema = z.strictObject({
  shape: z.array(z.int().positive()).readonly().describe("sizes of the axes"),
  dtype: z.enum(["float32", "uint8"]).exactOptional().describe("how it is stored"),
  names: z.array(z.string()).readonly().exactOptional().describe("of each number of the last axis"),
});

/** Parts by name. A name is letters, digits and underscores, and begins with a letter: it is a key of parameter trees. */
const spaceSchema: z.ZodType<Space> = z.record(
  z
    .string()
    .regex(/^[A-Za-z]\w*$/, "a part's name is letters, digits and underscores, and begins with a letter"),
  partSchema,
);

export const spacesSchema: z.ZodType<Spaces> = z.strictObject({
  observation: spaceSchema,
  action: spaceSchema,
});
