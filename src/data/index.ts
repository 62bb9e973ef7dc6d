export type { CardOptions } from "./card.ts";
export { absentLabels, type CollectedPart, type HandCoverage, type TaskCard, taskCards } from "./card.ts";
export { type CheckReport, checkDataset, quarantine } from "./check.ts";
export type { Places } from "./dataset.ts";
export { type Damage, Dataset, type EpisodeEntry } from "./dataset.ts";
export {
  type Batch,
  type BatchColumns,
  type BatchSpec,
  bestOfTask,
  type ColumnName,
  checkEpisode,
  type Episode,
  type EpisodeFilter,
  EpisodeList,
  type EpisodePart,
  type EpisodeStore,
  type EpisodeSummary,
  hasPresents,
  ofTasks,
  partOfCollection,
  type Range,
  range,
  type Sampler,
  type SamplerOptions,
  samplerOf,
} from "./episodes/index.ts";
export type { Manifest, ShardEntry } from "./manifest.ts";
export { findManifest, type Origin } from "./manifest.ts";
export { mergeDatasets } from "./merge.ts";
export type { Shard } from "./shard.ts";
export type { Statistics } from "./statistics.ts";
export type { Verification } from "./verification.ts";
export { DatasetWriter } from "./writer.ts";
