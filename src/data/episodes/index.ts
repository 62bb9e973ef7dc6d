/** @file Episodes and their sampling, in memory or on disk: what runs in a web page too. */
export {
  type Batch,
  type BatchColumns,
  type BatchSpec,
  type ColumnName,
  range,
} from "./batch.ts";
export { checkEpisode, type Episode, faultOf } from "./episode.ts";
export {
  bestOfTask,
  type EpisodeFilter,
  type EpisodeSummary,
  ofTasks,
  partOfCollection,
} from "./episode-filters.ts";
export { EpisodeList } from "./episode-list.ts";
export {
  type EpisodeStore,
  isHeldOut,
  type Range,
  type Readers,
  type ReadSteps,
  type StoredColumn,
} from "./episode-store.ts";
export { type PartPlace, partPlaces, spreadChannels } from "./parts.ts";
export type { EpisodePart } from "./presents.ts";
export { hasPresents, type Sampler, type SamplerOptions, samplerOf, smallBytes } from "./sampler.ts";
export { namedTasks } from "./task-names.ts";
