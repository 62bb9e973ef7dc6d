export { EnvWorker, startWorkers, type WorkerOptions } from "./env-worker.ts";
export { loadFamily } from "./family-module.ts";
export { nodeHost } from "./host.ts";
export { makeEnv } from "./make-env.ts";
