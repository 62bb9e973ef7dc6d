/** @file The end of a command that failed: what is told, and the exit code. */
import { CommanderError } from "commander";
import { printable, UserError } from "../base/index.ts";
import { UsageError } from "./usage-error.ts";

export interface Failure {
  /** Lines for stderr; "": all is said. */
  readonly text: string;
  readonly exitCode: number;
}

/**
 * End of a command that threw `error`. A mistake the caller can fix is told as it is, and so is what the operating
 * system refuses. Anything else is a defect of this package: one sentence asks for a report. debug: with the stack
 */
export function failureOf(error: unknown, debug: boolean): Failure {
  // Commander has printed the message; help and version are no errors.
  if (error instanceof CommanderError) return { text: "", exitCode: error.exitCode === 0 ? 0 : 2 };
  if (error instanceof UserError)
    return {
      text: [error.message, ...error.details].join("\n"),
      exitCode: error instanceof UsageError ? 2 : 1,
    };
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  const what = new UserError(message).message; // as short and harmless as any other
  if (isSystemError(error)) return { text: what, exitCode: 1 };
  const sentence =
    `This is a defect of sodp, please report it with the command and the file that it was given: ` +
    `${name === "Error" ? "" : `${name}: `}${what} (${debug ? "the stack is below" : "SODP_DEBUG=1 shows where"})`;
  return { text: debug ? `${sentence}\n${printable(stack ?? "", "\n")}` : sentence, exitCode: 1 };
}

/** True for what the operating system refuses, such as a missing folder or a full disk: the user can fix it. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && "syscall" in error && "code" in error;
}
