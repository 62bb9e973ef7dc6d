/** @file What a command writes to stderr about its progress where SODP_PROGRESS is "json": a line of JSON each time. */
import { z } from "zod";

export const ProgressLine = z.strictObject({
  /** Pieces of work: gradient steps, environment steps, episodes. */
  done: z.number().nonnegative(),
  total: z.number().nonnegative(),
  /** What is worth watching, as people read it: { "loss": "0.123", "success": "7/32" }. */
  values: z.record(z.string(), z.string()),
});
export type ProgressLine = Readonly<z.infer<typeof ProgressLine>>;
