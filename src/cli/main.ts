#!/usr/bin/env node
/**
 * @file The command line. Results go to stdout, everything else to stderr. Exit codes: see program.ts.
 */
import { CommanderError } from "commander";
import { UserError } from "../base/index.ts";
import { endWithParent } from "../jobs/index.ts";
import { createProgram } from "./program.ts";
import { watchStandardStreams } from "./standard-streams.ts";
import { UsageError } from "./usage-error.ts";

endWithParent();
watchStandardStreams();
try {
  await createProgram().parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has printed the message; help and version are no errors.
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else if (error instanceof UserError || isSystemError(error)) {
    console.error(error.message);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  } else throw error;
}

/** True for what the operating system refuses, such as a missing folder or a full disk: the user can fix it. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error && "code" in error;
}
