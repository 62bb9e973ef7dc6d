/** @file Standard output and standard error among other programs: closed pipes, full disks. */
import { tell } from "./terminal.ts";

/**
 * Listens for failures of the process's streams. A pipe that its reader has closed (`sodp env list | head`) is no mistake,
 * and the command goes on in silence. Other failures of standard output are told once, and the exit code is 1.
 */
export function watchStandardStreams(): void {
  process.stderr.on("error", () => {}); // nobody is left to be told
  let told = false;
  process.stdout.on("error", ({ code, message }: NodeJS.ErrnoException) => {
    if (code === "EPIPE" || told) return;
    told = true;
    process.exitCode = 1;
    tell(
      code === "ENOSPC"
        ? "Standard output could not be written: its disk is full."
        : `Standard output could not be written: ${message}.`,
    );
  });
}
