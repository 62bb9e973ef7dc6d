export { findRuns, readRun } from "./read.ts";
export { findPlanner, Run, type RunStart, type RunWatcher, readRunRecord } from "./run.ts";
export { StopRequest, type StopSignal } from "./signals.ts";
export { readState, writeState } from "./state.ts";
