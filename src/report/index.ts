export { type DataCardContent, type ShownEpisode, writeDataCard } from "./data-card.ts";
export { gifOf } from "./picture.ts";
export { pngOf } from "./png.ts";
export {
  type PairedReplay,
  type Replay,
  type Replayable,
  type ReplayedEpisode,
  replayAlone,
  replaySideBySide,
} from "./replay.ts";
export { type ReplaysContent, writeReplays } from "./replays-page.ts";
export { type Score, writeReport } from "./report.ts";
export { type RunsReportContent, writeRunsReport } from "./runs-report.ts";
