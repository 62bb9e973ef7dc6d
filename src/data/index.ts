export { type Batch, type BatchColumns, type BatchSpec, type ColumnName, range } from "./batch.ts";
export { absentLabels, type CollectedPart, type HandCoverage, type TaskCard, taskCards } from "./card.ts";
export { type CheckReport, checkDataset, quarantine } from "./check.ts";
export { type Damage, Dataset, type EpisodeEntry } from "./dataset.ts";
export { type Part, type WindowsOptions, windowsOf } from "./dataset-windows.ts";
export { checkEpisode, type Episode } from "./episode.ts";
export {
  bestOfTask,
  type EpisodeFilter,
  type EpisodeSummary,
  ofTasks,
  partOfCollection,
} from "./episode-filters.ts";
export { EpisodeList } from "./episode-list.ts";
export type { EpisodeStore } from "./episode-store.ts";
export { type Episodes, type ExportFormat, exportFormats } from "./export/index.ts";
export {
  actionRules,
  type DatasetDescription,
  type EpisodeSource,
  type ExternalDataset,
  type FormatOptions,
  type ImportFormat,
  type ImportOptions,
  importFormats,
  openExternalDataset,
  type SourceColumn,
  type SourceDataset,
} from "./import/index.ts";
export { findManifest, type Origin } from "./manifest.ts";
export { mergeDatasets } from "./merge.ts";
export type { EpisodePart } from "./presents.ts";
export { readAhead } from "./read-ahead.ts";
export { type Sampler, type SamplerOptions, samplerOf } from "./sampler.ts";
export {
  fillWindow,
  type Range,
  type Trajectory,
  type WindowBatch,
  type WindowShape,
  type Windows,
  windowStarts,
  windowsOfEpisodes,
} from "./windows.ts";
export { DatasetWriter } from "./writer.ts";
