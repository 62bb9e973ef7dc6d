export { asRanges, percentLabel } from "./axis.ts";
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
export type { LearningCurves } from "./curves.ts";
export { bands, type CurveOptions, centers, curvesCsv, learningCurves } from "./curves.ts";
export { densityDrawing, histogramDrawing } from "./distribution.ts";
export { figureSvg, legendDrawings, panelDrawing } from "./figure.ts";
export { type Content, element, type Markup } from "./markup.ts";
export { styleOf } from "./palette.ts";
export { styleAttributes } from "./panel.ts";
export { type Trajectory, trajectoryMap } from "./trajectories.ts";
