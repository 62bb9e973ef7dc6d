/**
 * @file The public surface of `sodp/data`: data sets on disk, batches drawn of them, other programs' data in
 * and out.
 */

export type { Metadata } from "./base/index.ts";
export {
  type Dtype,
  Random,
  type Space,
  type Spaces,
  type StoredTensor,
  type StoredTensors,
  sizeOfSpace,
  UserError,
  vectorSpaces,
} from "./base/index.ts";
export type { Readers, ReadSteps, StoredColumn } from "./data/episodes/index.ts";
export { type Episodes, type ExportFormat, exportFormats } from "./data/export/index.ts";
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
  type TransitionKeys,
} from "./data/import/index.ts";
export type {
  CardOptions,
  Manifest,
  Places,
  Shard,
  ShardEntry,
  Statistics,
  Verification,
} from "./data/index.ts";
export {
  type Batch,
  type BatchColumns,
  type BatchSpec,
  bestOfTask,
  type CheckReport,
  type CollectedPart,
  type ColumnName,
  checkDataset,
  checkEpisode,
  type Damage,
  Dataset,
  DatasetWriter,
  type Episode,
  type EpisodeEntry,
  type EpisodeFilter,
  EpisodeList,
  type EpisodePart,
  type EpisodeStore,
  type EpisodeSummary,
  findManifest,
  type HandCoverage,
  mergeDatasets,
  type Origin,
  ofTasks,
  partOfCollection,
  quarantine,
  type Range,
  range,
  type Sampler,
  type SamplerOptions,
  samplerOf,
  type TaskCard,
  taskCards,
} from "./data/index.ts";
export { readTensors, writeTensors } from "./platform/index.ts";
