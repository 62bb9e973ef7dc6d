export {
  actionRules,
  type DatasetDescription,
  type EpisodeSource,
  type ExternalDataset,
  type FormatOptions,
  type ImportFormat,
  type SourceColumn,
  type SourceDataset,
} from "./external-dataset.ts";
export { type ImportOptions, importFormats, openExternalDataset } from "./formats.ts";
export type { TransitionKeys } from "./transitions.ts";
