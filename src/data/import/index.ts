export type {
  ActionRule,
  EpisodeRules,
  ForeignSet,
  SetDescription,
  SourceColumn,
} from "./foreign-set.ts";
export { foreignFormats, type ImportOptions, openForeignSet } from "./open.ts";
export type { TransitionKeys } from "./transitions.ts";
