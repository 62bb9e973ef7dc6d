/** @file The record of a job. */
import { z } from "zod";

export const JobRecord = z.strictObject({
  format: z.literal("sodp job"),
  version: z.literal(1),
  id: z.string(),
  /** Words after `sodp`: "data collect". */
  command: z.string(),
  /** Values of flags by their names. Paths that begin with "./" are from the folder that holds the records' folder. */
  config: z.record(z.string(), z.unknown()),
  /** Folder that the command writes. */
  folder: z.string(),
  /** "running" of a runner that was killed too. */
  status: z.enum(["running", "interrupted", "failed", "finished"]),
  /** Processes that were started. */
  attempts: z.int().positive(),
  /** Seconds that its processes ran, all attempts together. */
  seconds: z.number().nonnegative(),
  /** Of a finished job: the document that the command printed. */
  result: z.unknown().optional(),
  /** Of a failed job: how its process ended, and the last lines it wrote. */
  error: z.string().optional(),
});
export type JobRecord = Readonly<z.infer<typeof JobRecord>>;
