/** Policies on disk: Node's half. */
export { type ExportOptions, exportPlanner, type ParityReport } from "./export.ts";
export { formatOf, readModel, saveModel } from "./model-folder.ts";
export { loadPlanner, savePlanner } from "./planner-folder.ts";
