/** @file Names in a run's folder. */
import { join } from "node:path";

/** Paths of a run's files. folder: the run's */
export const pathsIn = (folder: string) => ({
  record: join(folder, "run.json"),
  config: join(folder, "config.json"),
  overrides: join(folder, "overrides.json"),
  metrics: join(folder, "metrics.jsonl"),
  log: join(folder, "log.txt"),
  tensorboard: join(folder, "tb"),
  checkpoints: join(folder, "checkpoints"),
  /** Exists until the run has started. */
  starting: join(folder, ".starting"),
});

/** Names in a checkpoint's folder: of the policy, and of all else that resuming needs. */
export const modelFolder = "pretrained_model";
export const stateFolder = "training_state";

/** Folder of the policy in a checkpoint's folder. */
export const policyIn = (checkpoint: string): string => join(checkpoint, modelFolder);
