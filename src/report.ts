/**
 * @file The public surface of `sodp/report`: episodes as moving pictures, and pages that need nothing else: reports of runs,
 * episodes, data sets.
 */
export { Random, UserError } from "./base/index.ts";
export { learningCurves } from "./charts/index.ts";
export { encodeAnimation, encodeGif, encodePng } from "./platform/index.ts";
export {
  type DataCardContent,
  gifOf,
  type PairedReplay,
  pngOf,
  type Replay,
  type Replayable,
  type ReplayedEpisode,
  type ReplaysContent,
  type RunsReportContent,
  replayAlone,
  replaySideBySide,
  type ShownEpisode,
  writeDataCard,
  writeReplays,
  writeRunsReport,
} from "./report/index.ts";
export {
  findRuns,
  type RecordedEpisodes,
  type RecordedTask,
  readEpisodes,
  readRun,
  writeEpisodes,
} from "./runs/index.ts";
export { EvaluationInfo, type RecordedEpisode, type RunFiles } from "./wire/index.ts";
