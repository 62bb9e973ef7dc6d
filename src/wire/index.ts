export { EpisodesRecord, type RecordedEpisode } from "./episodes.ts";
export { EvaluationInfo } from "./evaluation.ts";
export { JobRecord } from "./job.ts";
export { MetricsLine } from "./metrics.ts";
export { PlannerCard } from "./planner-card.ts";
export { ProgressLine } from "./progress.ts";
export { CheckpointRecord, type ConfigValue, type RunFiles, RunRecord } from "./run.ts";
