export { EvaluationInfo } from "./evaluation.ts";
export { MetricsLine } from "./metrics.ts";
export { ProgressLine } from "./progress.ts";
export { CheckpointRecord, RunRecord } from "./run.ts";
