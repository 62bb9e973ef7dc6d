/** @file The tie between a job's process and the process that started it. */

const VARIABLE = "SODP_JOB";

/** Environment variables of a job's process: progress as JSON lines, and an end with its parent. */
export const jobEnvironment = { SODP_PROGRESS: "json", [VARIABLE]: "1" } as const;

/**
 * In a job's process: sends itself SIGTERM once its parent has ended, however it ended. Elsewhere does nothing.
 * The parent holds the other end of standard input, which the system closes when it dies.
 */
export function endWithParent(): void {
  if (process.env[VARIABLE] === undefined) return;
  process.stdin.once("end", () => process.kill(process.pid, "SIGTERM")).resume();
  process.stdin.unref();
}
