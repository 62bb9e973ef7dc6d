export { type RecordedEpisodes, type RecordedTask, readEpisodes, writeEpisodes } from "./episodes.ts";
export { findPolicy, findRuns, readRun, readRunRecord } from "./read.ts";
export { Run, type RunStart, type RunWatcher } from "./run.ts";
export { readState, writeState } from "./state.ts";
