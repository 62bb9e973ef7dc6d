export { type Damage, Dataset, type EpisodeEntry } from "./dataset.ts";
export { type Part, type WindowsOptions, windowsOf } from "./dataset-windows.ts";
export type { Episode } from "./episode.ts";
export { findManifest, type Manifest, type Origin } from "./manifest.ts";
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
