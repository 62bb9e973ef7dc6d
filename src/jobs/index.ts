export { type Job, type JobConfig, type JobValue, wordsOf } from "./job.ts";
export { type JobState, runLocally } from "./local.ts";
export { endWithParent } from "./parent.ts";
