/** @file Records of a run's folder. */
import { z } from "zod";
import type { MetricsLine } from "./metrics.ts";

const bytes = () => z.int().nonnegative();

/** `run.json`: where a run comes from. Written once, when the run starts. */
export const RunRecord = z.strictObject({
  format: z.literal("sodp run"),
  version: z.literal(1),
  /** Unique, and sorted by name runs are sorted by start. */
  id: z.string(),
  /** Algorithm: "pretrain", "finetune", ... */
  kind: z.string(),
  started: z.iso.datetime(),
  /** As it can be typed again. */
  command: z.string(),
  seed: z.int().nonnegative(),
  /** Commit of the working folder's repository, with "-dirty" if files differ from it. */
  git: z.string().nullable(),
  /** Of this package, of Node, and of what computes. */
  versions: z.record(z.string(), z.string()),
  /** Operating system and processor, such as "linux-x64". */
  platform: z.string(),
  /** `id` of the run whose weights this one started from. */
  parent: z.string().nullable(),
});
export type RunRecord = Readonly<z.infer<typeof RunRecord>>;

/** `checkpoint.json`: when a checkpoint was made, how long the run's files were then, and digests of its own files. */
export const CheckpointRecord = z.strictObject({
  format: z.literal("sodp checkpoint"),
  version: z.literal(2),
  step: z.int().nonnegative(),
  /** The higher, the better. */
  score: z.number().nullable(),
  /** Seconds that the run had been running, pauses left out. */
  elapsed_s: z.number().nonnegative(),
  metrics_bytes: bytes(),
  tensorboard_bytes: bytes(),
  /** SHA-256 of each file, by its path from the checkpoint's folder; null in version 1, which had none. */
  files: z.record(z.string(), z.string()).nullable(),
});
export type CheckpointRecord = Readonly<z.infer<typeof CheckpointRecord>>;

/** A run's folder as it was read. */
export interface RunFiles {
  readonly folder: string;
  readonly record: RunRecord;
  /** Leaves of the resolved configuration by dotted keys: "env.task": "push". Lists are texts with commas. */
  readonly config: Readonly<Record<string, ConfigValue>>;
  readonly metrics: readonly MetricsLine[];
}

export type ConfigValue = string | number | boolean | null;
