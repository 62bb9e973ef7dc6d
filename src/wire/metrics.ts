/** @file A line of `metrics.jsonl`. */
import { z } from "zod";

/**
 * Numbers by slash names ("train/loss", "eval/success_rate"), and where on the run's axes they were taken. JSON knows
 * neither infinities nor NaN: they are null. What begins with "time/" comes from the clock; all else is the same
 * whenever the run is repeated or resumed.
 */
export const MetricsLine = z
  .object({
    /** Updates of the weights so far. */
    grad_steps: z.int().nonnegative().optional(),
    /** Steps of all environments so far. */
    env_steps: z.int().nonnegative().optional(),
    /** Seconds that the run has been running, pauses left out. */
    "time/elapsed": z.number().nonnegative(),
  })
  .catchall(z.number().nullable());
export type MetricsLine = Readonly<z.infer<typeof MetricsLine>>;
