export type { Chart } from "./chart.ts";
export { bands, type CurveOptions, centres, curvesCsv, learningCurves } from "./curves.ts";
export { figureSvg } from "./figure.ts";
export { pngOf } from "./png.ts";
export { replaySideBySide } from "./replay.ts";
export { type Score, writeReport } from "./report.ts";
export { findRuns, readRun } from "./run-files.ts";
export { trajectoryMap } from "./trajectories.ts";
