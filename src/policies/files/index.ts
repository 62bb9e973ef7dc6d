/** Policies on disk: Node's half. */
export { exportPlanner } from "./export.ts";
export { formatOf, readModel, saveModel, type WeightType } from "./model-folder.ts";
export {
  drawRows,
  type ExportOptions,
  observationInputs,
  observedNumbers,
  observedParts,
  observedRows,
  type ParityReport,
  reportOf,
  writeOnnx,
} from "./onnx-file.ts";
export { loadPlanner, savePlanner } from "./planner-folder.ts";
