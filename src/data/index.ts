export type { Episode } from "./episode.ts";
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
