/** @file The options of environments in Python. */
import { z } from "zod";

export const PythonOptions = z.strictObject({
  arguments: z
    .record(z.string(), z.unknown())
    .default({})
    .describe("keyword arguments of gymnasium.make, or of the function"),
  python: z
    .string()
    .optional()
    .meta({ placeholder: "file" })
    .describe("the interpreter that has the environment; default: python3"),
  timeoutSeconds: z.number().positive().default(60).describe("how long one call may take"),
  maxSteps: z.int().positive().optional().describe("steps after which an episode is truncated"),
});
export type PythonOptions = Readonly<z.infer<typeof PythonOptions>>;
