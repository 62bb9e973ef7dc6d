export { replaceJson } from "./disk.ts";
export { hold } from "./hold.ts";
export { findPolicy, findRuns, readRun, readRunRecord } from "./read.ts";
export { Run, type RunStart, type RunWatcher } from "./run.ts";
export { exitCodes, StopRequest, type StopSignal } from "./signals.ts";
export { readState, writeState } from "./state.ts";
