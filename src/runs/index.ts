export { findPlanner, Run, type RunStart, type RunWatcher, readRunRecord } from "./run.ts";
export { readState, writeState } from "./state.ts";
