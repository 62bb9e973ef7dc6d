export { actionRules, type ForeignSet, type SetDescription, type SourceColumn } from "./foreign-set.ts";
export { foreignFormats, type ImportOptions, openForeignSet } from "./open.ts";
