export { findPolicy, findRuns, readRun, readRunRecord, runAround } from "./read.ts";
export { Run, type RunStart, type RunWatcher } from "./run.ts";
export { readState, writeState } from "./state.ts";
