/** @file Progress that a command writes to stderr where SODP_PROGRESS is "json": a line of JSON each time. */
import { z } from "zod";

export const ProgressLine = z.strictObject({
  /** Pieces of work: gradient steps, environment steps, episodes. */
  done: z.number().nonnegative(),
  total: z.number().nonnegative(),
  /** Values worth watching, as people read them: { "loss": "0.123", "success": "7/32" }. */
  values: z.record(z.string(), z.string()),
});
export type ProgressLine = Readonly<z.infer<typeof ProgressLine>>;
