export type { Episodes, ExportFormat } from "./format.ts";
export { exportFormats } from "./formats.ts";
