#!/usr/bin/env node
/**
 * @file The command line. Results go to stdout, everything else to stderr. Exit codes: see program.ts.
 */
import { endWithParent } from "../jobs/index.ts";
import { failureOf } from "./failure.ts";
import { createProgram } from "./program.ts";
import { watchStandardStreams } from "./standard-streams.ts";
import { tell } from "./terminal.ts";

endWithParent();
watchStandardStreams();
process.on("uncaughtException", (error) => {
  fail(error);
  process.exit();
});
try {
  const program = await createProgram(process.argv.slice(2));
  await program.parseAsync();
} catch (error) {
  fail(error);
}

function fail(error: unknown): void {
  const { text, exitCode } = failureOf(error, process.env.SODP_DEBUG === "1");
  if (text !== "") tell(text);
  process.exitCode = exitCode;
}
