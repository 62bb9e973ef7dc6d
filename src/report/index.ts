export type {
  Axis,
  Chart,
  Cloud,
  CurveChart,
  CurvePanel,
  CurvePoint,
  Line,
  ScatterChart,
  ScatterPanel,
} from "./chart.ts";
export {
  bands,
  type CurveOptions,
  centres,
  curvesCsv,
  type LearningCurves,
  learningCurves,
} from "./curves.ts";
export { figureSvg } from "./figure.ts";
export { pngOf } from "./png.ts";
export { type Replay, type ReplayedEpisode, replaySideBySide } from "./replay.ts";
export { type Outcome, type ReportContent, type Score, type Stage, writeReport } from "./report.ts";
export { findRuns, type RunFiles, readRun } from "./run-files.ts";
export { trajectoryMap } from "./trajectories.ts";
export { type Tsne, type TsneOptions, tsne } from "./tsne.ts";
